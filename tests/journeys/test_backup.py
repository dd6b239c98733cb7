"""A backup made while the gateway serves, and what can be done with it."""

import base64
import json
import os
import re
import shutil
import stat
import threading
from pathlib import Path

from tests.support.house import House, open_house, until
from tests.support.operating import operate
from tests.support.vaults import MASTER_KEY

STORE = {"sellerId": "A1SANDBOXNA001", "region": "NA"}
KEY = MASTER_KEY.reveal()


def test_a_backup_under_traffic_can_be_restored_with_the_key(tmp_path: Path) -> None:
    """Into an empty data folder; without the key it is refused by name, and the key is not in it."""
    home = tmp_path / "home"
    home.mkdir()
    copy = tmp_path / "copy 家.db"
    with open_house(home, GATEWAY_MASTER_KEY=KEY) as house:
        house.authorize(STORE["sellerId"])
        owner = house.api_key()
        stopped = threading.Event()

        def refresh() -> None:
            while not stopped.is_set():
                house.post("/spApi/refreshToken", STORE)

        traffic = threading.Thread(target=refresh)
        traffic.start()
        try:
            done = operate(house, "backup", str(copy)).good()
        finally:
            stopped.set()
            traffic.join()
        assert (done["backup"], done["bytes"]) == (str(copy), copy.stat().st_size)
        assert done["verified"] is True
        refused = operate(house, "backup", str(copy))
        assert (refused.code, refused.error["code"]) == (2, "bad_arguments")
        serving = operate(house, "restore", str(copy), "--replace")
        assert (serving.code, serving.error["code"]) == (6, "gateway_failed")
        assert "already runs" in serving.error["message"]
        expected = house.post("/spApi/storeTokens", STORE)["refreshToken"]
        state = house.data_dir / "sandbox-state.json"
        house.stop()
    if os.name != "nt":
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    content = copy.read_bytes()
    for form in (
        KEY.encode(),
        base64.b64decode(KEY),
        base64.b64decode(KEY).hex().encode(),
        expected.encode(),
    ):
        assert form not in content
    assert b"My Store" in content

    other = tmp_path / "other"
    folder = other / "gateway data"
    folder.mkdir(parents=True, mode=0o700)
    shutil.copy2(state, folder / state.name)
    without = House(other, folder, environment={**house.environment, "HOME": str(other)})
    without.environment["GATEWAY_DATA_DIR"] = str(folder)
    for key in ("", base64.b64encode(b"w" * 32).decode()):
        told = operate(without, "restore", str(copy), "--sandbox", GATEWAY_MASTER_KEY=key)
        assert (told.code, told.error["code"]) == (3, "not_set_up")
        assert done["neededKeyId"] in told.error["message"]
    restored = operate(without, "restore", str(copy), "--sandbox").good()
    assert restored["holds"] == {"stores": 1, "adsAccounts": 0, "users": 1}
    assert restored["keyId"] == done["neededKeyId"]
    checked = operate(without, "check", "--sandbox").good()["checks"]
    assert {check["state"] for check in checked if check["name"] in ("database", "master key")} == {"ok"}
    again = operate(without, "restore", str(copy), "--sandbox")
    assert (again.code, again.error["code"]) == (2, "bad_arguments")
    assert "--replace" in again.error["hint"]
    without.start()
    try:
        assert without.post("/spApi/storeTokens", STORE, owner)["refreshToken"] == expected
        assert without.post("/spApi/refreshToken", STORE, owner)["accessToken"]
        assert not (folder / "owner.key").exists(), "the copy has the owner's key, whoever has that"
    finally:
        without.stop()


def test_a_folder_of_backups_keeps_the_newest(house: House, tmp_path: Path) -> None:
    """By the script, each looked at; a file and a folder at once are refused, and --keep without a folder."""
    folder = tmp_path / "副本"
    first = house.good("local_gateway.py", "backup", "--folder", str(folder))
    assert (first["verified"], first["removed"]) == (True, [])
    older = folder / "vault-20200101T000000Z.db"
    Path(first["backup"]).rename(older)
    second = house.good("local_gateway.py", "backup", "--folder", str(folder), "--keep", "1")
    assert second["removed"] == [str(older)]
    assert [str(path) for path in folder.iterdir()] == [second["backup"]]
    for words in (
        [str(tmp_path / "a.db"), "--folder", str(folder)],
        [],
        [str(tmp_path / "a.db"), "--keep", "2"],
    ):
        refused = operate(house, "backup", *words)
        assert (refused.code, refused.error["code"]) == (2, "bad_arguments")


def test_a_drill_tries_a_copy_beside_what_serves(house: House, tmp_path: Path) -> None:
    """In a folder that holds no vault yet; what is there is neither replaced nor written to."""
    house.authorize(STORE["sellerId"])
    copy, drill = tmp_path / "copy.db", tmp_path / "new" / "演练"
    operate(house, "backup", str(copy)).good()
    done = house.good("local_gateway.py", "restore", str(copy), "--drill", str(drill))
    assert (done["dataDir"], done["holds"]["stores"]) == (str(drill), 1)
    (note,) = done["notes"]
    assert note.endswith(f"delete {drill / 'vault.db'}.")
    other = str(tmp_path / "other")
    for words in ([str(drill)], [str(house.data_dir)], [str(copy)], [other, "--replace"]):
        refused = operate(house, "restore", str(copy), "--drill", *words)
        assert (refused.code, refused.error["code"]) == (2, "bad_arguments")
    assert operate(house, "restore", str(copy) + ".gone", "--drill", other).code == 2
    assert operate(house, "restore", str(copy), "--drill", other).good()["ok"], "the folder may be there"
    assert "vault_restored" not in {each["action"] for each in operate(house, "audit").good()["entries"]}


def test_a_backup_is_not_made_where_it_cannot_be_whole(house: House, tmp_path: Path) -> None:
    """No such folder, a link, a folder in its place: refused, and nothing is left behind."""
    link = tmp_path / "link.db"
    link.symlink_to(tmp_path / "elsewhere.db")
    for path in (tmp_path / "missing" / "copy.db", link, tmp_path):
        done = operate(house, "backup", str(path))
        assert (done.code, done.error["code"]) == (2, "bad_arguments")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.db"]


def test_the_audit_shows_what_was_done(house: House) -> None:
    """Newest first, bounded, with the rest to be had; and never a token."""
    house.authorize(STORE["sellerId"])
    house.post("/spApi/storeTokens", STORE)
    newest_action = "SELECT action FROM audit ORDER BY id DESC LIMIT 1"
    until(
        lambda: house.select(newest_action) == [("/spApi/storeTokens",)],
        "the token read is in the audit",
    )
    entries = operate(house, "audit").good()["entries"]
    newest = entries[0]
    assert newest["action"] == "/spApi/storeTokens"
    assert (newest["who"], newest["subject"], newest["outcome"]) == ("owner", "A1SANDBOXNA001 NA", "ok")
    assert re.fullmatch(r"[0-9a-f]{16}", newest["requestId"])
    page = house.good("local_gateway.py", "audit", "--limit", "2", "--offset", "1")
    assert page["entries"] == entries[1:3]
    assert page["nextOffset"] == 3
    assert "Atz" not in json.dumps(operate(house, "audit", "--limit", "1000").good())


def test_old_entries_of_the_audit_are_moved_into_a_file(house: House, tmp_path: Path) -> None:
    """Before a day that is over; without a day, or without a file, the words say what to do."""
    path = tmp_path / "audit.jsonl"
    done = house.good("local_gateway.py", "audit", "--export-before", "2020-01-01", "--to", str(path))
    assert (done["exported"], done["before"], done["file"]) == (0, "2020-01-01", str(path))
    assert path.read_text() == ""
    for words in (["2099-01-01", "--to", str(path)], ["yesterday", "--to", str(path)], ["2020-01-01"]):
        refused = operate(house, "audit", "--export-before", *words)
        assert (refused.code, refused.error["code"]) == (2, "bad_arguments")
        assert "--to" in refused.error["hint"]

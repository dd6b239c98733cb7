"""The vault's keys in a real gateway: changed under traffic and kills, wrong or missing ones named."""

import base64
import json
import os
import random
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.house import House, open_house, until
from tests.support.operating import begin, operate

SELLERS = ("A1SANDBOXNA001", "A1SANDBOXNA002", "A1SANDBOXWORLD")


def new_key(path: Path) -> str:
    """Write a new master key into a private file, and return it."""
    text = base64.b64encode(os.urandom(32)).decode()
    path.touch(0o600)
    path.write_text(text + "\n")
    return text


class Traffic:
    """Token reads and refreshes of all stores, a hundred a second or so, until it is stopped."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._stopped = threading.Event()
        self.calls = 0
        self.failures: list[str] = []
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(3)]

    def __enter__(self) -> "Traffic":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _run(self, number: int) -> None:
        choose = random.Random(number)
        while not self._stopped.wait(0.03):
            path = "/spApi/refreshToken" if choose.random() < 0.2 else "/spApi/storeTokens"
            try:
                self._house.post(path, {"sellerId": choose.choice(SELLERS), "region": "NA"})
                self.calls += 1
            except Exception as error:
                self.failures.append(f"{path}: {error}")


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[House]:
    """A gateway with three stores and two workers, whose key it keeps itself."""
    own_key = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    with open_house(tmp_path, "--workers", "2", **own_key) as house:
        for seller in SELLERS:
            house.authorize(seller)
        yield house


def test_a_change_under_traffic_and_kills_fails_no_call(busy: House) -> None:
    """Killed a dozen times at any moment, then run to its end: no call fails, before or after a restart."""
    choose = random.Random(7)
    with Traffic(busy) as traffic:
        for _ in range(12):
            process = begin(busy, "rotate-master-key")
            try:
                process.wait(choose.uniform(0, 4.5))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
        done = busy.good("local_gateway.py", "rotate-master-key")
        again = operate(busy, "rotate-master-key").good()
    assert traffic.failures == []
    assert traffic.calls > 50
    assert again["oldKeyId"] == done["newKeyId"] != again["newKeyId"]
    needed = busy.good("local_gateway.py", "upgrade-check")
    assert (needed["neededKeyId"], needed["neededKeyPlace"]) == (again["newKeyId"], again["newKeyPlace"])
    busy.stop()
    busy.start()
    for seller in SELLERS:
        assert busy.post("/spApi/storeTokens", {"sellerId": seller, "region": "NA"})["accessToken"]
        assert busy.post("/spApi/refreshToken", {"sellerId": seller, "region": "NA"})["accessToken"]
    audit = operate(busy, "audit", "--limit", "1000").good()["entries"]
    changed = [entry for entry in audit if entry["action"] == "master_key_changed"]
    assert changed[0]["subject"] == f"{again['oldKeyId']} to {again['newKeyId']}"
    assert {entry["who"] for entry in changed} == {"(operator)"}


def test_a_key_from_the_environment_is_changed_by_the_operator(tmp_path: Path) -> None:
    """The gateway goes on without a restart; afterwards it starts with the new key only."""
    old = new_key(tmp_path / "old.key")
    with open_house(tmp_path, GATEWAY_MASTER_KEY=old) as house:
        house.authorize(SELLERS[0])
        refused = operate(house, "rotate-master-key")
        assert (refused.code, refused.error["code"]) == (2, "bad_arguments")
        assert "--new-key-file" in refused.error["hint"]
        new = new_key(tmp_path / "new.key")
        (tmp_path / "new.key").chmod(0o644)
        open_to_others = operate(house, "rotate-master-key", "--new-key-file", str(tmp_path / "new.key"))
        assert "chmod 600" in open_to_others.error["hint"]
        (tmp_path / "new.key").chmod(0o600)
        done = operate(house, "rotate-master-key", "--new-key-file", str(tmp_path / "new.key")).good()
        assert new not in json.dumps(done)
        which = {"sellerId": SELLERS[0], "region": "NA"}
        house.post("/spApi/refreshToken", which)
        before = house.post("/spApi/storeTokens", which)
        house.stop()
        for wrong, words in ((old, ("wants", done["newKeyId"], done["oldKeyId"])), ("", (done["newKeyId"],))):
            told = operate(house, "serve", "--sandbox", "--port", "0", GATEWAY_MASTER_KEY=wrong)
            assert (told.code, told.error["code"]) == (3, "not_set_up")
            for word in words:
                assert word in told.error["message"]
            assert old not in told.stdout + told.stderr
        house.environment["GATEWAY_MASTER_KEY"] = new
        house.start()
        assert house.post("/spApi/storeTokens", which)["refreshToken"] == before["refreshToken"]


def test_keys_of_users_are_listed_and_revoked(house: House, tmp_path: Path) -> None:
    """Several a user, with rights of their own; a revoked one stops at once, the others go on."""
    made = []
    for name, rights in (("one", "tokens,manage,proxy"), ("two", "tokens")):
        path = tmp_path / f"{name}.key"
        document = operate(house, "add-user", "anna", "--key-file", str(path), "--rights", rights).good()
        made.append((document, path.read_text().strip()))
    assert [document["created"] for document, _ in made] == [True, False]
    assert house.post("/spApi/authorizedStores", {}, made[0][1])["total"] == 0
    listed = operate(house, "list-keys").good()["keys"]
    annas = {key["keyId"]: key for key in listed if key["user"] == "anna"}
    assert annas[made[1][0]["keyId"]]["rights"] == ["tokens"]
    assert not [key for _, key in made if key in json.dumps(listed)]
    revoked = house.good("local_gateway.py", "revoke-key", made[0][0]["keyId"])
    assert revoked["revokedAt"]
    assert fails(lambda: house.post("/spApi/authorizedStores", {}, made[0][1])) == 401
    assert house.post("/spApi/authorizedStores", {}, made[1][1])["total"] == 0
    unknown = operate(house, "revoke-key", "nobody")
    assert (unknown.code, unknown.error["code"]) == (5, "not_found")
    key_id = made[1][0]["keyId"]
    written = "SELECT 1 FROM api_keys WHERE id = ? AND last_used_at IS NOT NULL"
    until(lambda: house.select(written, key_id), "the last use is written")
    keys = {key["keyId"]: key for key in operate(house, "list-keys").good()["keys"]}
    assert keys[key_id]["lastUsedAt"]


def fails(call: Callable[[], Any]) -> int:
    """The status that a call was refused with."""
    import urllib.error

    try:
        call()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code
    raise AssertionError("it was not refused")

"""No secret of a whole journey stands anywhere but where it was put on purpose."""

import json
import sys
from pathlib import Path

from linkfox_client.sandbox_browser import give_consent

from tests.support.canary import files_below, leaks
from tests.support.house import House, open_house


def test_a_leak_is_found_in_each_form() -> None:
    """The search itself works: a planted token is found however it is written."""
    import base64
    import urllib.parse

    token = "Atza|IwEBIPlanted+Token/With=Signs" * 3
    for planted in (
        token.encode(),
        urllib.parse.quote(token, safe="").encode(),
        base64.b64encode(b"x" + token.encode() + b"y"),
        base64.urlsafe_b64encode(b"xy" + token.encode()),
        json.dumps({"a": token}).encode(),
    ):
        assert leaks({"token": token}, {"place": b"-" * 20_000 + planted}) == ["token in place"]
    assert leaks({"token": token}, {"place": b"-" * 20_000}) == []


def test_no_secret_of_a_journey_is_left_anywhere(tmp_path: Path) -> None:
    """Streams, logs, pages, database and caches of a journey hold no token, no key and no client secret."""
    with open_house(tmp_path) as house:
        streams, secrets = _journey(house)
        places = streams | {"gateway's standard error": house.log.read_bytes()}
        places |= _left_behind(house)
        house.stop()
    # Once more after the end: the write-ahead log is folded in then.
    places |= {f"{name} (after stop)": content for name, content in _left_behind(house).items()}
    assert any("vault.db" in place for place in places), "the database was not searched"
    assert leaks(secrets, places) == []


def _left_behind(house: House) -> dict[str, bytes]:
    on_purpose = [house.data_dir / "owner.key", house.home / "store.json", house.home / "ads.json"]
    on_purpose += list((house.data_dir).glob("sandbox-state*"))  # Amazon's own memory, not the gateway's
    return files_below([house.home], but=on_purpose)


def _journey(house: House) -> tuple[dict[str, bytes], dict[str, str]]:
    """Authorise, list, refresh, fail; answer every stream, and the secrets, fetched as files on purpose."""
    streams: dict[str, bytes] = {}

    def run(name: str, *arguments: str) -> dict:
        done = house.script(name, *arguments)
        streams[f"{len(streams)} {name}"] = (done.stdout + done.stderr).encode()
        return done.document

    secrets = {"API key": house.api_key()}
    link = run("authorize_url.py", "--seller-name", "Canary", "--region", "NA")
    streams["store page"] = give_consent(link["authorizeUrl"]).text.encode()
    store = run("authorize_url.py", "--authorization-id", link["authorizationId"], "--wait", "20")["store"]
    ads = run("ads_authorize_url.py", "--account-name", "Canary")
    streams["ads page"] = give_consent(ads["authorizeUrl"]).text.encode()
    profile = run("ads_resolve_profile.py", "--site", "US")
    seller = ["--seller-id", store["sellerId"], "--region", store["region"]]
    advertiser = ["--profile-id", str(profile["profileId"])]
    for round_ in (1, 2):
        for script, which, file in (
            ("store_tokens.py", seller, "store"),
            ("ads_store_tokens.py", advertiser, "ads"),
        ):
            target = house.home / f"{file}.json"
            target.unlink(missing_ok=True)
            run(script, *which, "--output-file", str(target), "--with-refresh-token")
            raw = json.loads(target.read_text(encoding="utf-8"))
            secrets |= {f"{file} access token {round_}": raw["accessToken"]}
            secrets |= {f"{file} refresh token {round_}": raw["refreshToken"]}
        run("refresh_token.py", *seller)
        run("ads_refresh_token.py", *advertiser)
    for name, arguments in (
        ("authorized_stores.py", []),
        ("ads_authorized_stores.py", []),
        ("ads_profiles.py", ["--refresh"]),
        ("store_tokens.py", ["--all"]),
        ("store_tokens.py", seller),
        ("store_tokens.py", ["--seller-id", "ANOBODY", "--region", "NA"]),
        ("store_tokens.py", ["--seller-id", secrets["store access token 1"], "--region", "NA"]),
        ("refresh_token.py", ["--nonsense", secrets["store refresh token 1"]]),
        ("with_token.py", [*seller, "--", sys.executable, "-c", "print('{}')"]),
    ):
        run(name, *arguments)
    house.sandbox("revoke", {"sellerId": store["sellerId"]})
    run("refresh_token.py", *seller)
    return streams, secrets

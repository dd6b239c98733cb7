"""Lists of any length: an answer holds 8 MB, so one's own gateway is asked for them in parts."""

import json
from typing import Any

import pytest
from linkfox_client.commands import lists
from linkfox_client.errors import ClientError
from linkfox_client.gateway.settings import Settings
from linkfox_client.secrets.secret import Secret

from tests.scripts.conftest import Run
from tests.support.fake_gateway import FakeGateway, Handler, tokens

LIST = "/spApi/authorizedStores"
NAME = "我的亚马逊店铺" * 14
MANY = 14_000
IMPORT = {"region": "NA", "sellerName": "n", "refreshToken": "Atzr|of-nobody"}
REVOKED = {
    "status": "needs_reauthorization",
    "authorizeUrl": "https://sellercentral.amazon.com/apps/authorize/consent?state=" + "s" * 300,
    "authorizationId": "A" * 22,
}
ADDRESS = "http://localhost:8765/amazonAds/oauth/callback?state=" + "s" * 43 + "&code=ANcodecodecodecode"


class Listed:
    """A gateway that has so many stores, and answers the part that is asked for."""

    def __init__(self, count: int, hosted: bool = False) -> None:
        self.stores = [{"sellerId": f"A{number:06}", "region": "NA"} for number in range(count)]
        self.is_hosted = hosted
        self.settings = Settings("https://gateway.example.com", Secret("k"), "environment", "environment")
        self.asked: list[dict[str, Any]] = []
        self.between: Any = lambda: None

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Answer one part."""
        self.asked.append(dict(body))
        offset = body.get("offset", 0)
        part = self.stores[offset : offset + body.get("limit", len(self.stores))]
        answer = {"stores": part, "total": len(self.stores), "accountsWithoutProfiles": []}
        self.between()
        return answer


@pytest.mark.parametrize(("count", "calls"), [(0, 1), (1, 1), (1000, 1), (1001, 2), (30_000, 30)])
def test_a_list_is_read_to_its_end(count: int, calls: int) -> None:
    """In as few calls as it takes."""
    gateway = Listed(count)
    assert lists.whole(gateway, LIST)["stores"] == gateway.stores  # type: ignore[arg-type]
    assert len(gateway.asked) == calls


def test_amazon_is_asked_with_the_first_part_alone() -> None:
    """It is asked for all of them: with each part it would be once more."""
    gateway = Listed(2500)
    lists.whole(gateway, LIST, refresh=True)  # type: ignore[arg-type]
    assert [part.get("refresh") for part in gateway.asked] == [True, None, None]


def test_the_hosted_gateway_is_asked_as_ever() -> None:
    """It knows no parts."""
    gateway = Listed(3000, hosted=True)
    assert len(lists.whole(gateway, LIST)["stores"]) == 3000  # type: ignore[arg-type]
    assert gateway.asked == [{}]


def test_a_gateway_that_knows_no_parts_answers_the_whole() -> None:
    """As an older one of one's own does."""
    gateway = Listed(3000)
    gateway.post = lambda path, body: {"stores": gateway.stores, "total": 3000}  # type: ignore[method-assign]
    assert lists.whole(gateway, LIST)["stores"] == gateway.stores  # type: ignore[arg-type]


def test_what_is_removed_meanwhile_makes_nobody_go_missing() -> None:
    """The entries behind it move up, so the list is read again; for ever it is not."""
    gateway = Listed(2500)

    def remove_once() -> None:
        if len(gateway.stores) == 2500:
            del gateway.stores[0]

    gateway.between = remove_once
    assert lists.whole(gateway, LIST)["stores"] == gateway.stores  # type: ignore[arg-type]
    gateway.between = lambda: gateway.stores.pop(0)
    with pytest.raises(ClientError) as caught:
        lists.whole(gateway, LIST)  # type: ignore[arg-type]
    assert caught.value.retryable


def test_a_list_that_is_shorter_than_it_says_is_refused() -> None:
    """It would be asked for without end."""
    gateway = Listed(0)
    for part in ([], [{"sellerId": "A1"}]):
        gateway.post = lambda path, body, part=part: {"stores": part[:], "total": 10**9}  # type: ignore[method-assign]
        with pytest.raises(ClientError) as caught:
            lists.whole(gateway, LIST)  # type: ignore[arg-type]
        assert caught.value.code == "gateway_failed"


@pytest.mark.parametrize(
    ("name", "words"),
    [("authorized_stores.py", ("--limit", "5")), ("login.py", ("--status",)), ("doctor.py", ())],
)
def test_more_stores_than_an_answer_holds_can_be_worked_with(
    name: str, words: tuple[str, ...], run: Run, gateway: FakeGateway
) -> None:
    """Whose list as one answer would be larger than any that is taken."""
    stores = [{"sellerId": f"A{number:012}", "region": "EU", "sellerName": NAME} for number in range(MANY)]
    assert len(json.dumps({"stores": stores})) > 8 * 1024 * 1024

    def part(handler: Handler) -> None:
        body = gateway.calls[-1].body
        offset = body.get("offset", 0)
        listed = stores[offset : offset + body.get("limit", len(stores))]
        content = json.dumps({"stores": listed, "total": len(stores)}).encode()
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    gateway.answers["*"] = part
    done = run(name, *words)
    assert "8 MB" not in done.stdout
    if name == "authorized_stores.py":
        assert (done.good()["total"], len(done.document["stores"]), done.document["nextOffset"]) == (
            MANY,
            5,
            5,
        )
    elif name == "login.py":
        assert done.good()["check"] == "accepted"


# How long a document gets


MOST = 20_000
FULL_STATE = {
    "authRecordId": 7241234567890123,
    "status": "authorized",
    "authorizedAt": "2027-01-15T08:00:00Z",
    "authorizationExpiresAt": None,
    "lastUsedAt": None,
    "requestedScopes": ["advertising::campaign_management"],
    "grantedScopes": None,
}


def full_store(number: int) -> dict[str, Any]:
    """A store as one's own gateway lists it."""
    sites = [
        {"marketplaceId": f"A{site}", "countryCode": site, "participating": True} for site in ("US", "CA")
    ]
    return {
        "sellerId": f"A{number:013}",
        "sellerName": f"北极光户外 {number:03}",
        "region": "NA",
        **FULL_STATE,
        "verified": True,
        "sites": sites,
        "sitesReadAt": "2027-01-15T08:00:00Z",
    }


def full_profile(number: int) -> dict[str, Any]:
    """A row of the list of ads accounts, as one's own gateway has it."""
    return {
        "profileId": 5_000_000_000_000_000 + number,
        "accountInfoId": f"A{number:013}",
        "accountInfoName": f"Northern Lights Outdoor {number:03}",
        "marketplaceStringId": "ATVPDKIKX0DER",
        "countryCode": "US",
        "region": "NA",
        "accountName": "主账号",
        "accountNames": ["主账号"],
        "authRecordIds": [7241234567890123],
        "accountType": "seller",
        **FULL_STATE,
    }


@pytest.mark.parametrize(
    ("script", "path", "field", "row", "at_once"),
    [
        ("authorized_stores.py", LIST, "stores", full_store, 100),
        ("ads_authorized_stores.py", "/amazonAds/authorizedStores", "stores", full_profile, 50),
        ("ads_profiles.py", "/amazonAds/profiles", "profiles", full_profile, 50),
    ],
)
def test_no_document_is_longer_than_harnesses_take(
    script: str, path: str, field: str, row: Any, at_once: int, run: Run, gateway: FakeGateway
) -> None:
    """However many rows are asked for, short or full; by nextOffset each is seen once, and none is missed."""
    listed = [row(number) for number in range(300)]
    gateway.answers[path] = (200, {field: listed, "total": 300})
    usual = run(script, "--limit", str(at_once))
    assert len(usual.good()[field]) == at_once, "what people have fits into one page"
    assert len(usual.stdout) < MOST
    for more in ((), ("--full",)):
        seen, offset = [], 0
        while offset is not None:
            done = run(script, "--limit", "300", "--offset", str(offset), *more)
            assert len(done.stdout) < MOST
            seen += done.document[field]
            offset = done.document["nextOffset"]
        assert len(seen) == 300
        assert len({json.dumps(each) for each in seen}) == 300


def test_a_short_row_has_what_is_looked_at_and_nothing_that_says_nothing(
    run: Run, gateway: FakeGateway
) -> None:
    """The fields that published scripts print are always there; `--full` has the rest."""
    gateway.answers[LIST] = (200, {"stores": [full_store(1)], "total": 1})
    assert run("authorized_stores.py").document["stores"] == [
        {
            "sellerId": "A0000000000001",
            "sellerName": "北极光户外 001",
            "region": "NA",
            "status": "authorized",
            "verified": True,
            "countryCodes": ["US", "CA"],
        }
    ]
    assert run("authorized_stores.py", "--full").document["stores"] == [full_store(1)]
    ads = "/amazonAds/authorizedStores"
    covered = full_profile(1) | {
        "accountNames": ["主账号", "Old"],
        "authRecordIds": [7, 8],
        "warnings": ["x"],
    }
    gateway.answers[ads] = (200, {"stores": [covered], "total": 1})
    (row,) = run("ads_authorized_stores.py").document["stores"]
    assert None not in row.values()
    assert (row["accountNames"], row["warnings"]) == (["主账号", "Old"], ["x"])
    assert {"profileId", "accountInfoId", "accountInfoName", "accountType", "authRecordId"} <= row.keys()
    assert {"countryCode", "marketplaceStringId", "region", "accountName"} <= row.keys()


def test_a_row_is_a_line_of_its_own(run: Run, gateway: FakeGateway) -> None:
    """So that a document that was cut loses rows, and not their sense."""
    gateway.answers[LIST] = (200, {"stores": [full_store(1), full_store(2)], "total": 2})
    lines = run("authorized_stores.py", "--full").stdout.splitlines()
    assert sum(line.lstrip().startswith('{"sellerId"') for line in lines) == 2


def test_what_stands_beside_a_list_is_bounded_as_well(run: Run, gateway: FakeGateway) -> None:
    """Accounts without profiles and failures; a note says how many there are."""
    bare = [
        {"authRecordId": number, "accountName": f"Account {number}", **FULL_STATE} for number in range(400)
    ]
    answer = {"stores": [full_profile(1)], "total": 1, "accountsWithoutProfiles": bare}
    gateway.answers["/amazonAds/authorizedStores"] = (200, {**answer, "totalWithoutProfiles": 400})
    done = run("ads_authorized_stores.py")
    assert len(done.stdout) < MOST
    assert "of 400 accountsWithoutProfiles are shown" in done.document["notes"][-1]
    assert done.document["totalWithoutProfiles"] == 400


def test_one_row_is_shown_however_long_it_is(run: Run, gateway: FakeGateway) -> None:
    """Else nobody would get past it."""
    long = full_store(1) | {"requestedScopes": ["x" * 200] * 200}
    gateway.answers[LIST] = (200, {"stores": [long, full_store(2)], "total": 2})
    document = run("authorized_stores.py", "--full").document
    assert (len(document["stores"]), document["nextOffset"]) == (1, 1)


def test_numbers_that_javascript_changes_are_there_as_texts_too(run: Run, gateway: FakeGateway) -> None:
    """Wherever they stand; either form is taken back."""
    large = 9_007_199_254_740_993
    row = full_profile(1) | {"profileId": large, "authRecordIds": [1, large], "accountNames": ["a", "b"]}
    gateway.answers["/amazonAds/authorizedStores"] = (200, {"stores": [row], "total": 1})
    (shown,) = run("ads_authorized_stores.py").document["stores"]
    assert (shown["profileId"], shown["profileIdText"]) == (large, str(large))
    assert shown["authRecordIdsText"] == ["1", str(large)]
    assert "authRecordIdText" not in shown
    found = run("ads_resolve_profile.py", json.dumps({"profileId": str(large)})).good()
    assert found["profileIdText"] == str(large)


def test_the_tokens_of_many_stores_are_printed_as_far_as_they_are_read(
    run: Run, gateway: FakeGateway, tmp_path: Any
) -> None:
    """What failed comes first, however much there is to say of it; a file takes all."""
    listed = [full_store(number) for number in range(100)]
    gateway.answers[LIST] = (200, {"stores": listed, "total": 100})
    revoked = (409, {"errcode": 1003, "errmsg": "revoked", "reason": "store_revoked", **REVOKED})
    gateway.answers["/spApi/storeTokens"] = [*[(200, tokens())] * 60, revoked]
    file = tmp_path / "all.json"
    done = run("store_tokens.py", "--all", "--output-file", str(file))
    assert (done.code, len(done.stdout) < MOST) == (4, True)
    shown = done.document["stores"]
    assert len(shown) > 10
    assert not shown[0]["ok"]
    assert "of 100 are printed" in done.document["notes"][-1]
    assert len(json.loads(file.read_text())["stores"]) == 100


def test_a_row_with_its_tokens_is_a_short_one(run: Run, gateway: FakeGateway, tmp_path: Any) -> None:
    """A store's sixteen sites say nothing of its token; the file has them."""
    gateway.answers[LIST] = (200, {"stores": [full_store(1)], "total": 1})
    gateway.answers["/spApi/storeTokens"] = (200, tokens())
    done = run("store_tokens.py", "--all", "--output-file", str(tmp_path / "all.json"))
    (shown,) = done.good()["stores"]
    assert {"sites", "lastUsedAt", "grantedScopes"} & shown.keys() == set()
    assert {"sellerId", "sellerName", "region", "status", "accessToken", "ok"} <= shown.keys()
    (kept,) = json.loads((tmp_path / "all.json").read_text())["stores"]
    assert kept["sites"] == full_store(1)["sites"]


def test_a_row_of_many_imports_is_a_short_one(piped: Any, gateway: FakeGateway) -> None:
    """What became of each is told, for nothing else tells of those that failed."""
    gateway.answers["/spApi/importStore"] = (200, full_store(1) | {"alreadyKnown": True})
    entries = [{**IMPORT, "sellerId": f"A{number}"} for number in range(50)]
    done = piped("import_store.py", "--list", "-", stdin=json.dumps(entries))
    assert len(done.stdout) < MOST
    assert len(done.good()["imports"]) == 50
    shown = done.document["imports"][0]
    assert {"sites", "lastUsedAt", "grantedScopes"} & shown.keys() == set()
    assert (shown["alreadyKnown"], shown["ok"]) == (True, True)


@pytest.mark.parametrize(
    ("path", "call"),
    [
        ("authorizationStatus", ("ads_authorize_url.py", "--authorization-id", "abc")),
        ("completeAuthorization", ("ads_complete_authorization.py",)),
        ("importAccount", ("ads_import_account.py", "--account-name", "Agency", "--region", "NA")),
    ],
)
def test_the_profiles_of_a_new_account_are_short_and_few(
    piped: Any, gateway: FakeGateway, path: str, call: tuple[str, ...]
) -> None:
    """An agency's authorization brings hundreds; they stand in the account, as the gateway sends them."""
    profiles = [full_profile(number) for number in range(300)]
    account = {"accountName": "Agency", "authRecordId": 1, "profiles": profiles}
    answer = account if path == "importAccount" else {"state": "authorized", "account": account}
    gateway.answers[f"/amazonAds/{path}"] = (200, answer)
    done = piped(*call, stdin="Atzr|of-nobody" if path == "importAccount" else f"{ADDRESS}\n")
    assert done.code == 0, done.stdout
    assert len(done.stdout) < 5_000
    told = done.document.get("account", done.document)
    assert 1 < len(told["profiles"]) < 30
    assert None not in told["profiles"][0].values()
    assert "of 300 profiles are shown" in done.document["notes"][0]


def test_a_consent_is_answered_with_what_is_looked_at(run: Run, gateway: FakeGateway) -> None:
    """A store by the codes of its sites, an account with short profiles, neither with what says nothing."""
    codes = ("DE", "FR", "IT", "ES", "NL", "BE", "IE", "SE", "PL", "TR", "AE", "SA", "EG", "ZA", "UK", "IN")
    sites = [
        {"marketplaceId": f"A{code}", "countryCode": code, "name": "Amazon", "participating": code < "F"}
        for code in codes
    ]
    store = full_store(1) | {"sites": sites}
    gateway.answers["/spApi/authorizationStatus"] = (200, {"state": "authorized", "store": store})
    followed = run("authorize_url.py", "--authorization-id", "id-1")
    told = followed.good()["store"]
    assert len(followed.stdout) < 800
    assert told["countryCodes"] == [code for code in codes if code < "F"]
    assert (told["sellerName"], told["authRecordId"]) == (store["sellerName"], store["authRecordId"])
    assert {"sites", "lastUsedAt", "grantedScopes"} & told.keys() == set()
    profiles = [full_profile(number) for number in range(8)]
    account = {"accountName": "主账号", "region": "NA", **FULL_STATE, "profiles": profiles}
    gateway.answers["/amazonAds/authorizationStatus"] = (200, {"state": "authorized", "account": account})
    followed = run("ads_authorize_url.py", "--authorization-id", "id-1")
    told = followed.good()["account"]
    assert len(followed.stdout) < 2_000
    assert len(told["profiles"]) == 8
    assert told["profiles"][0]["profileId"] == profiles[0]["profileId"]


def test_a_found_store_or_profile_is_told_as_in_the_lists(run: Run, gateway: FakeGateway) -> None:
    """Without what says nothing."""
    gateway.answers[LIST] = (200, {"stores": [full_store(1)], "total": 1})
    found = run("resolve_store.py", "--region", "NA", "--seller-id", full_store(1)["sellerId"]).good()
    assert (found["marketplaceIds"], found["countryCodes"]) == (["AUS", "ACA"], ["US", "CA"])
    assert "sites" not in found
    gateway.answers["/amazonAds/authorizedStores"] = (200, {"stores": [full_profile(1)], "total": 1})
    found = run("ads_resolve_profile.py", "--site", "US").good()
    assert found["profileId"] == full_profile(1)["profileId"]
    assert None not in found.values()
    assert "accountNames" not in found

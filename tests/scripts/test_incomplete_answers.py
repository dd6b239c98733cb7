"""An answer without what was asked for is never a success, whichever script asked for it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.fake_gateway import REFRESH, FakeGateway
from tests.support.house import SCRIPTS

ADDRESS = "http://127.0.0.1:8765/callback/spapi?state=s&code=c&spapi_oauth_code=c&selling_partner_id=A1"
STORE = ("--seller-id", "A1", "--region", "NA")
# Each script that calls a gateway, with words by which it does.
CALLS: dict[str, tuple[str, ...]] = {
    "ads_authorize_url.py": ("--account-name", "x"),
    "ads_authorized_stores.py": (),
    "ads_complete_authorization.py": (),
    "ads_import_account.py": ("--account-name", "x", "--region", "NA"),
    "ads_profiles.py": (),
    "ads_refresh_token.py": ("--profile-id", "7"),
    "ads_remove_account.py": ("--auth-record-id", "7", "--yes"),
    "ads_rename_account.py": ("--auth-record-id", "7", "--new-name", "y"),
    "ads_resolve_profile.py": ("--site", "US"),
    "ads_store_tokens.py": ("--profile-id", "7"),
    "authorize_url.py": ("--seller-name", "x"),
    "authorized_stores.py": (),
    "call_amazon.py": (*STORE, "GET", "/sellers/v1/marketplaceParticipations"),
    "complete_authorization.py": (),
    "import_store.py": (*STORE, "--seller-name", "x"),
    "refresh_token.py": STORE,
    "remove_store.py": (*STORE, "--yes"),
    "rename_store.py": (*STORE, "--new-name", "y"),
    "resolve_store.py": ("--seller-id", "A1"),
    "store_tokens.py": STORE,
    "with_token.py": (*STORE, "--", "true"),
}
MORE_CALLS: tuple[tuple[str, ...], ...] = (
    ("authorize_url.py", "--authorization-id", "a"),
    ("ads_authorize_url.py", "--authorization-id", "a"),
    ("ads_refresh_token.py", "--auth-record-id", "7"),
    ("ads_store_tokens.py", "--auth-record-id", "7"),
    ("ads_profiles.py", "--refresh"),
    ("with_token.py", "--profile-id", "7", "--", "true"),
    ("with_token.py", *STORE, "--proxy", "--", "true"),
    ("with_token.py", "--profile-id", "7", "--proxy", "--", "true"),
)
EMPTY: tuple[dict[str, Any], ...] = (
    {"code": 500, "msg": "系统繁忙"},
    {"error": "backend is down"},
    {},
    {"errcode": 200},
)


def test_every_script_that_calls_a_gateway_is_tried() -> None:
    """A new one has to say here how it is called."""
    calling = {
        path.name for path in SCRIPTS.glob("*.py") if "command.main(__doc__" in path.read_text("utf-8")
    }
    assert calling == set(CALLS)


@pytest.mark.parametrize(
    "words", [*((name, *more) for name, more in CALLS.items()), *MORE_CALLS], ids=" ".join
)
def test_an_answer_without_what_was_asked_for_is_a_failure(
    gateway: FakeGateway, piped: Any, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """With what the gateway said, in whichever field, and nothing written or handed on."""
    stdin = ADDRESS if "complete" in words[0] else REFRESH
    for answer in EMPTY:
        gateway.answers["*"] = (200, answer)
        done = piped(*words, stdin=stdin)
        assert done.code == 6, f"{answer}: exit {done.code}, {done.stdout}"
        assert done.error["code"] == "gateway_failed"
        said = answer.get("msg") or answer.get("error") or "holds no"
        assert said in done.error["message"]
        assert done.error["hint"]
    assert gateway.calls


@pytest.mark.parametrize("script", ["store_tokens.py", "ads_store_tokens.py"])
def test_no_file_is_written_for_a_token_that_did_not_come(
    gateway: FakeGateway, piped: Any, tmp_path: Path, script: str
) -> None:
    """There would be nothing to use in it."""
    gateway.answers["*"] = (200, {"errcode": 200, "accessToken": ""})
    done = piped(script, *CALLS[script], "--output-file", str(tmp_path / "token.json"))
    assert done.error["code"] == "gateway_failed"
    assert not (tmp_path / "token.json").exists()


@pytest.mark.parametrize(
    "answer",
    [
        {"stores": [], "code": 500, "msg": "系统繁忙"},
        {"stores": [], "success": False, "message": "系统繁忙"},
        {"stores": [], "error": "系统繁忙"},
        {"stores": [], "error": {"code": "E17", "message": "系统繁忙"}},
        {"stores": None, "errmsg": "系统繁忙"},
        {"errcode": 200, "error_description": "系统繁忙"},
        {"stores": {}, "detail": "系统繁忙"},
    ],
    ids=json.dumps,
)
def test_an_empty_list_beside_a_failure_is_not_that_there_are_no_stores(
    gateway: FakeGateway, piped: Any, answer: dict[str, Any]
) -> None:
    """However the failure is told, and it is passed on."""
    gateway.answers["*"] = (200, answer)
    done = piped("authorized_stores.py")
    assert (done.code, done.error["code"]) == (6, "gateway_failed")
    assert "系统繁忙" in done.error["message"]


@pytest.mark.parametrize(
    "beside", [{"code": 200}, {"code": "0"}, {"success": True}, {"error": None}, {"msg": "ok"}]
)
def test_what_says_that_all_is_well_is_no_failure(
    gateway: FakeGateway, piped: Any, beside: dict[str, Any]
) -> None:
    """Beside a list that is really there."""
    gateway.answers["*"] = (200, {"stores": [], **beside})
    assert piped("authorized_stores.py").good()["stores"] == []

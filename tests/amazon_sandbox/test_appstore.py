"""The workflow that begins at the Appstore, as references/amazon.md has it."""

from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from tests.support.sandbox_process import CALLBACK, PageForm, SandboxProcess, callback

LOGIN = "http://127.0.0.1:9/spApi/oauth/login"
HOST = "sellercentral.amazon.com"


def page_of(sandbox: SandboxProcess, host: str = HOST) -> str:
    """Return the path of the application's page in the Appstore."""
    return f"{host}/apps/store/dp/{sandbox.ready['spapi']['appId']}"


def opened_login(sandbox: SandboxProcess, **form: str) -> dict[str, str]:
    """Agree on the application's page; the parameters that the Login URI is opened with."""
    fields = {"decision": "confirm", "selling_partner_id": "A1SANDBOXNA001", "login_uri": LOGIN, **form}
    answer = sandbox.call("POST", page_of(sandbox), data=fields)
    assert answer.status_code == 302, answer.text
    address, _, query = answer.headers["Location"].partition("?")
    assert address == LOGIN
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    return dict(parse_qsl(query, strict_parsing=True))


def answered(sandbox: SandboxProcess, opened: dict[str, str], **changes: str) -> str:
    """Return the address that the application answers at, below the stand-in's own."""
    parts = urlsplit(opened["amazon_callback_uri"])
    given = {"amazon_state": opened["amazon_state"], "state": "own", "redirect_uri": CALLBACK, **changes}
    return f"{parts.path.lstrip('/')}?{urlencode({name: value for name, value in given.items() if value})}"


def test_the_page_offers_the_regions_sellers(sandbox: SandboxProcess) -> None:
    """As a form without a script, and with the Login URI that the application has."""
    sandbox.control("apps", {"clientId": sandbox.ready["spapi"]["clientId"], "loginUri": LOGIN})
    page = PageForm(sandbox.call("GET", page_of(sandbox)).text)
    assert "A1SANDBOXNA001" in page.values("selling_partner_id")
    assert page.values("login_uri") == [LOGIN]
    assert "script" not in page.tags


def test_the_login_uri_gets_amazons_parameters(sandbox: SandboxProcess) -> None:
    """`version` only while the application is a draft."""
    opened = opened_login(sandbox)
    assert set(opened) == {"amazon_callback_uri", "amazon_state", "selling_partner_id"}
    assert opened["selling_partner_id"] == "A1SANDBOXNA001"
    app_id = sandbox.ready["spapi"]["appId"]
    assert opened["amazon_callback_uri"] == f"{sandbox.url}/{HOST}/apps/authorize/confirm/{app_id}"
    sandbox.control("apps", {"clientId": sandbox.ready["spapi"]["clientId"], "draft": True})
    assert opened_login(sandbox)["version"] == "beta"


def test_the_answer_leads_to_the_callback_once(sandbox: SandboxProcess) -> None:
    """With the application's state, the seller and a code that can be exchanged."""
    opened = opened_login(sandbox)
    parameters = callback(sandbox.call("GET", answered(sandbox, opened)))
    assert parameters["state"] == "own"
    assert parameters["selling_partner_id"] == "A1SANDBOXNA001"
    assert sandbox.exchange(parameters["spapi_oauth_code"]).status_code == 200
    assert sandbox.call("GET", answered(sandbox, opened)).status_code == 400


@pytest.mark.parametrize(
    "changes",
    [
        {"amazon_state": "another"},
        {"amazon_state": ""},
        {"state": ""},
        {"redirect_uri": "https://elsewhere.example/callback"},
    ],
)
def test_a_wrong_answer_is_refused(sandbox: SandboxProcess, changes: dict[str, str]) -> None:
    """A page says so, and no code is given out."""
    answer = sandbox.call("GET", answered(sandbox, opened_login(sandbox), **changes))
    assert answer.status_code == 400
    assert "Location" not in answer.headers


def test_a_draft_is_answered_with_its_version(sandbox: SandboxProcess) -> None:
    """Without `version=beta` the page shows MD1000."""
    sandbox.control("apps", {"clientId": sandbox.ready["spapi"]["clientId"], "draft": True})
    refused = sandbox.call("GET", answered(sandbox, opened_login(sandbox)))
    assert "MD1000" in refused.text
    assert callback(sandbox.call("GET", answered(sandbox, opened_login(sandbox), version="beta")))


@pytest.mark.parametrize("login_uri", ["", "https://elsewhere.example/login", "javascript:alert(1)"])
def test_a_login_uri_elsewhere_is_not_opened(sandbox: SandboxProcess, login_uri: str) -> None:
    """The stand-in sends nobody off this machine."""
    fields = {"decision": "confirm", "selling_partner_id": "A1SANDBOXNA001", "login_uri": login_uri}
    answer = sandbox.call("POST", page_of(sandbox), data=fields)
    assert answer.status_code == 400
    assert "Location" not in answer.headers


def test_an_application_that_is_not_there_has_no_page(sandbox: SandboxProcess) -> None:
    """Nor an address to answer at."""
    for path in ("apps/store/dp/nobody", "apps/authorize/confirm/nobody"):
        assert sandbox.call("GET", f"{HOST}/{path}").status_code == 400

"""The SP-API consent page, against references/amazon.md and the codes that Amazon's page shows."""

import json

import pytest

from tests.support.house import ROOT
from tests.support.sandbox_process import CALLBACK, PageForm, SandboxProcess, callback

SITES = json.loads((ROOT / "references" / "marketplaces.json").read_text("utf-8"))
CENTRALS = sorted(
    {
        (site[kind].removeprefix("https://"), site["region"])
        for site in SITES
        for kind in ("sellerCentralUrl", "vendorCentralUrl")
    }
)
ORDERS, REPORTS = "sellingpartnerapi::orders", "sellingpartnerapi::reports"


def test_page_says_what_it_is_and_asks(sandbox: SandboxProcess) -> None:
    """The page names itself a stand-in, shows app and sellers of its region, and has Confirm and Cancel."""
    answer = sandbox.call("GET", sandbox.consent_link())
    page = PageForm(answer.text)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "stand-in for Amazon" in page.text
    assert sandbox.ready["spapi"]["appId"] in page.text
    assert "我的店铺 ☕" in page.text
    assert page.values("selling_partner_id") == [
        "A1SANDBOXNA001",
        "A1SANDBOXNA002",
        "A1SANDBOXWORLD",
        "other",
    ]
    assert [button["value"] for button in page.buttons] == ["confirm", "cancel"]
    assert page.forms == [{"method": "post"}]
    assert page.values("scope") == []


def test_page_headers_keep_the_address_to_itself(sandbox: SandboxProcess) -> None:
    """No referrer, no cache, no script, no frame; and no form-action, which would stop the redirect."""
    for path in (sandbox.consent_link(), sandbox.consent_link(state=None), sandbox.ads_link()):
        answer = sandbox.call("GET", path)
        policy = answer.headers["Content-Security-Policy"]
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "form-action" not in policy
        assert "script" not in PageForm(answer.text).tags


@pytest.mark.parametrize(("host", "region"), CENTRALS)
def test_every_central_offers_accounts_of_its_region(sandbox: SandboxProcess, host: str, region: str) -> None:
    """Each Seller and Vendor Central of the marketplaces' file serves the page."""
    answer = sandbox.call("GET", sandbox.consent_link(host))
    assert answer.status_code == 200
    kind = "vendor" if host.startswith("vendorcentral") else "seller"
    offered = [each for each in PageForm(answer.text).values("selling_partner_id") if each != "other"]
    known = {
        each["sellerId"]
        for each in sandbox.control("sellers")["sellers"]
        if (each["region"], each["kind"]) == (region, kind)
    }
    assert offered
    assert set(offered) == known


def test_confirm_comes_back_with_state_seller_and_code(sandbox: SandboxProcess) -> None:
    """The callback has exactly the three parameters that Amazon sends, the state unchanged."""
    state = "a+b/c=d&e ü"
    link = sandbox.consent_link(state=state)
    answer = sandbox.call("POST", link, data={"decision": "confirm", "selling_partner_id": "A1SANDBOXNA002"})
    parameters = callback(answer)
    assert set(parameters) == {"state", "selling_partner_id", "spapi_oauth_code"}
    assert parameters["state"] == state
    assert parameters["selling_partner_id"] == "A1SANDBOXNA002"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"


def test_presets_of_the_form_are_enough(sandbox: SandboxProcess) -> None:
    """A plain client that posts the checked fields and a button is sent to the callback."""
    page = PageForm(sandbox.call("GET", sandbox.consent_link()).text)
    fields = {
        field["name"]: field.get("value", "")
        for field in page.inputs
        if field.get("type") != "radio" or "checked" in field
    }
    answer = sandbox.call("POST", sandbox.consent_link(), data={**fields, "decision": "confirm"})
    assert callback(answer)["selling_partner_id"] == "A1SANDBOXNA001"


def test_seller_can_be_typed_in(sandbox: SandboxProcess) -> None:
    """An id that the sandbox has never heard of becomes a seller of the host's region."""
    form = {"decision": "confirm", "selling_partner_id": "other", "other_selling_partner_id": " A9TYPED "}
    parameters = callback(sandbox.call("POST", sandbox.consent_link("sellercentral.amazon.sg"), data=form))
    assert parameters["selling_partner_id"] == "A9TYPED"
    assert sandbox.control("sellers?sellerId=A9TYPED")["sellers"][0]["region"] == "FE"


@pytest.mark.parametrize(
    "form",
    [
        {"decision": "confirm"},
        {"decision": "confirm", "selling_partner_id": "other", "other_selling_partner_id": ""},
        {"decision": "confirm", "selling_partner_id": "<script>"},
        {"decision": "confirm", "selling_partner_id": "A" * 41},
        {"decision": "maybe", "selling_partner_id": "A1SANDBOXNA001"},
        {"selling_partner_id": "A1SANDBOXNA001"},
        {},
    ],
)
def test_forms_that_make_no_sense_lead_nowhere(sandbox: SandboxProcess, form: dict[str, str]) -> None:
    """Without a decision and a plausible account nothing is granted."""
    assert sandbox.call("POST", sandbox.consent_link(), data=form).status_code == 400


def test_cancel_leads_nowhere(sandbox: SandboxProcess) -> None:
    """As at Amazon there is no redirect: the page says that one has left."""
    answer = sandbox.call("POST", sandbox.consent_link(), data={"decision": "cancel"})
    assert answer.status_code == 200
    assert "Location" not in answer.headers
    assert "Nothing was granted" in answer.text
    assert sandbox.control("state")["counts"]["grants"] == 0


def test_requested_scopes_are_shown_and_a_subset_is_granted(sandbox: SandboxProcess) -> None:
    """What is ticked is what the token answer names."""
    link = sandbox.consent_link(scope=f"{ORDERS} {REPORTS}")
    page = PageForm(sandbox.call("GET", link).text)
    assert page.values("scope") == [ORDERS, REPORTS]
    form = {"decision": "confirm", "selling_partner_id": "A1SANDBOXNA001", "scope": [REPORTS]}
    code = callback(sandbox.call("POST", link, data=form))["spapi_oauth_code"]
    assert sandbox.exchange(code).json()["scope"] == REPORTS


def test_all_scopes_and_none(sandbox: SandboxProcess) -> None:
    """Everything ticked is named in the order asked for; nothing ticked is an empty scope."""
    link = sandbox.consent_link(scope=f"{REPORTS} {ORDERS}")
    form = {"decision": "confirm", "selling_partner_id": "A1SANDBOXNA001"}
    for ticked, granted in (([ORDERS, REPORTS], f"{REPORTS} {ORDERS}"), ([], "")):
        code = callback(sandbox.call("POST", link, data={**form, "scope": ticked}))["spapi_oauth_code"]
        assert sandbox.exchange(code).json()["scope"] == granted


def test_scopes_that_were_not_asked_for_cannot_be_granted(sandbox: SandboxProcess) -> None:
    """A forged form cannot widen the request, and without a request the answer names no scope."""
    form = {"decision": "confirm", "selling_partner_id": "A1SANDBOXNA001", "scope": [ORDERS, REPORTS]}
    code = callback(sandbox.call("POST", sandbox.consent_link(scope=ORDERS), data=form))["spapi_oauth_code"]
    assert sandbox.exchange(code).json()["scope"] == ORDERS
    code = callback(sandbox.call("POST", sandbox.consent_link(), data=form))["spapi_oauth_code"]
    assert "scope" not in sandbox.exchange(code).json()


def test_unknown_scope_is_an_error_page(sandbox: SandboxProcess) -> None:
    """A name outside the closed set is refused before anyone can consent."""
    answer = sandbox.call("GET", sandbox.consent_link(scope="sellingpartnerapi::everything"))
    assert answer.status_code == 400
    assert "An unknown scope was requested" in answer.text


@pytest.mark.parametrize("missing", ["application_id", "state"])
def test_missing_parameters_are_an_error_page(sandbox: SandboxProcess, missing: str) -> None:
    """Without an application or a state there is no consent, in the page or in the form."""
    link = sandbox.consent_link(**{missing: None})
    form = {"decision": "confirm", "selling_partner_id": "A1SANDBOXNA001"}
    for answer in (sandbox.call("GET", link), sandbox.call("POST", link, data=form)):
        assert answer.status_code == 400
        assert missing in answer.text


def test_unknown_application_is_an_error_page(sandbox: SandboxProcess) -> None:
    """An application id that is not registered is refused."""
    assert (
        sandbox.call("GET", sandbox.consent_link(application_id="amzn1.sellerapps.app.x")).status_code == 400
    )


@pytest.mark.parametrize(
    "address",
    [
        "https://example.com/callback",
        "http://127.0.0.1.example.com/",
        "http://user@127.0.0.1/",
        "http://127.0.0.1:99999999/",
        "javascript:alert(1)",
        "http://127.0.0.1/\r\nSet-Cookie: a=b",
        "not an address",
    ],
)
def test_redirect_that_is_not_registered_is_md5101(sandbox: SandboxProcess, address: str) -> None:
    """Only loopback addresses are answered at, until others are registered."""
    link = sandbox.consent_link(redirect_uri=address)
    form = {"decision": "confirm", "selling_partner_id": "A1SANDBOXNA001"}
    for answer in (sandbox.call("GET", link), sandbox.call("POST", link, data=form)):
        assert answer.status_code == 400
        assert "MD5101" in answer.text


def test_registered_redirects_count_exactly_and_the_first_is_the_default(sandbox: SandboxProcess) -> None:
    """With a list, loopback alone will not do; left out, the first registered address serves."""
    addresses = ["https://gateway.example/spApi/oauth/callback?tenant=1", CALLBACK]
    sandbox.control("apps", {"clientId": sandbox.ready["spapi"]["clientId"], "redirectUris": addresses})
    assert "MD5101" in sandbox.call("GET", sandbox.consent_link(redirect_uri="http://127.0.0.1:1/")).text
    form = {"decision": "confirm", "selling_partner_id": "A1SANDBOXNA001"}
    answer = sandbox.call("POST", sandbox.consent_link(redirect_uri=None), data=form)
    assert answer.headers["Location"].startswith(addresses[0] + "&state=the-state&selling_partner_id=")
    assert callback(sandbox.call("POST", sandbox.consent_link(), data=form))


def test_codes_that_the_page_itself_shows(sandbox: SandboxProcess) -> None:
    """A fragment, a draft without version=beta, an app without addresses, and those set by control."""
    client = {"clientId": sandbox.ready["spapi"]["clientId"]}
    assert "MD5110" in sandbox.call("GET", sandbox.consent_link(redirect_uri=CALLBACK + "#part")).text
    assert "MD9100" in sandbox.call("GET", sandbox.consent_link(redirect_uri=None)).text
    sandbox.control("apps", {**client, "draft": True})
    assert "MD1000" in sandbox.call("GET", sandbox.consent_link()).text
    assert sandbox.call("GET", sandbox.consent_link(version="beta")).status_code == 200
    for code in ("MD4100", "MD5100", "MD9010", "SPDC8143", "SPSA0404", "SPSA2043", "CONSENT_LIMIT_REACHED"):
        sandbox.control("apps", {**client, "draft": False, "consentError": code})
        answer = sandbox.call("GET", sandbox.consent_link())
        assert answer.status_code == 400
        assert code in answer.text


def test_everything_shown_is_escaped(sandbox: SandboxProcess) -> None:
    """Names with markup in them appear as text."""
    evil = '"><img src=x onerror=alert(1)>'
    sandbox.control("sellers", [{"sellerId": "A0EVIL", "name": evil, "region": "NA"}])
    sandbox.control("apps", {"clientId": sandbox.ready["spapi"]["clientId"], "name": evil})
    page = PageForm(sandbox.call("GET", sandbox.consent_link()).text)
    assert "img" not in page.tags
    assert page.text.count(evil) >= 2


def test_other_paths_of_a_central_are_404(sandbox: SandboxProcess) -> None:
    """Nothing else is served there."""
    assert sandbox.call("GET", "sellercentral.amazon.com/home").status_code == 404
    assert sandbox.call("DELETE", sandbox.consent_link()).status_code == 404

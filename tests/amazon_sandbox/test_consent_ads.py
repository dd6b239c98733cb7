"""The Ads consent page at Amazon's three sign-in hosts."""

import pytest

from tests.support.sandbox_process import PageForm, SandboxProcess, callback

HOSTS = ("www.amazon.com", "eu.account.amazon.com", "apac.account.amazon.com")


@pytest.mark.parametrize("host", HOSTS)
def test_page_offers_accounts(sandbox: SandboxProcess, host: str) -> None:
    """Each of the three hosts shows the client, the scope and the accounts, one of which has no profiles."""
    answer = sandbox.call("GET", sandbox.ads_link(host))
    page = PageForm(answer.text)
    assert answer.status_code == 200
    assert "stand-in for Amazon" in page.text
    assert "advertising::campaign_management" in page.text
    assert page.values("advertiser_id") == ["SANDBOX_BRANDS", "SANDBOX_PARTNERS", "SANDBOX_EMPTY"]
    assert page.text.count("(0 profiles)") == 1


def test_allow_comes_back_with_code_scope_and_state(sandbox: SandboxProcess) -> None:
    """`?code=…&scope=…&state=…`, in that order."""
    form = {"decision": "confirm", "advertiser_id": "SANDBOX_BRANDS"}
    answer = sandbox.call("POST", sandbox.ads_link(state="s p+c"), data=form)
    parameters = callback(answer)
    assert list(parameters) == ["code", "scope", "state"]
    assert parameters["scope"] == "advertising::campaign_management"
    assert parameters["state"] == "s p+c"
    assert sandbox.exchange(parameters["code"], "ads").status_code == 200


def test_cancel_comes_back_with_access_denied(sandbox: SandboxProcess) -> None:
    """The redirect reads exactly as the recorded one."""
    answer = sandbox.call("POST", sandbox.ads_link(), data={"decision": "cancel"})
    assert answer.status_code == 302
    query = answer.headers["Location"].partition("?")[2]
    assert query == "error_description=Access+not+permitted.&state=the-state&error=access_denied"


@pytest.mark.parametrize(
    "client_id", [None, "", "amzn1.application-oa2-client. 0123", "amzn1.sellerapps.app.x"]
)
def test_corrupted_client_id_is_amazons_400_page(sandbox: SandboxProcess, client_id: str | None) -> None:
    """What a consent link copied out of a terminal leads to."""
    answer = sandbox.call("GET", sandbox.ads_link(client_id=client_id))
    assert answer.status_code == 400
    assert "StegoRuntimeOAuth2ClientManager:getClientDefinition" in answer.text


def test_clients_of_the_other_flow_are_unknown(sandbox: SandboxProcess) -> None:
    """The SP-API client cannot ask for Ads access."""
    answer = sandbox.call("GET", sandbox.ads_link(client_id=sandbox.ready["spapi"]["clientId"]))
    assert "StegoRuntimeOAuth2ClientManager:getClientDefinition" in answer.text


def test_unknown_scope_comes_back_as_invalid_scope(sandbox: SandboxProcess) -> None:
    """The words are those that Amazon uses."""
    parameters = callback(sandbox.call("GET", sandbox.ads_link(scope="advertising::everything")))
    assert parameters == {
        "error_description": "An unknown scope was requested",
        "state": "the-state",
        "error": "invalid_scope",
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"response_type": None},
        {"response_type": "token"},
        {"redirect_uri": None},
        {"redirect_uri": "https://example.com/"},
        {"redirect_uri": "http://127.0.0.1/#x"},
    ],
)
def test_wrong_requests_are_never_redirected(sandbox: SandboxProcess, changes: dict[str, str | None]) -> None:
    """An address that is not the client's is not sent anything."""
    for method, form in (("GET", None), ("POST", {"decision": "cancel"})):
        answer = sandbox.call(method, sandbox.ads_link(**changes), data=form)
        assert answer.status_code == 400
        assert "Location" not in answer.headers


@pytest.mark.parametrize(
    "form", [{}, {"decision": "confirm"}, {"decision": "confirm", "advertiser_id": "NOBODY"}]
)
def test_forms_that_make_no_sense_lead_nowhere(sandbox: SandboxProcess, form: dict[str, str]) -> None:
    """Without an account there is no code."""
    assert sandbox.call("POST", sandbox.ads_link(), data=form).status_code == 400


def test_state_is_only_sent_back_where_there_was_one(sandbox: SandboxProcess) -> None:
    """Amazon does not require a state, and makes none up."""
    form = {"decision": "confirm", "advertiser_id": "SANDBOX_BRANDS"}
    assert "state" not in callback(sandbox.call("POST", sandbox.ads_link(state=None), data=form))

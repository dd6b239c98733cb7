"""What users of the earlier skills rely on stands in the documents: names, fields, scenarios, remedies."""

import json
import re

import pytest

from tests.support.markdown import ROOT, section

REFERENCES = ROOT / "references"


def text_of(name: str) -> str:
    """A document's text with line breaks made into spaces."""
    return " ".join((ROOT / name).read_text(encoding="utf-8").split())


@pytest.mark.parametrize(
    ("page", "heading", "facts"),
    [
        (
            "SKILL.md",
            "What the user says",
            [
                *("authorize, connect, add", "授权/绑定/添加店铺", "刷新令牌", "广告授权、绑定广告账号"),
                *("解绑", "改名", "掉授权", "`NA` US", "卖家后台 = Seller Central"),
            ],
        ),
        (
            "SKILL.md",
            "Authorize",
            [
                *("ask for it", "only a label", "1 to 100 characters", "No region named: `NA`"),
                *("15 minutes", "works once", "clipboard", "Confirm name, seller id, region"),
            ],
        ),
        (
            "SKILL.md",
            "Prepare for another task",
            [
                *("One store: take it", "`candidates`", "`sellerId`", "`profileId`"),
                *("linkfox-amazon-store-report", "linkfox-amazon-ads-entity", "linkfox-amazon-ads-report"),
            ],
        ),
        (
            "SKILL.md",
            "Rules",
            [
                "no business advice",
                "masked",
                "the user decides",
                "365 days",
                "New Zealand",
                "number only when asked",
            ],
        ),
        (
            "SKILL.md",
            "You see",
            [
                *("StegoRuntimeOAuth2ClientManager", "Manager accounts → Link accounts", "积分不足"),
                *("`profile_sync_failed`", "the API key", "credit", "ads_refresh_token.py"),
            ],
        ),
        (
            "references/authorization-flow.md",
            "Errors",
            ["StegoRuntimeOAuth2ClientManager", "270 characters", "Ctrl+V", "last_authorize_url.txt"],
        ),
        ("references/authorization-flow.md", "Refreshing", ["one hour", "refresh_token"]),
    ],
)
def test_the_documents_keep_what_their_predecessors_said(page: str, heading: str, facts: list[str]) -> None:
    """Each fact stands in the section where an agent looks for it."""
    text = " ".join(section(ROOT / page, heading).split())
    assert [fact for fact in facts if fact not in text] == []


def test_api_page_has_every_path_and_field() -> None:
    """The paths of both earlier skills and their fields are on the page about the wire."""
    page = text_of("references/api.md")
    for path in ("authorizeUrl", "authorizedStores", "refreshToken", "storeTokens", "authorizationStatus"):
        assert f"/spApi/{path}" in page
        assert f"/amazonAds/{path}" in page
    assert "/amazonAds/profiles" in page
    for field in (
        "sellerName",
        "authorizeUrl",
        "expiresIn",
        "minTtl",
        "expiresAt",
        "missingScopes",
        "accountNames",
    ):
        assert f"`{field}`" in page


def test_sites_table_has_every_site() -> None:
    """Each site of the data file stands on the page with its marketplace id."""
    page = text_of("references/api.md")
    sites = json.loads((REFERENCES / "marketplaces.json").read_text(encoding="utf-8"))
    assert len(sites) > 20
    for site in sites:
        assert f"| {site['country']} |" in page
        assert site["marketplaceId"] in page


def test_authorization_flow_tells_the_whole_workflow() -> None:
    """Link, consent, callback, exchange, use, refresh, both workflows and a flow chart are there."""
    page = text_of("references/authorization-flow.md")
    assert "```mermaid" in page
    for fact in (
        "application_id",
        "version=beta",
        "redirect_uri",
        "selling_partner_id",
        "spapi_oauth_code",
        "https://api.amazon.com/auth/o2/token",
        "grant_type=refresh_token",
        "authorization_code",
        "amazon_callback_uri",
        "Partner Network",
        "x-amz-access-token",
        "five minutes",
        "CSRF",
    ):
        assert fact in page, fact


@pytest.mark.parametrize(
    "error",
    [
        "invalid_grant",
        "unauthorized_client",
        "invalid_request",
        "invalid_scope",
        "access_denied",
        "invalid_client",
        "MD1000",
        "MD5101",
        "MD5110",
        "MD9100",
        "SPDC8143",
        "SPSA0404",
        "SPSA2043",
        "CONSENT_LIMIT_REACHED",
    ],
)
def test_amazons_errors_have_a_remedy(error: str) -> None:
    """Every error that the guides list stands in a table with what to do."""
    lines = section(REFERENCES / "authorization-flow.md", "Errors").splitlines()
    rows = [line for line in lines if line.startswith("|") and error in line]
    assert rows
    assert all(len(row) > 40 for row in rows)


def test_every_error_of_the_consent_page_is_explained() -> None:
    """The codes that the stand-in shows are those that have a row, with who is to do what."""
    answers = json.loads((ROOT / "amazon_sandbox/answers.json").read_text(encoding="utf-8"))
    codes = set(answers["consentErrors"])
    page = section(REFERENCES / "authorization-flow.md", "Errors").partition("What the consent page")[2]
    rows = re.findall(r"^\| ([A-Z]+[A-Z0-9_]+) \| .+ \| .+ \|$", page, re.M)
    assert len(codes) > 7
    assert codes == set(rows)


def test_reasons_named_in_the_flow_are_in_the_table_of_failures() -> None:
    """What the flow page says becomes of an error is a reason or code that exists."""
    rows = json.loads((REFERENCES / "errors.json").read_text(encoding="utf-8"))
    known = {row["reason"] for row in rows} | {row["code"] for row in rows}
    page = section(REFERENCES / "authorization-flow.md", "Errors")
    for word in (
        "code_refused",
        "store_revoked",
        "suspended_app",
        "app_credentials",
        "grant_of_another_client",
    ):
        assert f"`{word}`" in page
        assert word in known
    for word in ("request_refused", "scope_refused", "denied", "exchange_failed", "amazon_throttled"):
        assert f"`{word}`" in page
        assert word in known


def test_permissions_page_lists_the_closed_set_of_scopes() -> None:
    """The scopes on the page are those that the gateway accepts, and the advice is to ask for few."""
    page = text_of("references/permissions.md")
    for scope in (
        "orders",
        "inventory",
        "products",
        "reports",
        "shipping",
        "finance",
        "notifications",
        "migration",
    ):
        assert f"`sellingpartnerapi::{scope}`" in page
    assert "fewest" in page


def test_credit_is_told_apart_from_the_key() -> None:
    """The wordings of the hosted gateway, in both languages, are on the page about errors."""
    page = text_of("references/errors.md")
    for words in ("积分余额不足", "计费不足", "余额不足", "套餐到期", "需充值", "请充值", "quota exceeded"):
        assert words in page
    assert "https://os.linkfox.com/" in page
    assert "https://agent.linkfox.com/" in page


def test_amazon_page_stands_alone() -> None:
    """The page of facts names only companions that are in the repository."""
    page = text_of("references/amazon.md")
    assert "references/marketplaces.json" in page
    assert "amazon_sandbox/answers.json" in page
    assert (ROOT / "amazon_sandbox/answers.json").is_file()

"""Sponsored Products campaigns of the Ads API."""

from typing import Any

import pytest
import requests

from tests.support.sandbox_process import SandboxProcess

MEDIA_TYPE = "application/vnd.spCampaign.v3+json"


@pytest.fixture
def token(sandbox: SandboxProcess) -> str:
    """Return an advertiser's access token."""
    return sandbox.grant(advertiserId="SANDBOX_BRANDS")["accessToken"]


def campaigns(
    sandbox: SandboxProcess,
    token: str,
    body: Any = None,
    path: str = "sp/campaigns/list",
    **headers: str | None,
) -> requests.Response:
    """Ask the American host for campaigns; a header given as None is left out."""
    profile = sandbox.profiles(token).json()[0]["profileId"]
    given = {
        "Authorization": f"Bearer {token}",
        "Amazon-Advertising-API-ClientId": sandbox.ready["ads"]["clientId"],
        "Amazon-Advertising-API-Scope": str(profile),
        "Content-Type": MEDIA_TYPE,
        "Accept": MEDIA_TYPE,
        **headers,
    }
    return sandbox.call("POST", f"advertising-api.amazon.com/{path}", json=body or {}, headers=given)


def test_campaigns_come_in_pages_that_add_up(sandbox: SandboxProcess, token: str) -> None:
    """The `nextToken` leads through all of them; the last page has none."""
    body: dict[str, Any] = {"maxResults": 10}
    seen = []
    while True:
        answer = campaigns(sandbox, token, body)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == MEDIA_TYPE
        page = answer.json()
        assert page["totalResults"] == 25
        seen += [campaign["campaignId"] for campaign in page["campaigns"]]
        if "nextToken" not in page:
            break
        body["nextToken"] = page["nextToken"]
    assert len(seen) == len(set(seen)) == 25


def test_the_state_filter_holds(sandbox: SandboxProcess, token: str) -> None:
    """Only what was asked for is listed and counted."""
    page = campaigns(sandbox, token, {"stateFilter": {"include": ["PAUSED"]}}).json()
    assert {campaign["state"] for campaign in page["campaigns"]} == {"PAUSED"}
    assert page["totalResults"] == len(page["campaigns"]) == 5


@pytest.mark.parametrize(
    ("headers", "status", "details"),
    [
        ({"Amazon-Advertising-API-Scope": None}, 401, "Scope header is missing"),
        ({"Amazon-Advertising-API-Scope": "1"}, 401, "Not authorized to access scope 1"),
        ({"Amazon-Advertising-API-Scope": "9007199254740993"}, 401, "No matching advertiser found for scope"),
        ({"Content-Type": "application/json"}, 415, "Cannot consume content type"),
        ({"Accept": "application/json"}, 415, "Cannot consume content type"),
        ({"Authorization": "Bearer x"}, 401, "Authentication failed"),
    ],
)
def test_wrong_headers_are_refused(
    sandbox: SandboxProcess, token: str, headers: dict[str, str | None], status: int, details: str
) -> None:
    """Profiles that are not there, of another region's host, and the media types of version 2."""
    answer = campaigns(sandbox, token, **headers)
    assert answer.status_code == status
    assert answer.json()["details"].startswith(details)


@pytest.mark.parametrize("body", [{"maxResults": 0}, {"maxResults": "x"}, {"nextToken": "x"}, [1]])
def test_a_body_that_cannot_be_used_is_400(sandbox: SandboxProcess, token: str, body: Any) -> None:
    """Each is told as a bad request."""
    assert campaigns(sandbox, token, body).status_code == 400


def test_new_campaigns_are_answered_one_by_one(sandbox: SandboxProcess, token: str) -> None:
    """207, with a number for each."""
    answer = campaigns(sandbox, token, {"campaigns": [{}, {}]}, "sp/campaigns")
    assert answer.status_code == 207
    assert [made["index"] for made in answer.json()["campaigns"]["success"]] == [0, 1]

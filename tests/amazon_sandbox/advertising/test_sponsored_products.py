"""Sponsored Products, version 3, of the Ads API: lists with filters, and new campaigns."""

from typing import Any

import pytest

from tests.support.advertiser import PUBLISHED, Advertiser

LIST, CREATE = "POST /sp/campaigns/list", "POST /sp/campaigns"
MEDIA_TYPE = "application/vnd.spCampaign.v3+json"
KINDS = ("campaigns", "adGroups", "keywords", "negativeKeywords", "productAds", "targets")
NEW = {
    "name": "Neue Kampagne ☕",
    "state": "ENABLED",
    "targetingType": "MANUAL",
    "budget": {"budgetType": "DAILY", "budget": 5.0},
}
# What Amazon's description requires of each kind.
REQUIRED = {
    "campaigns": {"campaignId", "name", "state", "targetingType", "startDate", "budget"},
    "adGroups": {"adGroupId", "campaignId", "name", "state", "defaultBid"},
    "keywords": {"keywordId", "adGroupId", "campaignId", "keywordText", "matchType", "state"},
    "negativeKeywords": {"keywordId", "adGroupId", "campaignId", "keywordText", "matchType", "state"},
    "productAds": {"adId", "adGroupId", "campaignId", "asin", "sku", "state"},
    "targets": {"targetId", "adGroupId", "campaignId", "expression", "expressionType", "state"},
}


def refusal(
    advertiser: Advertiser, body: Any, operation: str = LIST, **headers: str | None
) -> tuple[int, str]:
    """Call an operation that must be refused in version 3's form; return status and code."""
    answer = advertiser.call(operation, body, **headers)
    assert set(answer.json()) == {"code", "message"}
    assert answer.json()["message"]
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize("kind", KINDS)
def test_lists_come_in_pages_that_add_up(advertiser: Advertiser, kind: str) -> None:
    """The `nextToken` leads through all of them, each once, with every field that is required."""
    found = advertiser.listed(kind, maxResults=10)
    assert len(found) >= 25
    own = {"campaigns": "campaignId", "adGroups": "adGroupId", "productAds": "adId", "targets": "targetId"}
    assert len({each[own.get(kind, "keywordId")] for each in found}) == len(found)
    for each in found:
        assert set(each) >= REQUIRED[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_answers_are_of_the_published_type(advertiser: Advertiser, kind: str) -> None:
    """Each kind has its own."""
    operation = f"POST /sp/{kind}/list"
    answer = advertiser.call(operation, {})
    assert answer.headers["Content-Type"] == PUBLISHED[operation]["answer"][0]


def test_what_is_listed_hangs_together(advertiser: Advertiser) -> None:
    """Each ad group is of a campaign, and everything else of an ad group and its campaign."""
    campaigns = {each["campaignId"] for each in advertiser.listed("campaigns")}
    groups = {(each["campaignId"], each["adGroupId"]) for each in advertiser.listed("adGroups")}
    assert {campaign for campaign, _ in groups} == campaigns
    for kind in KINDS[2:]:
        assert {(each["campaignId"], each["adGroupId"]) for each in advertiser.listed(kind)} <= groups


@pytest.mark.parametrize("kind", KINDS)
def test_ids_and_states_are_filters(advertiser: Advertiser, kind: str) -> None:
    """Those of one campaign, those of a state, and nothing for an id that nobody has."""
    everything = advertiser.listed(kind)
    wanted = everything[-1]["campaignId"]
    assert advertiser.listed(kind, campaignIdFilter={"include": [wanted]}) == [
        each for each in everything if each["campaignId"] == wanted
    ]
    assert advertiser.listed(kind, campaignIdFilter={"include": ["1"]}) == []
    assert advertiser.listed(kind, stateFilter={"include": ["PAUSED"]}) == [
        each for each in everything if each["state"] == "PAUSED"
    ]


@pytest.mark.parametrize(
    ("kind", "name", "value", "field", "expected"),
    [
        ("adGroups", "campaignTargetingTypeFilter", "AUTO", "campaignId", None),
        ("keywords", "matchTypeFilter", ["EXACT"], "matchType", {"EXACT"}),
        ("negativeKeywords", "matchTypeFilter", ["NEGATIVE_PHRASE"], "matchType", {"NEGATIVE_PHRASE"}),
        ("targets", "expressionTypeFilter", {"include": ["AUTO"]}, "expressionType", {"AUTO"}),
    ],
)
def test_kinds_have_filters_of_their_own(
    advertiser: Advertiser, kind: str, name: str, value: Any, field: str, expected: set[str] | None
) -> None:
    """Each in the form that Amazon wants for it."""
    if expected is None:
        expected = {each[field] for each in advertiser.listed("campaigns") if each["targetingType"] == value}
    found = advertiser.listed(kind, **{name: value})
    assert {each[field] for each in found} == expected
    assert len(found) < len(advertiser.listed(kind))


def test_names_are_found_whole_or_in_part(advertiser: Advertiser) -> None:
    """`EXACT_MATCH` and `BROAD_MATCH`."""
    first = advertiser.listed("campaigns")[0]["name"]
    exact = {"queryTermMatchType": "EXACT_MATCH", "include": [first]}
    assert [each["name"] for each in advertiser.listed("campaigns", nameFilter=exact)] == [first]
    part = {"queryTermMatchType": "BROAD_MATCH", "include": ["CAMPAIGN 2"]}
    assert len(advertiser.listed("campaigns", nameFilter=part)) == 7  # 2 and 20 to 25
    assert advertiser.listed("campaigns", nameFilter={**part, "queryTermMatchType": "EXACT_MATCH"}) == []


@pytest.mark.parametrize(
    ("headers", "status", "code", "message"),
    [
        ({"Amazon-Advertising-API-Scope": None}, 401, "UNAUTHORIZED", "Scope header is missing"),
        ({"Amazon-Advertising-API-Scope": "1"}, 401, "UNAUTHORIZED", "Not authorized to access scope 1"),
        (
            {"Amazon-Advertising-API-Scope": "9007199254740993"}, 401, "UNAUTHORIZED",
            "No matching advertiser found for scope",
        ),
        ({"Content-Type": "application/json"}, 415, "UNSUPPORTED_MEDIA_TYPE", "Cannot consume content type"),
        ({"Accept": "application/json"}, 415, "UNSUPPORTED_MEDIA_TYPE", "Cannot consume content type"),
        ({"Accept": f"{MEDIA_TYPE};q=0"}, 415, "UNSUPPORTED_MEDIA_TYPE", "Cannot consume content type"),
        ({"Authorization": "Bearer x"}, 401, "UNAUTHORIZED", "Authentication failed"),
    ],
)  # fmt: skip
def test_wrong_headers_are_refused(
    advertiser: Advertiser, headers: dict[str, str | None], status: int, code: str, message: str
) -> None:
    """Profiles that are not there, of another region's host, and the media types of version 2."""
    assert refusal(advertiser, {}, **headers) == (status, code)
    assert advertiser.call(LIST, {}, **headers).json()["message"].startswith(message)


@pytest.mark.parametrize(
    "accept",
    [
        "*/*",
        "application/*",
        f"{MEDIA_TYPE}, application/json",
        f"a/b, {MEDIA_TYPE};q=0.1",
        MEDIA_TYPE.lower(),
    ],
)
def test_what_takes_the_published_type_is_answered(advertiser: Advertiser, accept: str) -> None:
    """Any, one of several, in any case."""
    answer = advertiser.call(LIST, {}, Accept=accept)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, MEDIA_TYPE)


@pytest.mark.parametrize(
    "body",
    [
        [1],
        {"maxResults": 0},
        {"maxResults": "x"},
        {"maxResults": True},
        {"nextToken": "x"},
        {"campaignIdFilter": ["1"]},
        {"campaignIdFilter": {"include": [1]}},
        {"stateFilter": {"include": ["enabled"]}},
        {"nameFilter": {"queryTermMatchType": "CONTAINS", "include": ["x"]}},
    ],
)
def test_a_body_that_cannot_be_used_is_400(advertiser: Advertiser, body: Any) -> None:
    """Each is told as a bad request."""
    assert refusal(advertiser, body) == (400, "INVALID_ARGUMENT")


@pytest.mark.parametrize(
    ("filters", "told"),
    [
        ({"stateFilter": {}}, 'stateFilter is not of the form {"include": […]}.'),
        ({"nameFilter": {"include": "x"}}, 'nameFilter is not of the form {"include": […]}.'),
        ({"campaignTargetingTypeFilter": ["AUTO"]}, "campaignTargetingTypeFilter is not a text."),
    ],
)
def test_a_filter_of_another_form_is_told(advertiser: Advertiser, filters: dict[str, Any], told: str) -> None:
    """With its name and the form that it wants."""
    assert advertiser.call("POST /sp/adGroups/list", filters).json()["message"] == told


def test_a_token_of_another_list_is_400(advertiser: Advertiser) -> None:
    """A page's token leads on in its own list only."""
    token = advertiser.call(LIST, {"maxResults": 1}).json()["nextToken"]
    assert refusal(advertiser, {"nextToken": token}, "POST /sp/keywords/list") == (400, "INVALID_ARGUMENT")


def test_throttling_can_be_had_in_the_words_of_version_3(advertiser: Advertiser) -> None:
    """As an answer by name, beside the older form."""
    advertiser.sandbox.fault({"answer": "sponsoredProducts.throttled"})
    answer = advertiser.call(LIST, {})
    assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (
        429,
        "THROTTLED",
        "1",
    )


def test_new_campaigns_are_answered_one_by_one(advertiser: Advertiser) -> None:
    """207, with a number for each that can be, and the missing field of each that cannot."""
    answer = advertiser.call(CREATE, {"campaigns": [NEW, {"name": "x"}, {**NEW, "budget": {"budget": 5}}]})
    assert (answer.status_code, answer.headers["Content-Type"]) == (207, MEDIA_TYPE)
    outcome = answer.json()["campaigns"]
    assert [made["index"] for made in outcome["success"]] == [0]
    told = [
        (each["index"], error["errorType"], error["errorValue"]["missingValueError"]["cause"]["location"])
        for each in outcome["error"]
        for error in each["errors"]
    ]
    assert told == [
        (1, "missingValueError", "$.campaigns[1].state"),
        (1, "missingValueError", "$.campaigns[1].targetingType"),
        (1, "missingValueError", "$.campaigns[1].budget"),
        (2, "missingValueError", "$.campaigns[2].budget.budgetType"),
    ]


def test_a_new_campaign_is_listed(advertiser: Advertiser) -> None:
    """In its profile only."""
    (made,) = advertiser.call(CREATE, {"campaigns": [NEW]}).json()["campaigns"]["success"]
    wanted = {"include": [made["campaignId"]]}
    (listed,) = advertiser.listed("campaigns", campaignIdFilter=wanted)
    assert listed.items() >= NEW.items()
    advertiser.scope = str(advertiser.profiles[1]["profileId"])
    assert advertiser.listed("campaigns", campaignIdFilter=wanted) == []


@pytest.mark.parametrize("body", [{}, {"campaigns": {}}, {"campaigns": ["x"]}])
def test_what_is_no_list_of_campaigns_is_400(advertiser: Advertiser, body: Any) -> None:
    """Nothing is made of it."""
    assert refusal(advertiser, body, CREATE) == (400, "INVALID_ARGUMENT")

"""Waiting for a consent: what is told, when it ends, and what is kept when it does not end well."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from linkfox_client.commands import waiting
from linkfox_client.commands.waiting import ACCOUNTS, STORES, Patience
from linkfox_client.errors import ClientError

LINK = "https://sellercentral.amazon.com/apps/authorize/consent?application_id=x&state=y"
STATUS = "/spApi/authorizationStatus"
LIST = "/spApi/authorizedStores"
STORE = {"sellerId": "A1", "region": "NA", "sellerName": "Mine"}


class Scripted:
    """A gateway that answers from a list for each path, the last one again and again."""

    def __init__(self, hosted: bool = False, **answers: Any) -> None:
        self.is_hosted = hosted
        self.sandbox = self.is_sandbox_here = False
        self.answers = answers
        self.calls: list[str] = []

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The next answer for the path's last word."""
        self.calls.append(path)
        due = self.answers[path.rsplit("/", 1)[1]]
        answer = due.pop(0) if len(due) > 1 else due[0]
        if isinstance(answer, BaseException):
            raise answer
        return dict(answer)


class Time:
    """A clock moved on by the pauses alone."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def sleep(self, seconds: float) -> None:
        """Note the pause and let it pass."""
        self.pauses.append(seconds)
        self.now += seconds

    @property
    def patience(self) -> Patience:
        """What the waiting loop is given."""
        return Patience(lambda: self.now, self.sleep)


@pytest.fixture
def time() -> Time:
    """Time that passes by pauses only."""
    return Time()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The link's file goes to an empty home."""
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def failure_of(call: Callable[[], object]) -> ClientError:
    """The failure of a wait that does not end well."""
    with pytest.raises(ClientError) as caught:
        call()
    return caught.value


def authorize(gateway: Scripted, time: Time, **more: Any) -> dict[str, Any]:
    """Ask for a store's link, and wait a minute unless told otherwise."""
    options = {"wait": 60, "environ": {}, "patience": time.patience, **more}
    return waiting.authorize(gateway, STORES, {"sellerName": "Mine"}, **options)


def test_without_wait_the_link_is_handed_over_and_nothing_else_is_called(home: Path, time: Time) -> None:
    """The file holds the link to the letter, the document says where it went."""
    gateway = Scripted(authorizeUrl=[{"authorizeUrl": LINK, "authorizationId": "id-1"}])
    document = authorize(gateway, time, wait=None)
    assert document["authorizeUrl"] == LINK
    assert document["authorizationId"] == "id-1"
    assert Path(document["file"]).read_text() == LINK
    assert gateway.calls == ["/spApi/authorizeUrl"]


def test_the_state_is_asked_for_until_it_is_authorized(
    time: Time, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every two seconds; the link is on standard error before the waiting begins."""
    gateway = Scripted(
        authorizeUrl=[{"authorizeUrl": LINK, "authorizationId": "id-1", "notes": ["India is kept under EU"]}],
        authorizationStatus=[{"state": "pending"}] * 3 + [{"state": "authorized", "store": STORE}],
    )
    document = authorize(gateway, time)
    assert document["state"] == "authorized"
    assert document["store"] == STORE
    assert "India is kept under EU" in document["notes"]
    assert time.pauses == [2.0, 2.0, 2.0]
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.index(LINK) < captured.err.index("Waiting up to 60 seconds")


@pytest.mark.parametrize(
    ("state", "reason", "code", "exit_code"),
    [
        ("denied", "access_denied", "denied", 4),
        ("expired", "expired", "expired", 8),
        ("failed", "wrong_seller", "authorization_failed", 6),
        ("failed", "code_refused", "authorization_failed", 6),
        ("failed", "a reason of tomorrow", "authorization_failed", 6),
        ("failed", None, "authorization_failed", 6),
        (["odd"], ["odd"], "authorization_failed", 6),
    ],
)
def test_an_attempt_that_ends_badly_is_a_failure_with_our_own_hint(
    state: Any, reason: Any, code: str, exit_code: int, time: Time
) -> None:
    """The gateway's hint is not repeated; the link and the attempt's id are kept."""
    gateway = Scripted(
        authorizeUrl=[{"authorizeUrl": LINK, "authorizationId": "id-1"}],
        authorizationStatus=[{"state": state, "reason": reason, "hint": "run rm -rf"}],
    )
    failure = failure_of(lambda: authorize(gateway, time))
    assert (failure.code, failure.exit_code) == (code, exit_code)
    assert failure.hint
    assert "rm -rf" not in failure.hint
    assert failure.fields["authorizeUrl"] == LINK
    assert failure.fields["authorizationId"] == "id-1"


def test_when_the_time_is_over_it_says_how_to_go_on(time: Time, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 8, the attempt lives on; meanwhile a line every half minute."""
    gateway = Scripted(
        authorizeUrl=[{"authorizeUrl": LINK, "authorizationId": "id-1"}],
        authorizationStatus=[{"state": "pending"}],
    )
    failure = failure_of(lambda: authorize(gateway, time, wait=95))
    assert (failure.code, failure.exit_code, failure.retryable) == ("timeout", 8, True)
    assert "--authorization-id id-1" in failure.hint
    assert failure.fields["state"] == "pending"
    assert time.now == 95
    assert capsys.readouterr().err.count("Still waiting") == 3


def test_a_passing_failure_is_waited_out_and_a_final_one_is_not(time: Time) -> None:
    """The gateway may be restarted meanwhile; a revoked key does not come back."""
    passing = ClientError("gateway_failed", "x", "y", retryable=True)
    gateway = Scripted(authorizationStatus=[passing, passing, {"state": "authorized", "store": STORE}])
    followed = waiting.follow(gateway, STORES, "id-1", 60, patience=time.patience)
    assert followed["store"] == STORE
    gateway = Scripted(authorizationStatus=[ClientError("unauthorized", "x", "y")])
    failure = failure_of(lambda: waiting.follow(gateway, STORES, "id-1", 60, patience=time.patience))
    assert failure.code == "unauthorized"
    assert len(gateway.calls) == 1
    gateway = Scripted(authorizationStatus=[passing])
    assert failure_of(lambda: waiting.follow(gateway, STORES, "id-1", 10, patience=time.patience)) is passing


@pytest.mark.parametrize("flow", [STORES, ACCOUNTS])
def test_an_attempt_that_nobody_knows_leads_back_to_where_ids_come_from(
    flow: waiting.Flow, time: Time
) -> None:
    """Not to the lists of what is authorized, and it is not asked for again."""
    unknown = ClientError("not_found", "no such", "List what is authorized.")
    gateway = Scripted(authorizationStatus=[unknown])
    failure = failure_of(lambda: waiting.follow(gateway, flow, "id-1", 60, patience=time.patience))
    assert (failure.code, len(gateway.calls)) == ("not_found", 1)
    assert flow.script in failure.hint


def test_an_earlier_attempt_can_be_looked_at_without_waiting(time: Time) -> None:
    """Pending is an answer then, not a failure."""
    gateway = Scripted(authorizationStatus=[{"state": "pending"}])
    document = waiting.follow(gateway, STORES, "id-1", None, patience=time.patience)
    (note,) = document.pop("notes")
    assert "ask the user" in note
    assert document == {"authorizationId": "id-1", "state": "pending"}
    assert time.pauses == []


def test_a_profile_sync_that_failed_is_told_beside_the_authorization(time: Time) -> None:
    """The account stands; the note tells the manager-account remedy."""
    status = {"state": "authorized", "account": {"accountName": "B"}, "profileSync": "profile_sync_failed"}
    gateway = Scripted(authorizationStatus=[status])
    document = waiting.follow(gateway, ACCOUNTS, "id-1", 5, patience=time.patience)
    assert document["state"] == "authorized"
    assert "Manager accounts" in document["notes"][0]


def test_a_profile_sync_that_is_incomplete_is_only_to_be_repeated(time: Time) -> None:
    """The note says how; nobody is sent to the manager accounts."""
    status = {"state": "authorized", "profileSync": "incomplete", "reason": "profile_sync_incomplete"}
    gateway = Scripted(authorizationStatus=[status])
    (note,) = waiting.follow(gateway, ACCOUNTS, "id-1", 5, patience=time.patience)["notes"]
    assert "ads_profiles.py --refresh" in note
    assert "Manager accounts" not in note


def test_on_the_hosted_gateway_the_list_is_watched(time: Time) -> None:
    """A store that was not there before is the one."""
    other = {"sellerId": "A0", "region": "EU"}
    gateway = Scripted(
        hosted=True,
        authorizeUrl=[{"authorizeUrl": LINK}],
        authorizedStores=[{"stores": [other]}, {"stores": [other]}, {"stores": [other, STORE]}],
    )
    document = authorize(gateway, time)
    assert (document["state"], document["store"]) == ("authorized", STORE)
    assert time.pauses == [15.0]


def test_on_the_hosted_gateway_an_account_is_known_by_its_record(time: Time) -> None:
    """Another profile of a known account is nothing new."""
    one, two = {"authRecordId": 1, "profileId": 10}, {"authRecordId": 1, "profileId": 11}
    new = {"authRecordId": 2, "profileId": 10}
    gateway = Scripted(
        hosted=True,
        authorizeUrl=[{"authorizeUrl": "https://www.amazon.com/ap/oa?client_id=x"}],
        authorizedStores=[{"stores": [one]}, {"stores": [one, two]}, {"stores": [one, two, new]}],
    )
    document = waiting.authorize(
        gateway, ACCOUNTS, {"accountName": "B"}, wait=60, environ={}, patience=time.patience
    )
    assert document["account"] == new


def test_authorizing_a_known_store_again_cannot_be_seen_there(time: Time) -> None:
    """It says so at once (exit 8), and the link is not lost; a store that is not known yet is watched for."""
    known = {"sellerId": "A1", "region": "NA"}
    answers = {"authorizeUrl": [{"authorizeUrl": LINK}], "authorizedStores": [{"stores": [STORE]}]}
    failure = failure_of(lambda: authorize(Scripted(hosted=True, **answers), time, again=known))
    assert (failure.code, failure.exit_code) == ("timeout", 8)
    assert failure.fields["authorizeUrl"] == LINK
    assert time.pauses == []
    answers["authorizedStores"] = [{"stores": []}, {"stores": [STORE]}]
    assert authorize(Scripted(hosted=True, **answers), time, again=known)["store"] == STORE


def test_the_hosted_gateway_shows_nothing_new_in_time(time: Time) -> None:
    """Exit 8, with what that may mean."""
    gateway = Scripted(
        hosted=True, authorizeUrl=[{"authorizeUrl": LINK}], authorizedStores=[{"stores": [STORE]}]
    )
    failure = failure_of(lambda: authorize(gateway, time))
    assert (failure.code, failure.exit_code) == ("timeout", 8)
    assert "known before" in failure.hint


def test_an_attempt_cannot_be_followed_on_the_hosted_gateway(time: Time) -> None:
    """It has no such path, so none is called."""
    gateway = Scripted(hosted=True)
    failure = failure_of(lambda: waiting.follow(gateway, STORES, "id-1", 5, patience=time.patience))
    assert failure.code == "bad_arguments"
    assert gateway.calls == []


def test_ctrl_c_keeps_the_link_and_the_attempt(time: Time) -> None:
    """Exit 130, and how to go on waiting."""
    gateway = Scripted(
        authorizeUrl=[{"authorizeUrl": LINK, "authorizationId": "id-1"}],
        authorizationStatus=[{"state": "pending"}, KeyboardInterrupt()],
    )
    failure = failure_of(lambda: authorize(gateway, time))
    assert (failure.code, failure.exit_code) == ("interrupted", 130)
    assert failure.fields["authorizeUrl"] == LINK
    assert "--authorization-id id-1" in failure.hint


@pytest.mark.parametrize("link", [None, 7, "http://sellercentral.amazon.com/x", "javascript:alert(1)"])
def test_a_link_that_is_none_is_not_handed_over(link: object, home: Path, time: Time) -> None:
    """Nothing is written and nothing opened."""
    gateway = Scripted(authorizeUrl=[{"authorizeUrl": link}])
    assert failure_of(lambda: authorize(gateway, time)).code == "gateway_failed"
    assert list(home.iterdir()) == []


def test_a_strange_attempt_id_is_not_put_into_a_command(time: Time) -> None:
    """The hint is a command that people run."""
    gateway = Scripted(
        authorizeUrl=[{"authorizeUrl": LINK, "authorizationId": "x; rm -rf ~"}],
        authorizationStatus=[{"state": "pending"}],
    )
    assert "rm" not in failure_of(lambda: authorize(gateway, time)).hint


# What an agent is told to do next


@pytest.mark.parametrize(
    ("flow", "tells"), [(STORES, "Amazon does not tell when somebody cancels"), (ACCOUNTS, "go on waiting")]
)
def test_a_store_that_was_refused_is_asked_about_and_not_waited_for(
    flow: waiting.Flow, tells: str, time: Time
) -> None:
    """Ads refusals come back as denied; either way the next wait is one that a harness lets end."""
    gateway = Scripted(authorizationStatus=[{"state": "pending"}])
    failure = failure_of(lambda: waiting.follow(gateway, flow, "id-1", 3, patience=time.patience))
    assert failure.code == "timeout"
    assert tells in failure.hint
    assert ("ask the user" in failure.hint) is (flow is STORES)
    assert f"`python3 scripts/{flow.script} --authorization-id id-1 --wait 60`" in failure.hint
    assert "15 minutes" in failure.hint


def test_an_expired_link_is_no_reason_to_press_somebody_who_refused(time: Time) -> None:
    """For 15 minutes a refusal looked like waiting."""
    gateway = Scripted(authorizationStatus=[{"state": "expired", "reason": "expired"}])
    failure = failure_of(lambda: waiting.follow(gateway, STORES, "id-1", 3, patience=time.patience))
    assert failure.hint.startswith("Ask the person whether they still want to")


KNOWN = {"state": "authorized", "store": STORE, "alreadyKnown": True}


def test_a_store_that_was_known_is_not_taken_for_a_second_one(time: Time) -> None:
    """The fields are passed on, and a note says what they mean."""
    status = KNOWN | {"previousName": "T2", "sameName": 2}
    document = waiting.follow(
        Scripted(authorizationStatus=[status]), STORES, "id-1", 3, patience=time.patience
    )
    assert (document["alreadyKnown"], document["previousName"], document["sameName"]) == (True, "T2", 2)
    known, back, same = document["notes"]
    assert "`python3 scripts/rename_store.py --seller-id A1 --region NA --new-name T2`" in back
    assert 'as "T2", and is now called "Mine"' in known
    assert "another store was meant" in known
    assert same.startswith("2 more in the list have the same name: tell them apart by sellerId and region")


def test_a_store_with_its_old_name_and_a_new_one_are_told_apart(time: Time) -> None:
    """Known without another name before: no renaming is told of; new: nothing at all."""
    (note,) = waiting.follow(
        Scripted(authorizationStatus=[KNOWN]), STORES, "id-1", 3, patience=time.patience
    )["notes"]
    assert "was known before: it was authorized again" in note
    new = {"state": "authorized", "store": STORE, "alreadyKnown": False}
    assert "notes" not in waiting.follow(
        Scripted(authorizationStatus=[new]), STORES, "id-1", 3, patience=time.patience
    )


def test_a_wrong_seller_is_named_beside_the_one_that_was_expected(time: Time) -> None:
    """With the link to make next, for the right one in its region."""
    ended = {"state": "failed", "reason": "wrong_seller", "expectedSellerId": "A1", "gotSellerId": "A2"}
    gateway = Scripted(
        authorizeUrl=[{"authorizeUrl": LINK, "authorizationId": "id-1"}], authorizationStatus=[ended]
    )
    body = {"sellerName": "Mine", "sellerId": "A1", "region": "EU"}
    failure = failure_of(
        lambda: waiting.authorize(gateway, STORES, body, wait=5, environ={}, patience=time.patience)
    )
    assert (failure.fields["expectedSellerId"], failure.fields["gotSellerId"]) == ("A1", "A2")
    assert failure.message.endswith("A1 was expected, and A2 signed in")
    assert "`python3 scripts/authorize_url.py --seller-id A1 --region EU`" in failure.hint
    later = failure_of(lambda: waiting.follow(gateway, STORES, "id-1", 3, patience=time.patience))
    assert "`python3 scripts/authorize_url.py --seller-id A1`" in later.hint
    told = Scripted(authorizationStatus=[ended | {"region": "EU"}])
    later = failure_of(lambda: waiting.follow(told, STORES, "id-1", 3, patience=time.patience))
    assert "`python3 scripts/authorize_url.py --seller-id A1 --region EU`" in later.hint


def test_what_amazon_said_of_a_failed_consent_is_passed_on(time: Time) -> None:
    """The hint tells to read it."""
    status = {"state": "failed", "reason": "consent_failed", "detail": "application is a draft"}
    gateway = Scripted(authorizationStatus=[status])
    failure = failure_of(lambda: waiting.follow(gateway, STORES, "id-1", 3, patience=time.patience))
    assert failure.message.endswith(": application is a draft")


def test_how_to_hand_a_link_over_is_not_told_once_it_was_used(time: Time) -> None:
    """What the gateway noted about the link stays."""
    gateway = Scripted(
        authorizeUrl=[{"authorizeUrl": LINK, "authorizationId": "id-1", "notes": ["India is kept under EU"]}],
        authorizationStatus=[{"state": "authorized", "store": STORE}],
    )
    assert authorize(gateway, time)["notes"] == ["India is kept under EU"]
    assert len(authorize(gateway, time, wait=None)["notes"]) == 2


def ads_profiles(count: int) -> list[dict[str, Any]]:
    """Profiles of one advertiser, as a status tells them."""
    names = {"accountInfoName": "Partners", "accountName": "Brand", "accountNames": ["Brand"]}
    ids = {"accountInfoId": "ENTITY1", "authRecordId": 7, "status": "authorized", "dailyBudget": None}
    return [names | ids | {"profileId": number, "countryCode": "US"} for number in range(1, count + 1)]


def test_an_account_that_was_authorized_again_tells_what_its_login_brings(time: Time) -> None:
    """Another login took the profiles of the first: who is told of a renewal alone takes it for a success."""
    account = {"authRecordId": 7, "accountName": "Brand", "profiles": ads_profiles(2)}
    status = {"state": "authorized", "account": account, "alreadyKnown": True}
    document = waiting.follow(
        Scripted(authorizationStatus=[status]), ACCOUNTS, "id-1", 3, patience=time.patience
    )
    (note,) = [note for note in document["notes"] if "Partners" in note]
    assert "no others: Partners (US)" in note
    assert "Name them to the user" in note
    new = waiting.follow(
        Scripted(authorizationStatus=[status | {"alreadyKnown": False}]),
        ACCOUNTS,
        "id-1",
        3,
        patience=time.patience,
    )
    assert "notes" not in new


def test_an_account_of_many_profiles_is_no_long_document(time: Time) -> None:
    """A harness cuts it in the middle; the list has them all."""
    account = {"authRecordId": 7, "accountName": "Brand", "profiles": ads_profiles(400)}
    status = {"state": "authorized", "account": account, "alreadyKnown": False}
    document = waiting.follow(
        Scripted(authorizationStatus=[status]), ACCOUNTS, "id-1", 3, patience=time.patience
    )
    shown = len(document["account"]["profiles"])
    assert 0 < shown < 400
    assert len(json.dumps(document)) < 6_000
    assert f"{shown} of 400 profiles are shown." in document["notes"]
    assert "notes" not in document["account"]


def test_an_account_of_one_seller_in_all_regions_is_whole(time: Time) -> None:
    """As most are: a site that is not shown is taken for one that did not come."""
    named = {"accountInfoName": "x" * 60, "timezone": "America/Los_Angeles", "marketplaceStringId": "A" * 14}
    account = {"authRecordId": 7, "profiles": [profile | named for profile in ads_profiles(23)]}
    status = {"state": "authorized", "account": account, "alreadyKnown": False}
    document = waiting.follow(
        Scripted(authorizationStatus=[status]), ACCOUNTS, "id-1", 3, patience=time.patience
    )
    assert len(document["account"]["profiles"]) == 23
    assert "notes" not in document


def test_the_sites_of_a_store_that_takes_part_are_named(time: Time) -> None:
    """Amazon lists all sites of a region; those where the seller sells are what a user is told of."""
    sites = [
        {"marketplaceId": "A1F83G8C2ARO7P", "countryCode": "UK", "participating": True},
        {"marketplaceId": "A21TJRUUN4KGV", "countryCode": "IN", "participating": False},
    ]
    status = {"state": "authorized", "store": STORE | {"sites": sites}, "alreadyKnown": False}
    document = waiting.follow(
        Scripted(authorizationStatus=[status]), STORES, "id-1", 3, patience=time.patience
    )
    assert document["store"]["countryCodes"] == ["UK"]
    assert "sites" not in document["store"]

"""What is answered of ads accounts; their profiles are told as in `profiles.py`."""

from collections.abc import Sequence
from typing import Any, Literal, Self

from pydantic import Field

from gateway.api.answers.base import (
    A_HINT,
    A_NAME,
    A_REGION,
    Absent,
    Answer,
    Number,
    Record,
    Removed,
    WithNotes,
    extra,
)
from gateway.api.answers.grants import (
    AttemptStatus,
    ConsentLink,
    FormerName,
    GrantState,
    ListAnswer,
    ReadTokens,
    ReasonedState,
    RefreshedTokens,
    Replacement,
    record_id,
    refresh_fields,
    state_fields,
    token_fields,
)
from gateway.api.answers.profiles import AccountProfile, Profiles, profiles_of
from gateway.api.error_groups import ATTEMPT_REASONS, REFRESH_ERRORS
from gateway.authorization import imports
from gateway.authorization.profile_sync import SyncState, Word
from gateway.authorization.removal import left_at_amazon
from gateway.authorization.starting import StartedAuthorization
from gateway.errors import TABLE, Problem
from gateway.model import Customer, Grant, Kept, Profile, Region, UnreadProfiles
from gateway.tokens.grant_tokens import GrantTokens
from gateway.util.clock import rfc3339

PROFILE_SYNC = (
    "How the profiles could be read from Amazon: `ok`; `profile_sync_failed` where it listed none; "
    "`incomplete` where it did not answer for each region. The authorization stands anyway"
)
WHY_UNREAD = "Why Amazon could not be asked, in a few words"
SYNC_REASONS = ("profile_sync_failed", "profile_sync_incomplete", "profile_sync_unanswered")


class NamedAccount(Record):
    """An ads account by its name."""

    account_name: str = Field(description=A_NAME, examples=["My Brand"])
    region: Region = Field(description=A_REGION, examples=["NA"])


class NewAccount(GrantState, NamedAccount):
    """An ads account that was authorized a moment ago."""

    unread_regions: list[Region] | Absent = extra(
        "The regions whose profiles Amazon has not answered for; they are asked again from time to time, and "
        "at once by `/amazonAds/profiles` with `refresh`",
        json_schema_extra={"minItems": 1},
    )


class Account(ReasonedState, NewAccount):
    """An ads account without its profiles."""

    @classmethod
    def of(cls, grant: Grant, unread: UnreadProfiles | None = None) -> Self:
        """Return one ads authorization without its profiles. `unread`: what is missing of them."""
        return cls.model_validate(_account(grant, unread))


def _account(grant: Grant, unread: UnreadProfiles | None) -> dict[str, Any]:
    return {
        "account_name": grant.name,
        "region": grant.region,
        **state_fields(grant),
        "unread_regions": None if unread is None else list(unread.regions),
    }


class AccountReference(Record):
    """Whose tokens they are."""

    account_name: str = Field(description=A_NAME, examples=["My Brand"])


class AccountTokens(ReadTokens, AccountReference):
    """An ads account's tokens."""

    client_id: str = Field(
        description="The Ads API wants it as the header `Amazon-Advertising-API-ClientId`",
        examples=["amzn1.application-oa2-client.example"],
    )

    @classmethod
    def of(cls, held: GrantTokens, client_id: str, now: float, stand_in: str | None) -> Self:
        """Return an ads account's tokens. `now`: epoch seconds; `stand_in`: its origin, in a sandbox."""
        return cls.unchecked(
            **token_fields(held, now),
            account_name=held.grant.name,
            client_id=client_id,
            amazon_origin=stand_in,
        )


class RefreshedAccountTokens(RefreshedTokens, AccountReference):
    """An ads account's tokens after a refresh."""

    @classmethod
    def of(cls, held: GrantTokens, now: float) -> Self:
        """Return an ads account's tokens. `now`: epoch seconds."""
        return cls(**refresh_fields(held, now), account_name=held.grant.name)


class AccountWithProfiles(Profiles, Account):
    """The account, as it is kept."""

    @classmethod
    def with_profiles(cls, grant: Grant, profiles: Sequence[Profile], unread: UnreadProfiles | None) -> Self:
        """Return an account with what it reaches. `unread`: what is missing of that."""
        return cls.model_validate({**_account(grant, unread), "profiles": profiles_of(grant, profiles)})


class RemovedAccount(WithNotes, NamedAccount, Removed):
    """That an ads account is gone."""

    auth_record_id: Number = record_id()

    @classmethod
    def of(cls, removed: Grant) -> Self:
        """Return that an account is gone."""
        notes = [left_at_amazon(removed)]
        return cls.model_validate({**_account(removed, None), "removed": True, "notes": notes})


class RenamedAccount(FormerName, NamedAccount, Answer):
    """An ads account under its new name."""

    auth_record_id: Number = record_id()

    @classmethod
    def of(cls, renamed: Kept) -> Self:
        """Return an account that was renamed."""
        return cls.model_validate({**_account(renamed.grant, None), "previous_name": renamed.previous_name})


class AccountLink(ConsentLink):
    """An ads account's consent link."""

    source_type: Literal["amazon_ads"] = Field(description="Always the same")

    @classmethod
    def of(cls, begun: StartedAuthorization, region: Region, customer: Customer) -> Self:
        """Return the link that was made."""
        return cls(
            authorize_url=begun.link,
            authorization_id=begun.attempt_id,
            expires_at=rfc3339(begun.expires_at) or "",
            region=region,
            external_id=customer.external_id,
            return_url=customer.return_url,
            source_type="amazon_ads",
        )


def incomplete_accounts() -> Any:
    """Return a field that holds the accounts that a list lacks something of."""
    return extra(
        "Accounts whose profiles could not be read in each region: what the list lacks is not known to be "
        "missing at Amazon",
        json_schema_extra={"minItems": 1},
    )


class Accounts(ListAnswer):
    """The caller's ads accounts."""

    stores: list[AccountProfile] = Field(description="The accounts and sites")
    total: int = Field(description="How many there are", ge=0, examples=[1])
    accounts_without_profiles: list[Account] = Field(
        description="Authorizations whose profiles could not be read", examples=[[]]
    )
    total_without_profiles: int = Field(description="How many of those there are", ge=0, examples=[0])
    incomplete_accounts: list[Account] | Absent = incomplete_accounts()
    covered_accounts: list[Account] | Absent = extra(
        "Authorizations that have ended while others stand for all of their profiles, so that no row of "
        "`stores` tells of them",
        json_schema_extra={"minItems": 1},
    )


class SyncFailure(Record):
    """Why Amazon could not be asked for the profiles of one account, while it could for another."""

    auth_record_id: Number = record_id()
    account_name: str = Field(description=A_NAME, examples=["My Brand"])
    reason: str = Field(
        description="As `reason` of an error",
        json_schema_extra={"enum": [*REFRESH_ERRORS, "token_refused", "amazon_rejected"]},
    )
    errmsg: str = Field(description="What went wrong, on one line")
    regions: list[Region] | Absent = extra(
        "The regions that did not answer; absent where the account could not be asked for at all",
        json_schema_extra={"minItems": 1},
    )

    @classmethod
    def of(cls, grant: Grant, problem: Problem, regions: Sequence[Region] = ()) -> Self:
        """Return what went wrong with an account, or with some of its regions."""
        return cls(
            auth_record_id=grant.id,
            account_name=grant.name,
            reason=problem.reason,
            errmsg=problem.message,
            regions=list(regions) or None,
        )


class ProfileList(Answer, Profiles):
    """The caller's profiles."""

    total: int = Field(description="How many there are", ge=0, examples=[1])
    refreshed: bool = Field(description="Whether Amazon answered for all of them just now", examples=[True])
    failures: list[SyncFailure] | Absent = extra(
        "The accounts that Amazon could not be asked for, or not in each region",
        json_schema_extra={"minItems": 1},
    )
    incomplete_accounts: list[Account] | Absent = incomplete_accounts()


class ImportedAccount(Answer, Replacement, Profiles, NewAccount):
    """An imported ads account with its profiles."""

    total: int = Field(description="How many there are", ge=0, examples=[1])
    profile_sync: Word = Field(description=PROFILE_SYNC, examples=["ok"])
    reason: str | Absent = extra(
        "What is missing of the profiles", json_schema_extra={"enum": list(SYNC_REASONS)}
    )
    hint: str | Absent = extra(A_HINT)
    detail: str | Absent = extra(WHY_UNREAD)

    @classmethod
    def imported(cls, grant: Grant, profiles: Sequence[Profile], found: imports.ImportedAccount) -> Self:
        """Return an account that was imported. `grant`: as it is to be shown."""
        return cls.model_validate(
            {
                **_account(grant, found.state.unread),
                "replaced": found.replaced is not None,
                "already_known": found.replaced is not None,
                "profiles": profiles_of(grant, profiles),
                "total": len(profiles),
                **sync_fields(found.state),
            }
        )


def sync_fields(state: SyncState) -> dict[str, Any]:
    """Return the fields that say how the profiles of an account could be read, and what to do."""
    row = None if state.reason is None else TABLE[state.reason]
    return {
        "profile_sync": state.word,
        "reason": row and row.reason,
        "hint": row and row.remedy,
        "detail": state.unread and state.unread.cause,
    }


class AccountStatus(AttemptStatus):
    """How an attempt to authorize an ads account stands."""

    reason: str | Absent = extra(
        "Why it did not come to an authorization, or what is missing of the profiles",
        json_schema_extra={"enum": [*ATTEMPT_REASONS, *SYNC_REASONS]},
    )
    hint: str | Absent = extra(A_HINT)
    profile_sync: Word | Absent = extra(PROFILE_SYNC)
    account: AccountWithProfiles | Absent = extra("The account, as it is kept")

"""What is answered of stores."""

from typing import Any, Literal, Self

from pydantic import Field

from gateway.api.answers.base import (
    A_HINT,
    A_NAME,
    A_REGION,
    Absent,
    Answer,
    Record,
    Removed,
    WithNotes,
    extra,
)
from gateway.api.answers.grants import (
    AttemptStatus,
    ConsentLink,
    FormerName,
    ListAnswer,
    ReadTokens,
    RefreshedTokens,
    Replacement,
    refresh_fields,
    token_fields,
)
from gateway.api.answers.store_rows import (
    ListedStore,
    NewStore,
    SameName,
    Store,
    StoreCandidate,
    sites_fields,
    store_fields,
)
from gateway.api.error_groups import ATTEMPT_REASONS, REFRESH_ERRORS
from gateway.api.requests.base import EXAMPLE_NAME, EXAMPLE_SELLER
from gateway.authorization import imports
from gateway.authorization.removal import left_at_amazon
from gateway.authorization.starting import StartedAuthorization
from gateway.authorization.store_check import CHECK_REASONS
from gateway.errors import TABLE, Problem
from gateway.model import Customer, Grant, Kept, Region, StoreSites
from gateway.regions import notes_of
from gateway.tokens.grant_tokens import GrantTokens
from gateway.util.clock import rfc3339


class StoreCheck(Record):
    """What the first look at a store has found, with what to do about it."""

    verification: str | Absent = extra(
        "Whether Amazon answered for the store: `verified`; `unverified` where the application lacks the "
        "role for the check; `wrong_region`; or `not_checked: ` and why. The authorization stands anyway",
        pattern="^(verified|unverified|wrong_region|not_checked: .*)$",
    )
    verification_reason: Literal["role_missing", "wrong_region"] | Absent = extra("What the check found")
    verification_hint: str | Absent = extra(A_HINT)


def check_fields(verification: str | None) -> dict[str, str]:
    """Return the fields of StoreCheck; none where there is nothing to say."""
    if verification is None:
        return {}
    document = {"verification": verification}
    if verification in CHECK_REASONS:
        row = TABLE[CHECK_REASONS[verification]]
        document |= {"verification_reason": row.reason, "verification_hint": row.remedy}
    return document


class ImportedStore(Answer, WithNotes, StoreCheck, SameName, FormerName, Replacement, NewStore):
    """An imported store. `verification` is only there where Amazon did not answer for it."""

    seller_id_proven: Literal[False] = Field(
        description="Always false: Amazon answers for a token without naming the seller, so compare the id "
        "with Seller Central",
        examples=[False],
    )

    @classmethod
    def imported(
        cls,
        grant: Grant,
        sites: StoreSites | None,
        asked: Region,
        found: imports.ImportedStore,
        same_name: int,
    ) -> Self:
        """Return a store that was imported under the region `asked`. `grant`: as it is to be shown."""
        checked = {} if found.verification == "verified" else check_fields(found.verification)
        return cls.model_validate(
            {
                **store_fields(grant),
                **sites_fields(sites),
                **checked,
                "replaced": found.replaced is not None,
                "already_known": found.replaced is not None,
                "previous_name": Kept(grant, found.replaced).previous_name,
                "same_name": same_name or None,
                "seller_id_proven": False,
                "notes": notes_of(asked, grant.region),
            }
        )


class StoreFailure(StoreCandidate):
    """Why Amazon could not be asked for the sites of one store, or did not answer for it."""

    reason: str = Field(
        description="As `reason` of an error",
        json_schema_extra={
            "enum": [*REFRESH_ERRORS, *CHECK_REASONS.values(), "amazon_rejected", "answer_too_large"]
        },
    )
    errmsg: str = Field(description="What went wrong, on one line")
    hint: str = Field(description=A_HINT)

    @classmethod
    def told(cls, grant: Grant, problem: Problem) -> Self:
        """Return what went wrong with a store."""
        return cls.model_validate(
            {
                **store_fields(grant),
                "reason": problem.reason,
                "errmsg": problem.message,
                "hint": problem.row.remedy,
            }
        )


class Stores(ListAnswer):
    """The caller's stores."""

    stores: list[ListedStore] = Field(description="The stores")
    total: int = Field(description="How many there are", ge=0, examples=[1])
    refreshed: bool | Absent = extra("With `refresh`: whether Amazon answered for all of these just now")
    failures: list[StoreFailure] | Absent = extra(
        "The stores that Amazon could not be asked for, or did not answer for",
        json_schema_extra={"minItems": 1},
    )


class StoreLink(WithNotes, ConsentLink):
    """A store's consent link."""

    @classmethod
    def of(cls, begun: StartedAuthorization, region: Region, customer: Customer, notes: list[str]) -> Self:
        """Return the link that was made, for a store that is to be kept under `region`."""
        return cls(
            authorize_url=begun.link,
            authorization_id=begun.attempt_id,
            expires_at=rfc3339(begun.expires_at) or "",
            region=region,
            external_id=customer.external_id,
            return_url=customer.return_url,
            notes=notes or None,
        )


class StoreReference(WithNotes):
    """Whose tokens they are."""

    seller_id: str = Field(
        description="Amazon's id of the seller (merchant token)", examples=[EXAMPLE_SELLER]
    )
    seller_name: str = Field(description=A_NAME, examples=[EXAMPLE_NAME])
    region: Region = Field(description=A_REGION, examples=["NA"])


class StoreTokens(ReadTokens, StoreReference):
    """A store's tokens."""

    marketplace: str | Absent = extra("The site that was named when it was authorized")

    @classmethod
    def of(cls, held: GrantTokens, asked: Region, now: float, stand_in: str | None) -> Self:
        """Return tokens of a store that was asked for under the region `asked`.

        `now`: epoch seconds; `stand_in`: its origin, in a sandbox.
        """
        return cls.unchecked(
            **token_fields(held, now),
            **_of_store(held.grant, asked),
            marketplace=held.grant.marketplace,
            amazon_origin=stand_in,
        )


class RefreshedStoreTokens(RefreshedTokens, StoreReference):
    """A store's tokens after a refresh."""

    @classmethod
    def of(cls, held: GrantTokens, asked: Region | None, now: float) -> Self:
        """Return tokens of a store that was asked for under the region `asked`. `now`: epoch seconds."""
        return cls(**refresh_fields(held, now), **_of_store(held.grant, asked))


def _of_store(grant: Grant, asked: Region | None) -> dict[str, Any]:
    return {
        "seller_id": grant.seller_id,
        "seller_name": grant.name,
        "region": grant.region,
        "notes": notes_of(asked, grant.region),
    }


class StoreStatus(WithNotes, StoreCheck, SameName, AttemptStatus):
    """How an attempt to authorize a store stands."""

    reason: str | Absent = extra(
        "Why it did not come to an authorization", json_schema_extra={"enum": list(ATTEMPT_REASONS)}
    )
    hint: str | Absent = extra(A_HINT)
    expected_seller_id: str | Absent = extra("With `wrong_seller`: the seller that the link was made for")
    got_seller_id: str | Absent = extra("With `wrong_seller`: the seller that came back from Amazon")
    region: Region | Absent = extra("With `wrong_seller`: the region that the link was made for")
    store: Store | Absent = extra("The store, as it is kept")


class RemovedStore(WithNotes, StoreCandidate, Removed):
    """That a store is gone."""

    @classmethod
    def gone(cls, removed: Grant, asked: Region) -> Self:
        """Return that a store is gone that was asked for under the region `asked`."""
        notes = [*(notes_of(asked, removed.region) or ()), left_at_amazon(removed)]
        return cls.model_validate({**store_fields(removed), "removed": True, "notes": notes})


class RenamedStore(WithNotes, SameName, FormerName, StoreCandidate, Answer):
    """A store under its new name."""

    @classmethod
    def renamed(cls, renamed: Kept, asked: Region | None, same_name: int) -> Self:
        """Return a store that was asked for under the region `asked`.

        `same_name`: how many others have its name.
        """
        notes = notes_of(asked, renamed.grant.region)
        return cls.model_validate(
            {
                **store_fields(renamed.grant),
                "previous_name": renamed.previous_name,
                "same_name": same_name or None,
                "notes": notes,
            }
        )

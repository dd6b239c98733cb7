"""Whose authorization a proxied call is made with: what is named, or what the caller's token belongs to."""

from dataclasses import dataclass

from gateway.errors import Problem
from gateway.model import Caller, Flow, Grant, Region, Tokens
from gateway.tokens.holdings import Holdings, check_profile_region, check_store_region
from gateway.util.secret import Secret


@dataclass(frozen=True, slots=True)
class Bearer:
    """A store or ads account, and where it is called.

    `presented`: the token that the caller brought; None where the gateway takes one itself, and keeps it.
    `held`: the grant's tokens where they were read with it. `is_application`: it is the application itself,
    whose calls are for no store; what stands for its grant is in no database.
    """

    grant: Grant
    region: Region
    presented: Secret | None = None
    profile_id: int | None = None
    held: Tokens | None = None
    is_application: bool = False


def application(caller: Caller, region: Region) -> Bearer:
    """Return the application as the bearer of a user's call."""
    grant = Grant(
        id=0,
        user_id=caller.user_id,
        flow="spapi",
        region=region,
        seller_id=None,
        name="",
        app_id="",
        marketplace=None,
        central=None,
        status="authorized",
        status_reason=None,
        access_expires_at=0,
        refreshed_at=0,
        authorized_at=0,
        authorization_expires_at=None,
        last_used_at=None,
        requested_scopes=(),
        granted_scopes=None,
        verified=None,
        token_version=0,
        authorized_version=0,
    )
    return Bearer(grant, region, is_application=True)


class Bearers:
    """Finds the bearer of a call among what a user holds."""

    def __init__(self, holdings: Holdings) -> None:
        self._holdings = holdings

    async def store(
        self, caller: Caller, region: Region, presented: Secret | None, seller_id: str | None
    ) -> Bearer | None:
        """Return the store that a token was handed out for to this user, else the one that is named, if any.

        Raises:
            Problem: `not_found` for any other token or store, `bad_parameter` for another region.
        """
        if presented is None:
            if seller_id is None:
                return None
            read = await self._holdings.store_to_call(caller, seller_id, region)
            assert read.grant is not None, "it was found"
            return Bearer(read.grant, read.grant.region, held=read.tokens)
        grant = await self._of_token(caller, "spapi", presented)
        if seller_id not in (None, grant.seller_id):
            raise Problem("bad_parameter", "sellerId: amzAccessToken belongs to another store of yours")
        check_store_region(grant, region)
        return Bearer(grant, grant.region, presented)

    async def account(
        self, caller: Caller, region: Region, presented: Secret | None, profile_id: int | None
    ) -> Bearer:
        """Return the ads account of a token or profile, as `store` does.

        Raises:
            Problem: `not_found` for a profile of somebody else's, `not_allowed` beside one's own token.
        """
        if presented is None and profile_id is None:
            raise Problem("bad_parameter", "amzAccessToken: expected it, or profileId in its place")
        grant = None if presented is None else await self._of_token(caller, "ads", presented)
        if profile_id is not None:
            covering = await self._holdings.profile(caller, profile_id)
            if covering is None:
                raise (
                    Problem("not_found")
                    if grant is None
                    else Problem("not_allowed", "profileId: not one of yours")
                )
            profile, account = covering
            check_profile_region(profile, region)
            grant = grant or account
        assert grant is not None, "one of the two is given"
        return Bearer(grant, region, presented, profile_id)

    async def _of_token(self, caller: Caller, flow: Flow, presented: Secret) -> Grant:
        grant = await self._holdings.of_token(caller, flow, presented)
        if grant is None:
            raise Problem(
                "not_found", "amzAccessToken was not handed to you, or has expired; get one from storeTokens"
            )
        return grant

"""The JSON API for stores: `/spApi/…` (references/api.md)."""

from functools import partial
from typing import Any, cast

from fastapi import APIRouter, Request, Response

from gateway.amazon.marketplaces import (
    INDIA,
    INDIA_ASKED,
    INDIA_KEPT,
    INDIA_NOTE,
    Marketplace,
    find_marketplace,
    is_indian,
)
from gateway.api import documents
from gateway.api.attempts import granted, named_attempt, standing
from gateway.api.fields import Fields
from gateway.api.renewals import with_consent_link
from gateway.api.shown import as_listed
from gateway.api.token_reads import Look, read_tokens
from gateway.asgi.calls import ApiCall, json_answer
from gateway.authorization.authorizer import StoreAuthorization
from gateway.errors import TABLE, Problem
from gateway.model import Attempt, Central, Grant, Region, TokenRead
from gateway.monitoring.warnings import application_warnings, grant_warnings
from gateway.util.clock import rfc3339
from gateway.vault.token_reader import TokenReader

router = APIRouter(prefix="/spApi")

# What the check of a new store can find out, as reasons of the table.
CHECK_REASONS = {"unverified": "role_missing", "wrong_region": "wrong_region"}


@router.post("/authorizeUrl")
async def authorize_url(request: Request) -> Response:
    """Make a consent link for a store."""
    call = await ApiCall.begin(request, "manage")
    fields = call.fields
    seller_id, asked = fields.seller_id(), fields.region()
    marketplace = fields.marketplace() or await _known_site(call, seller_id, asked)
    region, notes = store_region(asked, marketplace)
    wanted = StoreAuthorization(
        region=region,
        name=fields.name("sellerName"),
        marketplace=marketplace,
        central=_central(fields),
        scopes=fields.scopes(),
        seller_id=seller_id,
    )
    begun = await call.services.authorizer.begin_store(call.caller.user_id, wanted)
    document = {
        "authorizeUrl": begun.link,
        "authorizationId": begun.attempt_id,
        "expiresAt": rfc3339(begun.expires_at),
        "region": region,
    }
    if notes:
        document["notes"] = notes
    return call.answer(document)


async def _known_site(call: ApiCall, seller_id: str | None, asked: Region | None) -> Marketplace | None:
    """Return India where a store of the caller's that is kept as such is asked for under the Far East."""
    if seller_id is None or asked != INDIA_ASKED:
        return None
    known = await call.services.threads.vault(
        call.services.vault.grants.stores_of, call.caller.user_id, seller_id
    )
    return find_marketplace(INDIA) if is_indian(known) else None


def store_region(region: Region | None, marketplace: Marketplace | None) -> tuple[Region, list[str]]:
    """Return the region that a store is kept under, with what the caller should know about it."""
    if marketplace is None:
        return region or "NA", []
    if region in (None, marketplace.region):
        return marketplace.region, []
    if marketplace.code == INDIA and region == "FE":
        return marketplace.region, [INDIA_NOTE]
    raise Problem(
        "bad_parameter", f"marketplace: {marketplace.code} belongs to the region {marketplace.region}"
    )


def _central(fields: Fields) -> Central:
    """Return whose consent page is wanted; `vendor: true` is the shorter way to say `central: vendor`."""
    central, vendor = fields.one_of("central", ("seller", "vendor")), fields.flag("vendor")
    by_flag = {None: None, True: "vendor", False: "seller"}[vendor]
    if central and by_flag and central != by_flag:
        raise Problem("bad_parameter", f"vendor: it contradicts central {central}")
    return cast(Central, central or by_flag or "seller")


@router.post("/authorizedStores")
async def authorized_stores(request: Request) -> Response:
    """List the caller's stores, by seller id, then region."""
    call = await ApiCall.begin(request, "manage", "tokens")
    grants = await call.services.threads.vault(call.services.vault.grants.list, call.caller.user_id, "spapi")
    grants = await as_listed(call.services, "spapi", grants)
    now = call.services.clock.now()
    stores = [
        {**documents.store(grant), **grant_warnings(grant, now)}
        for grant in sorted(grants, key=lambda grant: (grant.seller_id or "", grant.region))
    ]
    document = {"stores": stores, "total": len(stores)}
    return call.answer(document | application_warnings(call.services.settings, "spapi", now))


@router.post("/refreshToken")
async def refresh_token(request: Request) -> Response:
    """Refresh a store's access token now; calls that arrive while one is under way share it."""
    call = await ApiCall.begin(request, "tokens")
    seller_id, region = call.fields.required_seller_id(), call.fields.region()
    grant = await _one_store(call, seller_id, region)
    try:
        held = await call.services.tokens.refresh(grant.id)
    except Problem as problem:
        raise await with_consent_link(call.services, call.caller, grant, problem) from None
    return call.answer(
        {
            "sellerId": held.grant.seller_id,
            "region": held.grant.region,
            **documents.tokens(held, call.services.clock.now()),
            "message": "The access token was refreshed",
            **notes_of(region, held.grant),
        }
    )


def notes_of(asked: Region | None, grant: Grant) -> dict[str, Any]:
    """Return what a caller should know who asked for a store under another region than it is kept under."""
    return {} if asked in (None, grant.region) else {"notes": [INDIA_NOTE]}


async def _one_store(call: ApiCall, seller_id: str, region: Region | None) -> Grant:
    """Return the caller's one grant for a seller; Problem not_found or ambiguous otherwise."""
    known = await call.services.threads.vault(
        call.services.vault.grants.stores_of, call.caller.user_id, seller_id
    )
    if region == INDIA_ASKED and is_indian(known):
        region = INDIA_KEPT
    grants = [grant for grant in known if region in (None, grant.region)]
    if not grants:
        raise Problem("not_found")
    if len(grants) > 1:
        raise Problem(
            "ambiguous", extra={"candidates": [documents.store_candidate(grant) for grant in grants]}
        )
    return grants[0]


@router.post("/storeTokens")
async def store_tokens(request: Request) -> Response:
    """Answer a store's tokens: as they are, or with `minTtl` seconds left at least."""

    asked: Region | None = None

    def choose(reader: TokenReader, fields: Fields) -> Look:
        nonlocal asked
        seller_id, asked = fields.required_seller_id(), fields.required_region()
        look = partial(reader.by_store, seller_id=seller_id, region=asked)
        if asked != INDIA_ASKED:
            return look
        under_europe = partial(reader.by_store, seller_id=seller_id, region=INDIA_KEPT)
        return partial(_perhaps_indian, look, under_europe)

    services, held = await read_tokens(request, choose)
    return json_answer(
        {
            "sellerId": held.grant.seller_id,
            "region": held.grant.region,
            **documents.tokens(held, services.clock.now()),
            **notes_of(asked, held.grant),
        },
        sandbox=services.settings.sandbox,
    )


async def _perhaps_indian(look: Look, under_europe: Look, presented: str) -> TokenRead | None:
    """Read a store of the Far East; where there is none, the Indian one, which is kept under Europe."""
    read = await look(presented)
    if read is None or read.grant is not None:
        return read
    other = await under_europe(presented)
    return other if other and other.grant and other.grant.marketplace == INDIA else read


@router.post("/authorizationStatus")
async def authorization_status(request: Request) -> Response:
    """Tell how one of the caller's authorizations stands."""
    call = await ApiCall.begin(request, "manage")
    return call.answer(await store_status(call, await named_attempt(call, "spapi")))


async def store_status(call: ApiCall, attempt: Attempt) -> dict[str, Any]:
    """Return how a store's authorization stands, with the store once there is one."""
    document = standing(call, attempt)
    if document["state"] == "authorized":
        if attempt.verification is not None:
            document |= checked(attempt.verification)
        grant = await granted(call, attempt)
        if grant is not None:
            (grant,) = await as_listed(call.services, "spapi", [grant])
            document["store"] = documents.store(grant)
    return document


def checked(verification: str) -> dict[str, str]:
    """Return what the first look at a store has found, with what to do about it."""
    document = {"verification": verification}
    if verification in CHECK_REASONS:
        row = TABLE[CHECK_REASONS[verification]]
        document |= {"verificationReason": row.reason, "verificationHint": row.remedy}
    return document

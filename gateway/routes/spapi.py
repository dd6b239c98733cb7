"""The JSON API for stores: `/spApi/…` of the contract, section 1."""

from functools import partial
from typing import Any, cast

from fastapi import APIRouter, Request, Response

from gateway.amazon.marketplaces import INDIA, INDIA_NOTE, Marketplace
from gateway.authorization.authorizer import StoreWanted
from gateway.authorization.consent_links import Central
from gateway.clock import rfc3339
from gateway.problems import Problem
from gateway.routes import documents
from gateway.routes.attempts import granted, named_attempt, standing
from gateway.routes.calls import Call, json_answer
from gateway.routes.fields import Fields
from gateway.routes.token_reads import Look, read_tokens
from gateway.vault.records import Attempt, Grant, Region
from gateway.vault.token_reader import TokenReader

router = APIRouter(prefix="/spApi")


@router.post("/authorizeUrl")
async def authorize_url(request: Request) -> Response:
    """Make a consent link for a store."""
    call = await Call.begin(request, "manage")
    fields = call.fields
    marketplace = fields.marketplace()
    region, notes = store_region(fields.region(), marketplace)
    wanted = StoreWanted(
        region=region,
        name=fields.name("sellerName"),
        marketplace=marketplace,
        central=_central(fields),
        scopes=fields.scopes(),
        seller_id=fields.seller_id(),
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
    call = await Call.begin(request, "manage", "tokens")
    grants = await call.services.threads.vault(call.services.vault.grants.list, call.caller.user_id, "spapi")
    stores = [
        documents.store(grant)
        for grant in sorted(grants, key=lambda grant: (grant.seller_id or "", grant.region))
    ]
    return call.answer({"stores": stores, "total": len(stores)})


@router.post("/refreshToken")
async def refresh_token(request: Request) -> Response:
    """Refresh a store's access token now; calls that arrive while one is under way share it."""
    call = await Call.begin(request, "tokens")
    seller_id, region = call.fields.required_seller_id(), call.fields.region()
    held = await call.services.tokens.refresh((await _one_store(call, seller_id, region)).id)
    return call.answer(
        {
            "sellerId": held.grant.seller_id,
            "region": held.grant.region,
            **documents.tokens(held, call.services.clock.now()),
            "message": "The access token was refreshed",
        }
    )


async def _one_store(call: Call, seller_id: str, region: Region | None) -> Grant:
    """Return the caller's one grant for a seller; Problem not_found or ambiguous otherwise."""
    grants = await call.services.threads.vault(
        call.services.vault.grants.stores_of, call.caller.user_id, seller_id, region
    )
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

    def choose(reader: TokenReader, fields: Fields) -> Look:
        return partial(
            reader.by_store, seller_id=fields.required_seller_id(), region=fields.required_region()
        )

    services, held = await read_tokens(request, choose)
    return json_answer(
        {
            "sellerId": held.grant.seller_id,
            "region": held.grant.region,
            **documents.tokens(held, services.clock.now()),
        },
        sandbox=services.settings.sandbox,
    )


@router.post("/authorizationStatus")
async def authorization_status(request: Request) -> Response:
    """Tell how one of the caller's authorisations stands."""
    call = await Call.begin(request, "manage")
    return call.answer(await store_status(call, await named_attempt(call, "spapi")))


async def store_status(call: Call, attempt: Attempt) -> dict[str, Any]:
    """Return how a store's authorisation stands, with the store once there is one."""
    document = standing(call, attempt)
    if document["state"] == "authorized":
        if attempt.verification is not None:
            document["verification"] = attempt.verification
        grant = await granted(call, attempt)
        if grant is not None:
            document["store"] = documents.store(grant)
    return document

"""Bringing in refresh tokens that were made elsewhere: `/spApi/importStore`, `/amazonAds/importAccount`."""

from typing import Any

from fastapi import APIRouter, Request, Response

from gateway.api import documents
from gateway.api.shown import as_listed
from gateway.api.stores import checked, notes_of
from gateway.asgi.calls import ApiCall
from gateway.errors import TABLE, Problem
from gateway.model import Flow

router = APIRouter()


@router.post("/spApi/importStore")
async def import_store(request: Request) -> Response:
    """Keep a store's refresh token once a refresh has proved it, and answer the store as it is listed.

    Where the store did not answer for itself the answer says why, and what to do.
    """
    call = await ApiCall.begin(request, "manage")
    fields = call.fields
    seller_id, region, name = fields.required_seller_id(), fields.required_region(), fields.name("sellerName")
    try:
        imported = await call.services.importer.import_store(
            call.caller.user_id, seller_id, region, name, fields.token("refreshToken")
        )
    except Problem as problem:
        raise await _blaming_the_application(call, "spapi", problem) from None
    (grant,) = await as_listed(call.services, "spapi", [imported.grant])
    found = {} if imported.verification == "verified" else checked(imported.verification)
    return call.answer({**documents.store(grant), **found, **notes_of(region, grant)})


async def _blaming_the_application(call: ApiCall, flow: Flow, problem: Problem) -> Problem:
    """Return a refusal of the application as what it is known as where the application is suspended."""
    if problem.reason != "app_credentials" or not await call.services.tokens.suspended(flow):
        return problem
    return Problem("suspended_app", problem.detail, extra={"status": "suspended_app"})


@router.post("/amazonAds/importAccount")
async def import_account(request: Request) -> Response:
    """Keep an ads account's refresh token likewise, and answer the account with its profiles."""
    call = await ApiCall.begin(request, "manage")
    fields = call.fields
    region, name = fields.required_region(), fields.name("accountName")
    try:
        kept, synced = await call.services.importer.import_account(
            call.caller.user_id, region, name, fields.token("refreshToken")
        )
    except Problem as problem:
        raise await _blaming_the_application(call, "ads", problem) from None
    (grant,) = await as_listed(call.services, "ads", [kept])
    profiles = await call.services.threads.vault(call.services.vault.profiles.of_grant, grant.id)
    document: dict[str, Any] = {
        **documents.account(grant),
        "profiles": [documents.advertising_profile(profile, [grant]) for profile in profiles],
        "total": len(profiles),
        "profileSync": "ok" if synced.profiles else "profile_sync_failed",
    }
    if not synced.profiles:
        row = TABLE["profile_sync_failed"]
        document |= {"reason": row.reason, "hint": row.remedy}
    return call.answer(document)

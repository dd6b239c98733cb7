"""Bringing in refresh tokens that were made elsewhere: `/spApi/importStore`, `/amazonAds/importAccount`."""

from typing import Any

from fastapi import APIRouter, Request, Response

from gateway.problems import Problem
from gateway.routes import documents
from gateway.routes.calls import Call

router = APIRouter()


@router.post("/spApi/importStore")
async def import_store(request: Request) -> Response:
    """Keep a store's refresh token once a refresh has proved it, and answer the store as it is listed."""
    call = await Call.begin(request, "manage")
    fields = call.fields
    grant = await call.services.importer.import_store(
        call.caller.user_id,
        fields.required_seller_id(),
        fields.required_region(),
        fields.name("sellerName"),
        fields.token("refreshToken"),
    )
    return call.answer(documents.store(grant))


@router.post("/amazonAds/importAccount")
async def import_account(request: Request) -> Response:
    """Keep an ads account's refresh token likewise, and answer the account with its profiles."""
    call = await Call.begin(request, "manage")
    fields = call.fields
    region, name = fields.required_region(), fields.name("accountName")
    grant, synced = await call.services.importer.import_account(
        call.caller.user_id, region, name, fields.token("refreshToken")
    )
    profiles = await call.services.threads.vault(call.services.vault.profiles.of_grant, grant.id)
    document: dict[str, Any] = {
        **documents.account(grant),
        "profiles": [documents.advertising_profile(profile, [grant]) for profile in profiles],
        "total": len(profiles),
        "profileSync": "ok" if synced.profiles else "profile_sync_failed",
    }
    if not synced.profiles:
        problem = Problem("profile_sync_failed")
        document |= {"reason": problem.reason, "hint": problem.row.remedy}
    return call.answer(document)

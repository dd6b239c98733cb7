"""Removing what a caller authorised or imported: `/spApi/removeStore`, `/amazonAds/removeAccount`."""

import logging
from functools import partial

from fastapi import APIRouter, Request, Response

from gateway.problems import Problem
from gateway.routes.calls import Call
from gateway.vault.errors import VaultError

router = APIRouter()

log = logging.getLogger(__name__)


@router.post("/spApi/removeStore")
async def remove_store(request: Request) -> Response:
    """Remove the caller's store with its tokens."""
    call = await Call.begin(request, "manage")
    seller_id, region = call.fields.required_seller_id(), call.fields.required_region()
    grants = call.services.vault.grants
    return await _removed(call, partial(grants.remove_store, call.caller.user_id, seller_id, region))


@router.post("/amazonAds/removeAccount")
async def remove_account(request: Request) -> Response:
    """Remove the caller's ads account with its tokens and profiles."""
    call = await Call.begin(request, "manage")
    record_id = call.fields.required_number("authRecordId")
    grants = call.services.vault.grants
    return await _removed(call, partial(grants.remove_account, call.caller.user_id, record_id))


async def _removed(call: Call, remove: "partial[bool]") -> Response:
    services = call.services
    if not await services.threads.vault(remove):
        raise Problem("not_found")
    try:
        # Else the tokens would stay readable in the write-ahead log for a while.
        await services.threads.vault(services.vault.database.truncate_log)
    except VaultError as error:
        log.warning("log_not_truncated error=%r", error.message)
    return call.answer({"removed": True})

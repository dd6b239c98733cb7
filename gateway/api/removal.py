"""Removing what a caller authorized or imported: `/spApi/removeStore`, `/amazonAds/removeAccount`."""

import logging
from collections.abc import Sequence
from functools import partial

from fastapi import APIRouter, Request, Response

from gateway.amazon.marketplaces import INDIA, INDIA_ASKED, INDIA_KEPT, INDIA_NOTE
from gateway.asgi.calls import ApiCall
from gateway.asgi.services import Services
from gateway.errors import Problem
from gateway.vault.errors import VaultError

router = APIRouter()

log = logging.getLogger(__name__)


@router.post("/spApi/removeStore")
async def remove_store(request: Request) -> Response:
    """Remove the caller's store with its tokens."""
    call = await ApiCall.begin(request, "manage")
    seller_id, region = call.fields.required_seller_id(), call.fields.required_region()
    services, user_id = call.services, call.caller.user_id
    grants = services.vault.grants
    notes: list[str] = []
    found = await services.threads.vault(grants.stores_of, user_id, seller_id)
    regions = {grant.region: grant.marketplace for grant in found}
    if region == INDIA_ASKED and region not in regions and regions.get(INDIA_KEPT) == INDIA:
        region, notes = INDIA_KEPT, [INDIA_NOTE]
    return await _removed(call, partial(grants.remove_store, user_id, seller_id, region), notes)


@router.post("/amazonAds/removeAccount")
async def remove_account(request: Request) -> Response:
    """Remove the caller's ads account with its tokens and profiles."""
    call = await ApiCall.begin(request, "manage")
    record_id = call.fields.required_number("authRecordId")
    grants = call.services.vault.grants
    return await _removed(call, partial(grants.remove_account, call.caller.user_id, record_id))


async def _removed(call: ApiCall, remove: "partial[bool]", notes: Sequence[str] = ()) -> Response:
    await remove_for_good(call.services, remove)
    return call.answer({"removed": True, **({"notes": list(notes)} if notes else {})})


async def remove_for_good(services: Services, remove: "partial[bool]") -> None:
    """Remove a grant and leave nothing of its tokens behind. Raises Problem not_found."""
    if not await services.threads.vault(remove):
        raise Problem("not_found")
    try:
        # Else the tokens would stay readable in the write-ahead log for a while.
        await services.threads.vault(services.vault.database.truncate_log)
    except VaultError as error:
        log.warning("log_not_truncated error=%r", error.message)

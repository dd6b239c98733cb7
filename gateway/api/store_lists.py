"""The list of a user's stores with their sites, which Amazon is asked for anew where that is wanted."""

from gateway.api.answers.store_rows import ListedStore
from gateway.api.answers.stores import StoreFailure, Stores
from gateway.api.requests.stores import StoreListRequest
from gateway.asgi.calls import ApiCall
from gateway.asgi.display_status import as_listed
from gateway.model import Grant, StoreSites
from gateway.monitoring.warnings import application_warnings
from gateway.regions import INDIA_ASKED, INDIA_KEPT, is_indian


async def listed_stores(call: ApiCall, request: StoreListRequest) -> Stores:
    """Return the part of the caller's stores that is wanted, read anew from Amazon where that is."""
    services = call.services
    grants, total = await _part(call, request)
    failures = []
    if request.refresh:
        problems = await services.site_refresh.refresh(grants)
        failures = [StoreFailure.told(grant, problems[grant.id]) for grant in grants if grant.id in problems]
        grants, total = await _part(call, request)  # a refresh may have shown that one has ended
    known = await services.threads.vault(services.vault.store_sites.of, grants)
    now = services.clock.now()
    return Stores(
        stores=[
            ListedStore.listed(grant, known.get(grant.id), now)
            for grant in await as_listed(services, "spapi", grants)
        ],
        total=total,
        refreshed=not failures if request.refresh else None,
        failures=failures or None,
        **application_warnings(services.settings, "spapi", now),
    )


async def _part(call: ApiCall, request: StoreListRequest) -> tuple[list[Grant], int]:
    services, region = call.services, request.region
    user_id, seller_id = call.caller.user_id, request.seller_id
    if seller_id is not None and region == INDIA_ASKED:
        known = await services.threads.vault(services.vault.grants.stores_of, user_id, seller_id)
        region = INDIA_KEPT if is_indian(known) else region
    stores = services.vault.lists.stores
    wanted = (seller_id, region, request.external_id)
    return await services.threads.vault(stores, user_id, request.page(), *wanted)


async def sites_of(call: ApiCall, grant: Grant) -> StoreSites | None:
    """Return what is known of the sites of one store; None where Amazon never listed them."""
    services = call.services
    return (await services.threads.vault(services.vault.store_sites.of, [grant])).get(grant.id)

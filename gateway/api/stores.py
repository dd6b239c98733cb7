"""The JSON API for stores: `/spApi/…` (references/api.md)."""

from functools import partial

from gateway.amazon.marketplaces import find_marketplace
from gateway.api.answers.grants import FORCED_REFRESH, LINK_LIFE
from gateway.api.answers.store_rows import Store
from gateway.api.answers.stores import (
    ImportedStore,
    RefreshedStoreTokens,
    RemovedStore,
    RenamedStore,
    StoreLink,
    Stores,
    StoreStatus,
    StoreTokens,
    check_fields,
)
from gateway.api.attempts import completed, granted, named_attempt, recognition, standing
from gateway.api.error_groups import COMPLETION_ERRORS, REFRESH_ERRORS, STORE_IMPORT_ERRORS
from gateway.api.field_types import A_NAME_IS_NEEDED
from gateway.api.naming import others_named, renamed_grant
from gateway.api.operations import Example
from gateway.api.refusals import as_suspended
from gateway.api.requests.base import EXAMPLE_CALLBACKS, EXAMPLE_NAME, AttemptRequest, CompletionRequest
from gateway.api.requests.stores import (
    ImportStoreRequest,
    RefreshStoreRequest,
    RenameStoreRequest,
    StoreAuthorizationRequest,
    StoreListRequest,
    StoreRequest,
    StoreTokensRequest,
)
from gateway.api.routing import ApiRouter
from gateway.api.store_lists import listed_stores, sites_of
from gateway.api.token_reads import TokenCall, refreshed
from gateway.asgi.calls import ApiCall
from gateway.asgi.display_status import as_listed
from gateway.authorization.details import DEFAULT_REGION, store_region
from gateway.authorization.removal import remove_for_good
from gateway.authorization.starting import StoreAuthorization
from gateway.errors import TABLE, Problem
from gateway.model import Attempt, Grant
from gateway.regions import notes_of

router = ApiRouter("Stores", "Authorizing stores and reading their tokens")

AUTHORIZED = Example(
    "Authorized",
    AttemptRequest.example(),
    StoreStatus.example(verification="verified", store=Store.example()),
)


@router.post(
    "/spApi/storeTokens",
    rights=("tokens",),
    errors=REFRESH_ERRORS,
    description="Without `minTtl` Amazon is not asked. With it the token is refreshed first where it has "
    "less left, once however many callers ask.",
    examples=[
        Example(
            "With five minutes left at least",
            StoreTokensRequest.example(minTtl=300),
            StoreTokens.example(expiresIn=1800),
        )
    ],
)
async def store_tokens(call: TokenCall, request: StoreTokensRequest) -> StoreTokens:
    """Read a store's tokens."""
    held = await call.fresh(await call.store(request.seller_id, request.region), request.min_ttl)
    services = call.services
    return StoreTokens.of(held, request.region, services.clock.now(), services.settings.amazon_origin)


@router.post(
    "/spApi/authorizeUrl",
    rights=("manage",),
    errors=["app_not_configured", "ambiguous"],
    description=f"{LINK_LIFE} What is left out of a known store, by its `sellerId`, is as it is kept.",
    examples=[
        Example(
            "A store in the United States",
            StoreAuthorizationRequest.example(sellerName=EXAMPLE_NAME, marketplace="US"),
            StoreLink.example(),
        )
    ],
)
async def authorize_url(call: ApiCall, request: StoreAuthorizationRequest) -> StoreLink:
    """Make a consent link for a store."""
    kept = await _known(call, request)
    name = request.seller_name or (kept.name if kept else None)
    if name is None:
        raise Problem("bad_parameter", f"sellerName: {A_NAME_IS_NEEDED}")
    marketplace = request.marketplace or find_marketplace((kept and kept.marketplace) or "")
    region, notes = store_region(request.region or (kept and kept.region), marketplace)
    wanted = StoreAuthorization(
        region=region,
        name=name,
        marketplace=marketplace,
        central=request.wanted_central() or (kept and kept.central) or "seller",
        scopes=request.scopes or (),
        seller_id=request.seller_id,
        customer=request.customer(call.services.settings.return_origins),
    )
    begun = await call.services.starter.begin_store(call.caller.user_id, wanted)
    return StoreLink.of(begun, region, wanted.customer, notes)


async def _known(call: ApiCall, request: StoreAuthorizationRequest) -> Grant | None:
    """Return the store of the caller's that is to be authorized again; None for a new one.

    Raise Problem `ambiguous` where the seller has several, and neither region nor name is given.
    """
    if request.seller_id is None:
        return None
    region = request.marketplace.region if request.marketplace else request.region
    known_store = partial(call.services.holdings.known_store, call.caller, request.seller_id)
    try:
        return await known_store(region)
    except Problem:
        if request.seller_name is None:
            raise
        return await known_store(DEFAULT_REGION)  # as for a new store, of which a name is enough


@router.post(
    "/spApi/authorizedStores",
    rights=("manage", "tokens"),
    description="Sorted by seller id, then region. With `refresh` a store that could not be read keeps what "
    "was known of its sites, and is named in `failures`.",
    examples=[Example("One store", {}, Stores.example())],
)
async def authorized_stores(call: ApiCall, request: StoreListRequest) -> Stores:
    """List the caller's stores."""
    return await listed_stores(call, request)


@router.post(
    "/spApi/refreshToken",
    rights=("tokens",),
    errors=("ambiguous", "too_many_refreshes", *REFRESH_ERRORS),
    description=FORCED_REFRESH,
    examples=[Example("A store", RefreshStoreRequest.example(region="NA"), RefreshedStoreTokens.example())],
)
async def refresh_token(call: ApiCall, request: RefreshStoreRequest) -> RefreshedStoreTokens:
    """Refresh a store's access token now."""
    grant = await call.store(request.seller_id, request.region)
    held = await refreshed(call, grant, request.refused)
    return RefreshedStoreTokens.of(held, request.region, call.services.clock.now())


@router.post(
    "/spApi/authorizationStatus",
    rights=("manage",),
    errors=["not_found"],
    examples=[
        AUTHORIZED,
        Example(
            "Refused on Amazon's page",
            AttemptRequest.example(),
            StoreStatus.example(state="denied", reason="access_denied", hint=TABLE["access_denied"].remedy),
        ),
    ],
)
async def authorization_status(call: ApiCall, request: AttemptRequest) -> StoreStatus:
    """Tell how an attempt to authorize a store stands."""
    return await _status(call, await named_attempt(call, "spapi", request.authorization_id))


@router.post(
    "/spApi/completeAuthorization",
    rights=("manage",),
    errors=COMPLETION_ERRORS,
    description="For browsers that cannot reach the callback. Answers as `authorizationStatus` does.",
    examples=[
        Example(
            AUTHORIZED.title,
            {
                "callbackUrl": f"{EXAMPLE_CALLBACKS['spapi']}?state=example"
                "&selling_partner_id=A1SANDBOXNA001&spapi_oauth_code=example"
            },
            AUTHORIZED.answer,
        )
    ],
)
async def complete_authorization(call: ApiCall, request: CompletionRequest) -> StoreStatus:
    """Complete a store's authorization by the address that the browser ended on."""
    return await _status(call, await completed(call, "spapi", request.callback_url))


async def _status(call: ApiCall, attempt: Attempt) -> StoreStatus:
    """Return how a store's authorization stands, with the store once there is one."""
    status = StoreStatus(**standing(call, attempt))
    if attempt.got_seller_id is not None:
        status.expected_seller_id = attempt.expected_seller_id
        status.region = attempt.region
        status.got_seller_id = attempt.got_seller_id
    if status.state != "authorized":
        return status
    checked = check_fields(attempt.verification)
    grant = await granted(call, attempt)
    if grant is None:  # it was removed since
        return status.model_copy(update=checked)
    return status.model_copy(
        update={
            **checked,
            **recognition(attempt),
            "same_name": await others_named(call, grant) or None,
            "store": Store.told(grant, await sites_of(call, grant)),
            "notes": notes_of(attempt.region, grant.region),
        }
    )


@router.post(
    "/spApi/importStore",
    rights=("manage",),
    errors=STORE_IMPORT_ERRORS,
    description="It is kept once a refresh has proved it and Amazon did not say that it belongs to another "
    "region; a refusal changes nothing. `verification` is only there where Amazon did not answer for it.",
    examples=[Example("A store", ImportStoreRequest.example(), ImportedStore.example(verified=None))],
)
async def import_store(call: ApiCall, request: ImportStoreRequest) -> ImportedStore:
    """Keep a store's refresh token that was made elsewhere."""
    try:
        imported = await call.services.importer.import_store(
            call.caller.user_id,
            request.seller_id,
            request.region,
            request.seller_name,
            request.refresh_token,
        )
    except Problem as problem:
        raise await as_suspended(call.services, "spapi", problem) from None
    (grant,) = await as_listed(call.services, "spapi", [imported.grant])
    sites = await sites_of(call, grant)
    return ImportedStore.imported(grant, sites, request.region, imported, await others_named(call, grant))


@router.post(
    "/spApi/removeStore",
    rights=("manage",),
    errors=["not_found"],
    examples=[Example("A store", StoreRequest.example(), RemovedStore.example())],
)
async def remove_store(call: ApiCall, request: StoreRequest) -> RemovedStore:
    """Remove the caller's store with its tokens."""
    services, grant = call.services, await call.store(request.seller_id, request.region)
    remove = partial(services.vault.grants.remove_store, call.caller.user_id, request.seller_id, grant.region)
    removed = await remove_for_good(services.vault, services.threads, remove)
    return RemovedStore.gone(removed, request.region)


@router.post(
    "/spApi/renameStore",
    rights=("manage",),
    errors=["not_found", "ambiguous"],
    description="The name here alone: Amazon is not asked, and nobody has to consent.",
    examples=[Example("A store", RenameStoreRequest.example(), RenamedStore.example())],
)
async def rename_store(call: ApiCall, request: RenameStoreRequest) -> RenamedStore:
    """Give the caller's store another name."""
    grant = await call.store(request.seller_id, request.region)
    renamed = await renamed_grant(call, grant, request.seller_name, "sellerName")
    return RenamedStore.renamed(renamed, request.region, await others_named(call, renamed.grant))

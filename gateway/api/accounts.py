"""The JSON API for ads accounts: `/amazonAds/…` (references/api.md)."""

from functools import partial

from gateway.api.account_lists import listed_accounts, listed_profiles
from gateway.api.answers.accounts import (
    AccountLink,
    Accounts,
    AccountStatus,
    AccountTokens,
    AccountWithProfiles,
    ImportedAccount,
    ProfileList,
    RefreshedAccountTokens,
    RemovedAccount,
    RenamedAccount,
    sync_fields,
)
from gateway.api.answers.grants import FORCED_REFRESH, LINK_LIFE
from gateway.api.answers.profiles import AccountProfile
from gateway.api.attempts import completed, granted, named_attempt, recognition, standing
from gateway.api.error_groups import COMPLETION_ERRORS, IMPORT_ERRORS, REFRESH_ERRORS
from gateway.api.naming import renamed_grant
from gateway.api.operations import Example
from gateway.api.refusals import as_suspended
from gateway.api.requests.accounts import (
    AccountAuthorizationRequest,
    AccountRequest,
    AccountTokensRequest,
    ImportAccountRequest,
    ProfilesRequest,
    RefreshAccountRequest,
    RenameAccountRequest,
)
from gateway.api.requests.base import (
    EXAMPLE_CALLBACKS,
    EXAMPLE_PROFILE,
    AttemptRequest,
    CompletionRequest,
    ListRequest,
)
from gateway.api.routing import ApiRouter
from gateway.api.token_reads import TokenCall, refreshed
from gateway.applications.credentials import ads_client
from gateway.asgi.calls import ApiCall
from gateway.asgi.display_status import as_listed
from gateway.authorization.details import DEFAULT_REGION
from gateway.authorization.profile_sync import known_word
from gateway.authorization.removal import remove_for_good
from gateway.authorization.starting import AccountAuthorization
from gateway.errors import Problem
from gateway.model import Attempt

router = ApiRouter("Ads accounts", "Authorizing advertising accounts and reading their tokens")

ADS_SCOPES = ["advertising::campaign_management"]
SCOPED = {"requestedScopes": ADS_SCOPES, "grantedScopes": ADS_SCOPES, "missingScopes": []}
AUTHORIZED = Example(
    "Authorized",
    AttemptRequest.example(),
    AccountStatus.example(profileSync="ok", account=AccountWithProfiles.example(**SCOPED)),
)


@router.post(
    "/amazonAds/storeTokens",
    rights=("tokens",),
    errors=REFRESH_ERRORS,
    description="Without `minTtl` Amazon is not asked. With it the token is refreshed first where it has "
    "less left, once however many callers ask.",
    examples=[
        Example(
            "By profile, with five minutes left at least",
            {"profileId": EXAMPLE_PROFILE, "minTtl": 300},
            AccountTokens.example(expiresIn=1800),
        )
    ],
)
async def store_tokens(call: TokenCall, request: AccountTokensRequest) -> AccountTokens:
    """Read an account's tokens."""
    found = await call.account(request.auth_record_id, request.profile_id)
    held = await call.fresh(found, request.min_ttl)
    services = call.services
    settings = services.settings
    client_id = ads_client(settings).client_id
    return AccountTokens.of(held, client_id, services.clock.now(), settings.amazon_origin)


@router.post(
    "/amazonAds/authorizeUrl",
    rights=("manage",),
    errors=["app_not_configured", "not_found"],
    description=LINK_LIFE,
    examples=[
        Example(
            "A new account",
            AccountAuthorizationRequest.example(accountName="My Brand", region="NA"),
            AccountLink.example(
                authorizeUrl="https://www.amazon.com/ap/oa?client_id=example&scope="
                "advertising%3A%3Acampaign_management&response_type=code&state=example"
            ),
        )
    ],
)
async def authorize_url(call: ApiCall, request: AccountAuthorizationRequest) -> AccountLink:
    """Make a consent link for an ads account."""
    region, name, record_id = request.region, request.account_name, request.auth_record_id
    if record_id is not None:
        account = await call.account(record_id)
        region, name = region or account.region, name or account.name
    assert name is not None, "one of the two is given"
    wanted = AccountAuthorization(
        region=region or DEFAULT_REGION,
        name=name,
        record_id=record_id,
        customer=request.customer(call.services.settings.return_origins),
    )
    begun = await call.services.starter.begin_account(call.caller.user_id, wanted)
    return AccountLink.of(begun, wanted.region, wanted.customer)


@router.post(
    "/amazonAds/authorizedStores",
    rights=("manage", "tokens"),
    description="Sorted by profile id.",
    examples=[Example("One profile", {}, Accounts.example(stores=[AccountProfile.example(**SCOPED)]))],
)
async def authorized_stores(call: ApiCall, request: ListRequest) -> Accounts:
    """List the caller's accounts and sites, one row a profile."""
    return await listed_accounts(call, request)


@router.post(
    "/amazonAds/profiles",
    rights=("manage", "tokens"),
    errors=REFRESH_ERRORS,
    examples=[Example("From Amazon", {"refresh": True}, ProfileList.example())],
)
async def profiles(call: ApiCall, request: ProfilesRequest) -> ProfileList:
    """List the caller's profiles."""
    return await listed_profiles(call, request)


@router.post(
    "/amazonAds/refreshToken",
    rights=("tokens",),
    errors=("too_many_refreshes", *REFRESH_ERRORS),
    description=FORCED_REFRESH,
    examples=[Example("By profile", {"profileId": EXAMPLE_PROFILE}, RefreshedAccountTokens.example())],
)
async def refresh_token(call: ApiCall, request: RefreshAccountRequest) -> RefreshedAccountTokens:
    """Refresh an account's access token now."""
    grant = await call.account(request.auth_record_id, request.profile_id)
    held = await refreshed(call, grant, request.refused)
    return RefreshedAccountTokens.of(held, call.services.clock.now())


@router.post(
    "/amazonAds/authorizationStatus",
    rights=("manage",),
    errors=["not_found"],
    examples=[
        AUTHORIZED,
        Example("Still with the person", AttemptRequest.example(), AccountStatus.example(state="pending")),
    ],
)
async def authorization_status(call: ApiCall, request: AttemptRequest) -> AccountStatus:
    """Tell how an attempt to authorize an ads account stands."""
    return await _status(call, await named_attempt(call, "ads", request.authorization_id))


@router.post(
    "/amazonAds/completeAuthorization",
    rights=("manage",),
    errors=COMPLETION_ERRORS,
    description="For browsers that cannot reach the callback. Answers as `authorizationStatus` does.",
    examples=[
        Example(
            AUTHORIZED.title,
            {"callbackUrl": f"{EXAMPLE_CALLBACKS['ads']}?state=example&code=example"},
            AUTHORIZED.answer,
        )
    ],
)
async def complete_authorization(call: ApiCall, request: CompletionRequest) -> AccountStatus:
    """Complete an ads account's authorization by the address that the browser ended on."""
    return await _status(call, await completed(call, "ads", request.callback_url))


async def _status(call: ApiCall, attempt: Attempt) -> AccountStatus:
    """Return how an ads account's authorization stands, with the account once there is one."""
    status = AccountStatus(**standing(call, attempt))
    if status.state != "authorized":
        return status
    grant = await granted(call, attempt)
    if grant is None:  # it was removed since: what is known is how its first sync ended
        status.profile_sync = known_word(attempt.profile_sync)
        return status
    services = call.services
    state = await services.profile_sync.state(grant.id)
    found = await services.threads.vault(services.vault.profiles.of_grant, grant.id)
    account = AccountWithProfiles.with_profiles(grant, found, state.unread)
    return status.model_copy(update={**sync_fields(state), **recognition(attempt), "account": account})


@router.post(
    "/amazonAds/importAccount",
    rights=("manage",),
    errors=IMPORT_ERRORS,
    description="It is kept once a refresh has proved it; a refusal changes nothing.",
    examples=[Example("An account", ImportAccountRequest.example(), ImportedAccount.example(**SCOPED))],
)
async def import_account(call: ApiCall, request: ImportAccountRequest) -> ImportedAccount:
    """Keep an ads account's refresh token that was made elsewhere."""
    services = call.services
    try:
        imported = await services.importer.import_account(
            call.caller.user_id, request.region, request.account_name, request.refresh_token
        )
    except Problem as problem:
        raise await as_suspended(services, "ads", problem) from None
    (grant,) = await as_listed(services, "ads", [imported.grant])
    found = await services.threads.vault(services.vault.profiles.of_grant, grant.id)
    return ImportedAccount.imported(grant, found, imported)


@router.post(
    "/amazonAds/removeAccount",
    rights=("manage",),
    errors=["not_found"],
    examples=[Example("An account", AccountRequest.example(), RemovedAccount.example())],
)
async def remove_account(call: ApiCall, request: AccountRequest) -> RemovedAccount:
    """Remove the caller's ads account with its tokens and profiles."""
    services = call.services
    remove = partial(services.vault.grants.remove_account, call.caller.user_id, request.auth_record_id)
    return RemovedAccount.of(await remove_for_good(services.vault, services.threads, remove))


@router.post(
    "/amazonAds/renameAccount",
    rights=("manage",),
    errors=["not_found"],
    description="The name here alone: Amazon is not asked, and nobody has to consent.",
    examples=[Example("An account", RenameAccountRequest.example(), RenamedAccount.example())],
)
async def rename_account(call: ApiCall, request: RenameAccountRequest) -> RenamedAccount:
    """Give the caller's ads account another name."""
    grant = await call.account(request.auth_record_id)
    return RenamedAccount.of(await renamed_grant(call, grant, request.account_name, "accountName"))

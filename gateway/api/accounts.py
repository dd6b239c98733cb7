"""The JSON API for ads accounts: `/amazonAds/…` (references/api.md)."""

from functools import partial
from itertools import groupby
from typing import Any

from fastapi import APIRouter, Request, Response

from gateway.amazon.failures import problem_of
from gateway.api import documents
from gateway.api.attempts import granted, named_attempt, profile_sync_of, standing
from gateway.api.fields import Fields
from gateway.api.renewals import with_consent_link
from gateway.api.shown import as_listed
from gateway.api.token_reads import Look, read_tokens
from gateway.applications.credentials import ads_client
from gateway.asgi.calls import ApiCall, json_answer
from gateway.authorization.authorizer import AccountAuthorization
from gateway.errors import Problem
from gateway.model import Attempt, Grant, Profile
from gateway.monitoring.warnings import application_warnings, grant_warnings
from gateway.util.clock import rfc3339
from gateway.vault.token_reader import TokenReader

router = APIRouter(prefix="/amazonAds")

FRESH_ENOUGH = 60


@router.post("/authorizeUrl")
async def authorize_url(request: Request) -> Response:
    """Make a consent link for an ads account."""
    call = await ApiCall.begin(request, "manage")
    fields = call.fields
    name, region, record_id = fields.name("accountName"), fields.region(), fields.number("authRecordId")
    if record_id is not None:
        region = region or (await _account(call, record_id)).region
    wanted = AccountAuthorization(region=region or "NA", name=name, record_id=record_id)
    begun = await call.services.authorizer.begin_account(call.caller.user_id, wanted)
    return call.answer(
        {
            "authorizeUrl": begun.link,
            "sourceType": "amazon_ads",
            "authorizationId": begun.attempt_id,
            "expiresAt": rfc3339(begun.expires_at),
            "region": wanted.region,
        }
    )


async def _account(call: ApiCall, record_id: int) -> Grant:
    """Return the caller's ads authorization by its authRecordId; Problem not_found where there is none."""
    services = call.services
    grant = await services.threads.vault(services.vault.grants.account, call.caller.user_id, record_id)
    if grant is None:
        raise Problem("not_found")
    return grant


async def _covered(call: ApiCall) -> list[tuple[Profile, list[Grant]]]:
    """Return the caller's profiles, each once, with what covers it, the newest healthy grant first."""
    services = call.services
    pairs = await services.threads.vault(services.vault.profiles.of_user, call.caller.user_id)
    shown = await as_listed(services, "ads", [grant for _, grant in pairs])
    covered = []
    for _, group in groupby(zip(pairs, shown, strict=True), key=lambda each: each[0][0].profile_id):
        same = list(group)
        covered.append((same[0][0][0], [grant for _, grant in same]))
    return covered


@router.post("/authorizedStores")
async def authorized_stores(request: Request) -> Response:
    """List the caller's accounts and sites, by profile id.

    `accountsWithoutProfiles` are authorizations whose profiles could not be read: without it nobody saw them.
    """
    call = await ApiCall.begin(request, "manage", "tokens")
    covered = await _covered(call)
    now = call.services.clock.now()
    stores = [
        {**documents.account_profile(profile, grants), **grant_warnings(grants[0], now)}
        for profile, grants in covered
    ]
    seen = {grant.id for _, grants in covered for grant in grants}
    everything = await call.services.threads.vault(
        call.services.vault.grants.list, call.caller.user_id, "ads"
    )
    unseen = await as_listed(call.services, "ads", [grant for grant in everything if grant.id not in seen])
    bare = [documents.account(grant) for grant in unseen]
    document = {"stores": stores, "total": len(stores), "accountsWithoutProfiles": bare}
    return call.answer(document | application_warnings(call.services.settings, "ads", now))


@router.post("/profiles")
async def profiles(request: Request) -> Response:
    """List the caller's profiles; with `refresh: true` Amazon is asked again first."""
    call = await ApiCall.begin(request, "manage", "tokens")
    failures: list[dict[str, Any]] = []
    refreshed = call.fields.flag("refresh") or False
    if refreshed:
        failures = await _sync_all(call)
    listed = [documents.advertising_profile(profile, grants) for profile, grants in await _covered(call)]
    document = {"profiles": listed, "total": len(listed), "refreshed": refreshed and not failures}
    if failures:
        document["failures"] = failures
    return call.answer(document)


async def _sync_all(call: ApiCall) -> list[dict[str, Any]]:
    """Ask Amazon for the profiles of each of the caller's accounts; return what went wrong, by account.

    Raises the Problem of the only, or first, account where not one could be asked.
    """
    services = call.services
    grants = await services.threads.vault(services.vault.grants.list, call.caller.user_id, "ads")
    problems: list[tuple[Grant, Problem]] = []
    asked = 0
    for grant in grants:
        try:
            held = await services.tokens.fresh(grant.id, FRESH_ENOUGH)
            synced = await services.authorizer.profile_sync.sync(grant, held.tokens.access_token)
        except Problem as problem:
            problems.append((grant, problem))
            continue
        asked += 1
        for failure in synced.failures.values():
            problems.append((grant, problem_of(failure)))
            break
        else:
            if not synced.profiles:
                problems.append((grant, Problem("profile_sync_failed")))
    if problems and not asked:
        raise problems[0][1]
    return [
        {
            "authRecordId": grant.id,
            "accountName": grant.name,
            "reason": problem.reason,
            "errmsg": problem.message,
        }
        for grant, problem in problems
    ]


@router.post("/refreshToken")
async def refresh_token(request: Request) -> Response:
    """Refresh an account's access token now; calls that arrive while one is under way share it."""
    call = await ApiCall.begin(request, "tokens")
    record_id, profile_id = call.fields.one_account()
    if record_id is not None:
        grant = await _account(call, record_id)
    else:
        services = call.services
        covering = await services.threads.vault(
            services.vault.grants.accounts_covering, call.caller.user_id, profile_id
        )
        if not covering:
            raise Problem("not_found")
        grant = covering[0]
    try:
        held = await call.services.tokens.refresh(grant.id)
    except Problem as problem:
        raise await with_consent_link(call.services, call.caller, grant, problem) from None
    return call.answer(
        {
            **documents.tokens(held, call.services.clock.now()),
            "accountName": held.grant.name,
            "message": "The access token was refreshed",
        }
    )


@router.post("/storeTokens")
async def store_tokens(request: Request) -> Response:
    """Answer an account's tokens: as they are, or with `minTtl` seconds left at least."""

    def choose(reader: TokenReader, fields: Fields) -> Look:
        record_id, profile_id = fields.one_account()
        if record_id is not None:
            return partial(reader.by_record, flow="ads", record_id=record_id)
        return partial(reader.by_profile, profile_id=profile_id)

    services, held = await read_tokens(request, choose)
    return json_answer(
        {
            **documents.tokens(held, services.clock.now()),
            "accountName": held.grant.name,
            "clientId": ads_client(services.settings).client_id,
        },
        sandbox=services.settings.sandbox,
    )


@router.post("/authorizationStatus")
async def authorization_status(request: Request) -> Response:
    """Tell how one of the caller's authorizations stands, and whether its profiles could be read."""
    call = await ApiCall.begin(request, "manage")
    return call.answer(await account_status(call, await named_attempt(call, "ads")))


async def account_status(call: ApiCall, attempt: Attempt) -> dict[str, Any]:
    """Return how an ads account's authorization stands, with the account once there is one."""
    document = standing(call, attempt)
    if document["state"] == "authorized":
        document["profileSync"] = profile_sync_of(attempt)
        if document["profileSync"] != "ok":
            problem = Problem("profile_sync_failed")
            document |= {"reason": problem.reason, "hint": problem.row.remedy}
        grant = await granted(call, attempt)
        if grant is not None:
            (grant,) = await as_listed(call.services, "ads", [grant])
            found = await call.services.threads.vault(call.services.vault.profiles.of_grant, grant.id)
            document["account"] = {
                **documents.account(grant),
                "profiles": [documents.advertising_profile(profile, [grant]) for profile in found],
            }
    return document

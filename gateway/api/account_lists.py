"""The lists of a user's ads accounts and profiles, for which Amazon is asked anew where that is wanted."""

from itertools import groupby

from gateway.amazon.failures import problem_of
from gateway.api.answers.accounts import Account, Accounts, ProfileList, SyncFailure
from gateway.api.answers.profiles import AccountProfile, AdvertisingProfile
from gateway.api.refusals import with_consent_link
from gateway.api.requests.accounts import ProfilesRequest
from gateway.api.requests.base import ListRequest
from gateway.asgi.calls import ApiCall
from gateway.asgi.display_status import as_listed
from gateway.errors import Problem
from gateway.model import Grant, Page, Profile
from gateway.monitoring.warnings import application_warnings


async def listed_accounts(call: ApiCall, request: ListRequest) -> Accounts:
    """Return the caller's accounts and sites, one row a profile.

    Authorizations whose profiles could not be read stand beside: else nobody saw them.
    """
    services = call.services
    page = request.page()
    covered, total = await _covered(call, page)
    now = services.clock.now()
    without_profiles = services.vault.lists.accounts_without_profiles
    unseen, total_unseen = await services.threads.vault(without_profiles, call.caller.user_id, page)
    incomplete = await _incomplete(call)
    lacking = {account.auth_record_id: account for account in incomplete}
    bare = [Account.of(grant) for grant in await as_listed(services, "ads", unseen)]
    ended = await services.threads.vault(services.vault.lists.covered_accounts, call.caller.user_id)
    return Accounts(
        stores=[AccountProfile.listed(profile, grants, now) for profile, grants in covered],
        total=total,
        accounts_without_profiles=[lacking.get(account.auth_record_id, account) for account in bare],
        total_without_profiles=total_unseen,
        incomplete_accounts=incomplete or None,
        covered_accounts=[Account.of(grant) for grant in ended] or None,
        **application_warnings(services.settings, "ads", now),
    )


async def listed_profiles(call: ApiCall, request: ProfilesRequest) -> ProfileList:
    """Return the part of the caller's profiles that is wanted, read anew from Amazon where that is."""
    failures = await _sync_all(call) if request.refresh else []
    covered, total = await _covered(call, request.page())
    return ProfileList(
        profiles=[AdvertisingProfile.of(profile, grants) for profile, grants in covered],
        total=total,
        refreshed=bool(request.refresh) and not failures,
        failures=failures or None,
        incomplete_accounts=await _incomplete(call) or None,
    )


async def _covered(call: ApiCall, page: Page) -> tuple[list[tuple[Profile, list[Grant]]], int]:
    """Return a part of the caller's profiles, and how many there are in all.

    Each stands once, with what covers it, the newest healthy grant first.
    """
    services = call.services
    user_id = call.caller.user_id
    pairs, total = await services.threads.vault(services.vault.profiles.page, user_id, page)
    shown = await as_listed(services, "ads", [grant for _, grant in pairs])
    covered = []
    for _, group in groupby(zip(pairs, shown, strict=True), key=lambda each: each[0][0].profile_id):
        same = list(group)
        covered.append((same[0][0][0], [grant for _, grant in same]))
    return covered, total


async def _incomplete(call: ApiCall) -> list[Account]:
    """Return the caller's accounts whose profiles Amazon has not answered for in each region."""
    services = call.services
    pairs = await services.threads.vault(services.vault.unread_profiles.of_user, call.caller.user_id)
    grants = await as_listed(services, "ads", [grant for grant, _ in pairs])
    return [Account.of(grant, unread) for grant, (_, unread) in zip(grants, pairs, strict=True)]


async def _sync_all(call: ApiCall) -> list[SyncFailure]:
    """Ask Amazon for the profiles of each of the caller's accounts; return what went wrong, by account.

    Raises the Problem of the only, or first, account where not one could be asked, with all that went wrong.
    """
    services = call.services
    grants = await services.threads.vault(services.vault.grants.of_user, call.caller.user_id, "ads")
    problems: list[Problem] = []
    failed: list[SyncFailure] = []
    for grant in grants:
        try:
            synced = await services.profile_sync.sync(grant.id)
        except Problem as problem:
            problems.append(problem)
            failed.append(SyncFailure.of(grant, problem))
            continue
        if synced.failures:
            first = next(iter(synced.failures.values()))
            failed.append(SyncFailure.of(grant, problem_of(first), tuple(synced.failures)))
    if not problems or len(problems) < len(grants):
        return failed
    refusal = await with_consent_link(services, call.caller, grants[0], problems[0])
    refusal.extra["failures"] = [failure.model_dump() for failure in failed]
    raise refusal

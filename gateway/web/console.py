"""What somebody who is signed in can see and do: their stores and ads accounts."""

import re
from collections import defaultdict
from collections.abc import Sequence
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from gateway.amazon.marketplaces import Marketplace, marketplaces
from gateway.asgi.display_status import as_listed
from gateway.authorization.consent_links import account_host, consent_host
from gateway.authorization.details import read_marketplace, read_name, read_region, store_region
from gateway.authorization.removal import remove_for_good
from gateway.authorization.starting import AccountAuthorization, StoreAuthorization
from gateway.errors import Problem
from gateway.model import AuditEntry, Central, Flow, Grant, Profile, Region, StoreSites
from gateway.vault import audit
from gateway.vault.grants import NameTaken
from gateway.web.page_context import FormState, Page
from gateway.web.page_route import PageRouter
from gateway.web.redirects import see_other
from gateway.web.sessions import SignedInRequest
from gateway.web.subjects import Subjects

router = PageRouter()

DIGITS = re.compile(r"[0-9]{1,19}", re.ASCII)
PER_PAGE = 50
SHOWN_ACTIVITY = 20
NOTICES = frozenset({"removed", "renamed"})


@router.get("/")
async def overview(request: Request) -> Response:
    """Show the user's stores, ads accounts and what happened lately."""
    signed_in = await SignedInRequest.begin(request, "manage", "tokens")
    vault, user_id = signed_in.services.vault, signed_in.caller.user_id

    def read() -> tuple[list[Grant], list[Grant], dict[int, list[Profile]]]:
        profiles: dict[int, list[Profile]] = defaultdict(list)
        for profile, grant in vault.profiles.of_user(user_id):
            profiles[grant.id].append(profile)
        return vault.grants.of_user(user_id, "spapi"), vault.grants.of_user(user_id, "ads"), profiles

    stores, accounts, profiles = await signed_in.services.threads.vault(read)
    stores = await as_listed(signed_in.services, "spapi", stores)
    accounts = await as_listed(signed_in.services, "ads", accounts)

    shown = _page(stores, request.query_params.get("stores"))

    def read_rest() -> tuple[dict[int, StoreSites], list[AuditEntry], dict[str, str]]:
        entries = vault.audit.of_user(signed_in.caller, SHOWN_ACTIVITY)
        begun = {entry.subject.removeprefix(audit.ATTEMPT) for entry in entries if entry.subject}
        return vault.store_sites.of(shown.grants), entries, vault.attempts.names(user_id, begun)

    sites, activity, attempts = await signed_in.services.threads.vault(read_rest)
    notice = request.query_params.get("notice")
    return signed_in.pages.overview(
        signed_in.context,
        shown,
        _page(accounts, request.query_params.get("accounts")),
        sites,
        profiles,
        activity,
        Subjects([*stores, *accounts], profiles, attempts),
        notice if notice in NOTICES else None,
    )


def _page(grants: Sequence[Grant], wanted: str | None) -> Page:
    """Return one page of a list; the nearest one there is to a number that is none."""
    pages = max(1, -(-len(grants) // PER_PAGE))
    page = int(wanted) if wanted and DIGITS.fullmatch(wanted) else 1
    page = min(max(page, 1), pages)
    return Page(grants[(page - 1) * PER_PAGE : page * PER_PAGE], len(grants), page, pages)


@router.get("/stores/authorize")
async def store_form(request: Request) -> Response:
    """Ask for what is needed to authorize a store."""
    return await _form(request, "spapi")


@router.get("/accounts/authorize")
async def account_form(request: Request) -> Response:
    """Ask for what is needed to authorize an ads account."""
    return await _form(request, "ads")


async def _form(request: Request, flow: Flow) -> Response:
    signed_in = await SignedInRequest.begin(request, "manage")
    again = await _again(signed_in, flow, request.query_params.get("again"))
    values = {"name": again.name, "marketplace": again.marketplace or ""} if again else {}
    if again and again.central == "vendor":
        values["vendor"] = "yes"
    return signed_in.pages.authorize(signed_in.context, flow, marketplaces(), FormState(values), again)


async def _again(signed_in: SignedInRequest, flow: Flow, record_id: str | None) -> Grant | None:
    """Return the grant that is to be authorized again, if one is named. Raise Problem not_found."""
    if record_id is None:
        return None
    grant = await _own_grant(signed_in, record_id)
    if grant.flow != flow:
        raise Problem("not_found")
    return grant


async def _own_grant(signed_in: SignedInRequest, record_id: str) -> Grant:
    """Return one of the user's grants; any other is as one that does not exist. Raise Problem not_found."""
    if not DIGITS.fullmatch(record_id) or int(record_id) >= 2**63:
        raise Problem("not_found")
    grant = await signed_in.services.threads.vault(signed_in.services.vault.grants.get, int(record_id))
    if grant is None or grant.user_id != signed_in.caller.user_id:
        raise Problem("not_found")
    audit.concerns(audit.subject_of(grant))
    return grant


@router.post("/stores/authorize")
async def authorize_store(request: Request) -> Response:
    """Make a consent link for a store and answer the page that leads there."""
    signed_in = await SignedInRequest.begin(request, "manage")
    form = await signed_in.form(request)
    again = await _again(signed_in, "spapi", form.get("again"))
    read = _Reading(form)
    name = read.name()
    marketplace = read.marketplace()
    region = read.region(marketplace, again)
    if name is None or region is None or read.errors:
        return signed_in.pages.authorize(signed_in.context, "spapi", marketplaces(), read.form_state(), again)
    central: Central = "vendor" if form.get("vendor") else "seller"
    wanted = StoreAuthorization(
        region=region,
        name=name,
        marketplace=marketplace,
        central=central,
        scopes=again.requested_scopes if again else (),
        seller_id=again.seller_id if again else None,
        record_id=again.id if again else None,
    )
    begun = await signed_in.services.starter.begin_store(signed_in.caller.user_id, wanted)
    host = consent_host(region, marketplace, central)
    lifetime = signed_in.services.settings.attempt_lifetime
    return signed_in.pages.to_amazon(signed_in.context, begun.link, host, lifetime)


@router.post("/accounts/authorize")
async def authorize_account(request: Request) -> Response:
    """Make a consent link for an ads account and answer the page that leads there."""
    signed_in = await SignedInRequest.begin(request, "manage")
    form = await signed_in.form(request)
    again = await _again(signed_in, "ads", form.get("again"))
    read = _Reading(form)
    name = read.name()
    region = read.region(None, again)
    if name is None or region is None:
        return signed_in.pages.authorize(signed_in.context, "ads", (), read.form_state(), again)
    wanted = AccountAuthorization(region=region, name=name, record_id=again.id if again else None)
    begun = await signed_in.services.starter.begin_account(signed_in.caller.user_id, wanted)
    lifetime = signed_in.services.settings.attempt_lifetime
    return signed_in.pages.to_amazon(signed_in.context, begun.link, account_host(region), lifetime)


class _Reading:
    """Reads a form by the rules of the JSON API, and records which field is wrong and how."""

    def __init__(self, form: dict[str, str]) -> None:
        self._form = form
        self._site: Marketplace | None = None
        self.errors: dict[str, str] = {}

    def name(self) -> str | None:
        """Return the name."""
        try:
            return read_name(self._form.get("name", ""))
        except ValueError:
            self.errors["name"] = "name_wrong"
            return None

    def marketplace(self) -> Marketplace | None:
        """Return the site, if one was chosen."""
        try:
            site = self._form.get("marketplace")
            return read_marketplace(site) if site else None
        except ValueError:
            self.errors["marketplace"] = "site_wrong"
            return None

    def region(self, marketplace: Marketplace | None, again: Grant | None) -> Region | None:
        """Return the region that was chosen, or is given, and that the site belongs to."""
        try:
            region = again.region if again else read_region(self._form.get("region", ""))
        except ValueError:
            self.errors["region"] = "region_wrong"
            return None
        try:
            return store_region(region, marketplace)[0]
        except Problem:
            self._site = marketplace
            self.errors["marketplace"] = "site_elsewhere"
            return None

    def form_state(self) -> FormState:
        """Return what to show again."""
        return FormState(self._form, self.errors, self._site)


@router.get("/rename/{record_id}")
async def renaming_form(request: Request) -> Response:
    """Ask for another name of a store or an ads account."""
    signed_in = await SignedInRequest.begin(request, "manage")
    grant = await _own_grant(signed_in, request.path_params["record_id"])
    return signed_in.pages.rename(signed_in.context, grant, FormState({"name": grant.name}))


@router.post("/rename/{record_id}")
async def rename(request: Request) -> Response:
    """Give a store or an ads account of the user's another name."""
    signed_in = await SignedInRequest.begin(request, "manage")
    read = _Reading(await signed_in.form(request))
    grant = await _own_grant(signed_in, request.path_params["record_id"])
    name = read.name()
    if name is not None:
        services = signed_in.services
        try:
            rename = services.vault.grants.rename
            if await services.threads.writes(rename, signed_in.caller.user_id, grant.id, name) is None:
                raise Problem("not_found")
        except NameTaken:
            read.errors["name"] = "name_taken"
        else:
            return see_other("/?notice=renamed")
    return signed_in.pages.rename(signed_in.context, grant, read.form_state())


@router.get("/remove/{record_id}")
async def removal_form(request: Request) -> Response:
    """Ask whether a store or an ads account is really to be removed."""
    signed_in = await SignedInRequest.begin(request, "manage")
    grant = await _own_grant(signed_in, request.path_params["record_id"])
    return signed_in.pages.remove(signed_in.context, grant)


@router.post("/remove/{record_id}")
async def remove(request: Request) -> Response:
    """Remove a store or an ads account of the user's."""
    signed_in = await SignedInRequest.begin(request, "manage")
    await signed_in.form(request)
    grant = await _own_grant(signed_in, request.path_params["record_id"])
    grants, user_id = signed_in.services.vault.grants, signed_in.caller.user_id
    if grant.flow == "ads":
        remove = partial(grants.remove_account, user_id, grant.id)
    else:
        assert grant.seller_id is not None, "a store has a seller"
        remove = partial(grants.remove_store, user_id, grant.seller_id, grant.region)
    await remove_for_good(signed_in.services.vault, signed_in.services.threads, remove)
    return see_other("/?notice=removed")

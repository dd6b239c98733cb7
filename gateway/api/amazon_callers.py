"""Who calls Amazon's APIs at the gateway's addresses, and for which store or profile.

Shown is a stand-in token, where a client library puts Amazon's, or an API key in Authorization beside
`X-Store` or `X-Profile`. Of a profile the Ads API's own header, `Amazon-Advertising-API-Scope`, says it, too.
"""

import re
from typing import NamedTuple

from starlette.types import Scope

from gateway.api.token_reads import TokenCall
from gateway.asgi.body_limit import AMAZON_ADDRESSES
from gateway.asgi.calls import ApiCall, check_rights, presented_key
from gateway.asgi.request_context import header_values
from gateway.asgi.services import Services, services_in
from gateway.authorization.callback import SELLER_ID
from gateway.errors import Problem
from gateway.model import Caller, Flow, Grant, Profile, Region, Right
from gateway.proxy.bearers import Bearer
from gateway.proxy.headers import SCOPE
from gateway.tokens.holdings import check_profile_region, check_store_region
from gateway.util.secret import LWA_PREFIX, STAND_IN_PREFIX, Secret
from gateway.vault import audit

RIGHTS: tuple[Right, ...] = ("proxy",)
TOKEN_HEADER = "x-amz-access-token"  # noqa: S105 - the name of a header
# What clients send beside the token that still sign their calls: nobody looks at it, Amazon included.
SIGNATURE = "AWS4-HMAC-SHA256"
OF_AMAZON = re.compile(LWA_PREFIX)
PROFILE_ID = re.compile(r"[0-9]{1,19}", re.ASCII)
HOW = (
    "show a stand-in token in x-amz-access-token or Authorization, or an API key in Authorization "
    "with X-Store (a seller id) or X-Profile (a profile id)"
)


class Shown(NamedTuple):
    """What a request shows: of stand-in token and API key just one. `amazons`: a token of Amazon's, too."""

    stand_in: Secret | None
    key: Secret | None
    amazons: Secret | None


class AmazonCaller(NamedTuple):
    """Who calls, and for what; no `bearer` where no store is named."""

    caller: Caller
    bearer: Bearer | None


def shown_in(scope: Scope) -> Shown:
    """Return what a request shows. Raise Problem where that is nothing, or more than one thing."""
    access = [value.strip() for value in header_values(scope, TOKEN_HEADER.encode())]
    authorization = presented_key(scope)
    several = header_values(scope, b"authorization")
    if authorization.startswith(SIGNATURE):
        authorization, several = "", []
    shown = {text for text in (*access, authorization) if text}
    stand_ins = {text for text in shown if text.startswith(STAND_IN_PREFIX)}
    amazons = {text for text in shown if OF_AMAZON.match(text)}
    keys = shown - stand_ins - amazons
    if not shown:
        raise Problem("unauthorized", HOW)
    if amazons and not (keys or stand_ins):
        words = "a token of Amazon's does not tell who calls: take the handle with proxy: before it"
        raise Problem("unauthorized", words)
    if len(several) > 1 or len(amazons) > 1 or len(stand_ins) + len(keys) > 1 or (stand_ins and amazons):
        raise Problem("bad_parameter", "two tokens are shown, and it is not clear which is meant: show one")
    if keys and (authorization not in keys):
        raise Problem("unauthorized", f"{TOKEN_HEADER} holds no stand-in token: {HOW}")
    return Shown(*(Secret(next(iter(texts))) if texts else None for texts in (stand_ins, keys, amazons)))


async def find_caller(scope: Scope, flow: Flow, region: Region) -> AmazonCaller:
    """Return who calls, and the store or account that is meant. Raise Problem."""
    shown = shown_in(scope)
    try:
        if shown.stand_in is not None:
            return await _of_stand_in(scope, flow, region, shown.stand_in)
        return await (_of_store if flow == "spapi" else _of_profile)(scope, region, shown)
    except Problem as problem:
        raise _with_addresses(problem, flow) from None


async def _of_stand_in(scope: Scope, flow: Flow, region: Region, token: Secret) -> AmazonCaller:
    services = services_in(scope)
    said = services.stand_in_tokens.read(token)
    read = None if said is None else await services.vault.reader.by_key_id(said.key_id, said.grant_id)
    if said is None or read is None:
        raise Problem("stand_in_ended")
    audit.identified(read.caller)
    check_rights(read.caller, RIGHTS)
    grant = read.grant
    if grant is None:  # removed, and maybe authorized anew: the next token is for that
        raise Problem("stand_in_ended")
    if grant.flow != flow:
        other = "the SP-API" if grant.flow == "spapi" else "the Ads API"
        raise Problem("bad_parameter", f"this stand-in token is for {other}")
    if flow == "spapi":
        check_store_region(grant, region)
        named = one_header(scope, "x-store")
        if named not in (None, grant.seller_id):
            raise Problem("bad_parameter", "X-Store: the stand-in token is for another store")
        return AmazonCaller(read.caller, Bearer(grant, grant.region, held=read.tokens))
    profile_id = _profile_of(scope)
    if said.profile_id is not None and profile_id not in (None, said.profile_id):
        raise Problem("not_allowed", f"Amazon-Advertising-API-Scope: this token is for {said.profile_id}")
    profile_id = profile_id or said.profile_id
    if profile_id is not None:
        check_profile_region(await _profile_within(services, grant, profile_id), region)
    return AmazonCaller(read.caller, Bearer(grant, region, None, profile_id, read.tokens))


async def _of_store(scope: Scope, region: Region, shown: Shown) -> AmazonCaller:
    """Return the store that X-Store names, or that a token of Amazon's belongs to, and who has the key."""
    assert shown.key is not None, "there is no stand-in token"
    seller_id = one_header(scope, "x-store")
    if seller_id is None or shown.amazons is not None or not SELLER_ID.fullmatch(seller_id):
        call = await ApiCall.begin(scope, RIGHTS)
        if seller_id is not None and not SELLER_ID.fullmatch(seller_id):
            raise Problem("bad_parameter", "X-Store: expected a seller id")
        bearer = await call.services.proxy.bearers.store(call.caller, region, shown.amazons, seller_id)
        return AmazonCaller(call.caller, bearer)
    read = await TokenCall(scope, services_in(scope), RIGHTS, shown.key.reveal()).store(seller_id, region)
    grant = read.grant
    assert grant is not None, "`store` found it"
    return AmazonCaller(read.caller, Bearer(grant, grant.region, held=read.tokens))


async def _of_profile(scope: Scope, region: Region, shown: Shown) -> AmazonCaller:
    """Return the account of the profile that is named, or that a token of Amazon's belongs to."""
    call = await ApiCall.begin(scope, RIGHTS)
    profile_id = _profile_of(scope)
    if profile_id is None and shown.amazons is None:
        raise Problem("bad_parameter", "X-Profile: expected the id of the profile to call for")
    bearer = await call.services.proxy.bearers.account(call.caller, region, shown.amazons, profile_id)
    return AmazonCaller(call.caller, bearer)


def _profile_of(scope: Scope) -> int | None:
    """Return the profile that a request names. Raise Problem for two, and for what is no number."""
    named = {value for name in ("x-profile", SCOPE) if (value := one_header(scope, name)) is not None}
    if len(named) > 1:
        raise Problem("bad_parameter", "X-Profile: Amazon-Advertising-API-Scope names another profile")
    for value in named:
        if not PROFILE_ID.fullmatch(value):
            raise Problem("bad_parameter", "X-Profile: expected the number of a profile")
        return int(value)
    return None


async def _profile_within(services: Services, grant: Grant, profile_id: int) -> Profile:
    """Return a profile of an account's. Raise Problem not_allowed for any other."""
    covering = await services.threads.vault(services.vault.profiles.covering, grant.user_id, profile_id)
    for profile, account in covering:
        if account.id == grant.id:
            return profile
    raise Problem(
        "not_allowed", "Amazon-Advertising-API-Scope: the account of this token does not cover that profile"
    )


def _with_addresses(problem: Problem, flow: Flow) -> Problem:
    """Return a Problem; that of a store or profile in another region names the addresses to call it at."""
    regions = problem.extra.get("regions")
    if not regions:
        return problem
    addresses = " or ".join(f"{AMAZON_ADDRESSES[flow]}{region.lower()}" for region in regions)
    what = "store" if flow == "spapi" else "profile"
    return Problem("bad_parameter", f"region: this {what} is called at {addresses}")


def one_header(scope: Scope, name: str) -> str | None:
    """Return a header's value, None where there is none or nothing in it. Raise Problem for several."""
    values = header_values(scope, name.encode())
    if len(values) > 1:
        raise Problem("bad_parameter", f"{name}: it is there more than once")
    return values[0].strip() or None if values else None

"""Which store or ads profile a command is for: declared and found in one way by every script.

A store: `--seller-id ID --region R` as the gateway wants it, or `--store NAME`, `--site` and `--region` in a
person's words. A profile: `--profile-id`, or `--account NAME` and `--site`. Words are looked up in the
gateway's list; ids that say enough are not, so they cost no call.
"""

import contextlib
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

from linkfox_client.cli import values
from linkfox_client.cli.arguments import Arguments
from linkfox_client.cli.fields import option_name
from linkfox_client.commands import lists
from linkfox_client.errors import ClientError, bad_arguments, typed

if TYPE_CHECKING:
    from linkfox_client.amazon.sites import Site
    from linkfox_client.gateway.client import Gateway

STORES = "/spApi/authorizedStores"
ACCOUNTS = "/amazonAds/authorizedStores"
STORE_FLAGS = ("--seller-id", "--store", "--site")
PROFILE_FLAGS = ("--profile-id", "--account", "--site")
STORES_LISTED = f"{typed('authorized_stores.py')} lists the stores."
ACCOUNTS_LISTED = f"{typed('ads_authorized_stores.py')} lists the ads accounts."
NAMES = ("sellerName", "accountName")
EITHER_FLAGS = ("--seller-id", "--store", "--profile-id", "--account")


class Choice(NamedTuple):
    """What was chosen: the fields that name it to the gateway, and its row of the list.

    `which` is `{"sellerId", "region"}`, `{"profileId"}` or `{"authRecordId"}`. `row` is empty where the ids
    said enough and no list was asked for. `site`: that of a store, where one was named.
    """

    which: dict[str, Any]
    row: dict[str, Any]
    site: "Site | None" = None

    def named(self) -> dict[str, Any]:
        """Return `which` with the store's or account's name, where the list told it: for the answer."""
        return {name: self.row[name] for name in NAMES if name in self.row} | self.which


# What a script declares.


def declare_store(arguments: Arguments, *others: str, required: bool = True) -> None:
    """Declare the choice of a store; `others` are flags that stand in its place, such as `--all`.

    `required`: the script is for a store; without it none need be chosen, which `is_any_store` tells.
    """
    _declare_store_flags(arguments)
    arguments.text("--site", "the store that sells there: a country in English or Chinese, or a code")
    if required:
        arguments.one_or_more(*STORE_FLAGS, instead=others)
    arguments.excludes("--seller-id", "--store")
    arguments.needs("--region", *STORE_FLAGS)
    arguments.check(_check_site)


def declare_named_store(arguments: Arguments) -> None:
    """Declare the words in which a person speaks of a store, for the script that only finds it."""
    arguments.text("--name", "the store's name, or a phrase with its site", mistaken=("--seller-name",))
    arguments.text("--store", "the same, as other scripts call it", metavar="NAME")
    arguments.text("--site", "a site where it sells: a country in English or Chinese, or a code")
    arguments.text("--seller-id", "its seller id, also known as merchant token", metavar="ID")
    arguments.region(note=", where it has to be")
    arguments.at_most_one("--name", "--store", "--seller-id")
    arguments.check(_check_site)


def declare_profile(arguments: Arguments, *others: str) -> None:
    """Declare the choice of an ads profile, as `declare_store` does; `others` as there."""
    _declare_profile_flags(arguments)
    arguments.text("--site", "its site: a country in English or Chinese, a code, a marketplace id")
    arguments.one_or_more(*PROFILE_FLAGS, instead=others)
    arguments.excludes("--profile-id", "--account", "--site")


def declare_account(arguments: Arguments, *others: str) -> None:
    """Declare the choice of an ads account by its number or name, or by a profile of it."""
    arguments.identifier("--auth-record-id", "the account itself; ads_authorized_stores.py lists them")
    declare_profile(arguments, "--auth-record-id", *others)


def declare_authorization(arguments: Arguments) -> None:
    """Declare the choice of an ads authorization as a whole, by its number or the name it was given."""
    arguments.identifier("--auth-record-id", "its number; ads_authorized_stores.py lists them")
    arguments.text(
        "--account",
        "the name it was authorized under",
        metavar="NAME",
        mistaken=("--account-name", "--name"),
        hint=ACCOUNTS_LISTED,
    )
    arguments.exactly_one("--auth-record-id", "--account")


def declare_either(arguments: Arguments, *, or_none: bool = False) -> None:
    """Declare the choice of a store or of an ads profile, for a script that works with both.

    `or_none`: or of neither, by `--region` alone, for what is no store's.
    """
    _declare_store_flags(arguments)
    _declare_profile_flags(arguments)
    arguments.text("--site", "with --store or --account: the site, in English or Chinese, or a code")
    if or_none:
        arguments.at_most_one(*EITHER_FLAGS)
        arguments.excludes("--region", "--profile-id", "--account")
        arguments.check(_check_none)
    else:
        arguments.exactly_one(*EITHER_FLAGS)
        arguments.needs("--region", "--seller-id", "--store")
    arguments.needs("--site", "--seller-id", "--store", "--account")
    arguments.check(_check_site)


def _declare_store_flags(arguments: Arguments) -> None:
    arguments.text("--seller-id", "the store's seller id; authorized_stores.py lists them", metavar="ID")
    arguments.text(
        "--store",
        "the store's name",
        metavar="NAME",
        mistaken=("--seller-name", "--name"),
        hint=STORES_LISTED,
    )
    arguments.region(note="; left out, it is looked up")


def _declare_profile_flags(arguments: Arguments) -> None:
    arguments.identifier("--profile-id", "the ads profile; ads_resolve_profile.py finds it")
    arguments.text(
        "--account",
        "the name the ads account was authorized under, the advertiser's, or its store's",
        metavar="NAME",
        mistaken=("--account-name", "--name"),
        hint=ACCOUNTS_LISTED,
    )


def _check_none(options: SimpleNamespace) -> None:
    """Refuse a command that says neither what is called for nor where."""
    if options.region is None and all(getattr(options, option_name(flag)) is None for flag in EITHER_FLAGS):
        flags = values.either(EITHER_FLAGS)
        raise bad_arguments(
            f"Missing: {flags}",
            f"Give one of {flags}. {STORES_LISTED} A grantless call has --region alone.",
        )


def _check_site(options: SimpleNamespace) -> None:
    """Refuse words for a store's site that name none, and a site that is in another region."""
    if options.site is None or getattr(options, "account", None) is not None:
        return
    site = _site(options.site)
    if options.region not in (None, site.region):
        raise bad_arguments(
            f"{site.country} ({site.code}) is a site of {site.region}, not of {options.region}",
            f"Give --site {site.code} without --region.",
        )


def _site(words: str) -> "Site":
    from linkfox_client.amazon import sites

    site = sites.find_site(words)
    if site is None:
        raise bad_arguments(
            f"--site names no Amazon site: {words!r}", sites.explain_unknown_site(words, region_flag=True)
        )
    return site


# What becomes of it.


def store(gateway: "Gateway", options: SimpleNamespace) -> Choice:
    """Return the store that was chosen. Raise ClientError: not_found or ambiguous, with `candidates`."""
    site = _site(options.site) if options.site is not None else None
    region = options.region or (site.region if site else None)
    if options.seller_id is not None and region is not None:
        return Choice({"sellerId": options.seller_id, "region": region}, {}, site)
    said = {"name": options.store, "seller_id": options.seller_id, "region": options.region, "site": site}
    return _listed_store(gateway, **said)._replace(site=site)


def find_store(gateway: "Gateway", options: SimpleNamespace) -> "tuple[dict[str, Any], Site | None]":
    """Return the list's row of the store that `declare_named_store`'s words mean, and the site they name.

    A name that no store has may be a phrase with a site: "my German store". Where nothing was said, it is the
    only store that there is. Raise ClientError as `store`.
    """
    from linkfox_client.amazon import sites, stores

    name = options.store if options.name is None else options.name
    said: dict[str, Any] = {"name": name, "seller_id": options.seller_id, "region": options.region}
    site = _site(options.site) if options.site is not None else None
    with _list(gateway, STORES) as answer:
        listed = lists.entries(answer)
        if name is not None and not stores.has_name(listed, name):
            phrase = sites.find_site(name)
            if phrase is not None and site in (None, phrase):
                said["name"], site = None, phrase
        return dict(stores.resolve(listed, site=site, **said)), site


def known_store(gateway: "Gateway", options: SimpleNamespace, region: str | None) -> Choice | None:
    """Return the store that is to be authorized again, by `--seller-id` or `--store`; None for a new one.

    What was not said of it, the list tells. `region`: where that was said. A seller with a name for the store
    may be one who is not known yet. Raise ClientError as `store` does.
    """
    if options.seller_id is None and options.store is None:
        return None
    may_be_new = options.seller_id is not None and options.seller_name is not None
    if may_be_new and region is not None:
        return Choice({"sellerId": options.seller_id, "region": region}, {})
    new = "give --seller-name, and its --region"
    if region is not None and options.store is not None:
        new = typed("authorize_url.py", "--seller-name", options.store, "--region", region)
    try:
        with _or_a_new_one(new):
            return _listed_store(gateway, name=options.store, seller_id=options.seller_id, region=region)
    except ClientError as problem:
        if not may_be_new or problem.code != "not_found":
            raise
        return Choice({"sellerId": options.seller_id, "region": "NA"}, {})


def known_account(gateway: "Gateway", options: SimpleNamespace) -> Choice | None:
    """Return the ads account that is to be authorized again, as `known_store` does."""
    if options.account is not None:
        with _or_a_new_one(typed("ads_authorize_url.py", "--account-name", options.account)):
            return authorization(gateway, options)
    if options.auth_record_id is None:
        return None
    row = {}
    if options.account_name is None:
        from linkfox_client.amazon import accounts

        listed = accounts.accounts(_listed_profiles(lists.whole(gateway, ACCOUNTS)))
        row = accounts.of_record(listed, options.auth_record_id)
    return Choice({"authRecordId": options.auth_record_id}, row)


@contextlib.contextmanager
def _or_a_new_one(how: str) -> Iterator[None]:
    """Tell how one is authorized that the list does not have, unless the failure tells it already."""
    try:
        yield
    except ClientError as failure:
        if failure.code == "not_found" and "authorize_url.py" not in failure.hint:
            failure.hint += f" A new one: {how}."
        raise


def profile(gateway: "Gateway", options: SimpleNamespace) -> Choice:
    """Return the ads profile that was chosen. Raise ClientError as `store` does."""
    if options.profile_id is not None:
        return Choice({"profileId": options.profile_id}, {})
    row = find_profile(gateway, site=options.site, account=options.account)
    return Choice({"profileId": row["profileId"]}, row)


def account(gateway: "Gateway", options: SimpleNamespace) -> Choice:
    """Return the ads account that was chosen, by its record or by a profile. Raise ClientError as `store`."""
    if options.auth_record_id is not None:
        return Choice({"authRecordId": options.auth_record_id}, {})
    if options.account is None or options.site is not None:
        return profile(gateway, options)
    return _named_account(gateway, options.account, lambda: _stores_or_none(gateway))


def authorization(gateway: "Gateway", options: SimpleNamespace) -> Choice:
    """Return the ads authorization that was chosen; no advertiser's name stands for it. Raise as `store`."""
    if options.auth_record_id is not None:
        return Choice({"authRecordId": options.auth_record_id}, {})
    return _named_account(gateway, options.account)


def either(gateway: "Gateway", options: SimpleNamespace) -> Choice:
    """Return the store or the ads profile that was chosen; by a region alone neither. Raise as `store`."""
    if not (is_store(options) or is_profile(options)):
        return Choice({"region": options.region}, {})
    return store(gateway, options) if is_store(options) else profile(gateway, options)


def is_any_store(options: SimpleNamespace) -> bool:
    """Tell whether a store was chosen at all, of `declare_store`."""
    return is_store(options) or options.site is not None


def is_store(options: SimpleNamespace) -> bool:
    """Tell whether a store was chosen, of `declare_either`."""
    return options.seller_id is not None or options.store is not None


def is_profile(options: SimpleNamespace) -> bool:
    """Tell whether an ads profile was chosen, of `declare_either`."""
    return options.profile_id is not None or options.account is not None


def _named_account(
    gateway: "Gateway", name: str, stores: Callable[[], list[dict[str, Any]]] | None = None
) -> Choice:
    from linkfox_client.amazon import accounts

    with _list(gateway, ACCOUNTS) as answer:
        # An authorization whose profiles another one covers is in a list of its own, and still to be named.
        listed = [*_listed_profiles(answer), *(answer.get("coveredAccounts") or [])]
        found = accounts.resolve(listed, name, stores)
    return Choice({"authRecordId": found["authRecordId"]}, found)


def find_profile(
    gateway: "Gateway",
    *,
    site: str | None = None,
    account: str | None = None,
    profile_id: int | None = None,
) -> dict[str, Any]:
    """Return the list's row of the profile that fits all of what is given. Raise ClientError as `store`."""
    from linkfox_client.amazon import profiles

    with _list(gateway, ACCOUNTS) as answer:
        row = profiles.resolve(
            _listed_profiles(answer),
            site=site,
            account=account,
            profile_id=profile_id,
            incomplete=answer.get("incompleteAccounts") or [],
            stores=lambda: _stores_or_none(gateway),
        )
    return dict(row)


def _listed_store(gateway: "Gateway", **said: Any) -> Choice:
    """Return the store of the list that `said` means, as `stores.resolve` takes it."""
    from linkfox_client.amazon import stores

    with _list(gateway, STORES) as answer:
        row = stores.resolve(lists.entries(answer), **said)
    return Choice({"sellerId": row["sellerId"], "region": row["region"]}, dict(row))


@contextlib.contextmanager
def _list(gateway: "Gateway", path: str) -> Iterator[dict[str, Any]]:
    """Have the whole list; who finds nothing in it is told its notes: another gateway may have the stores."""
    answer = lists.whole(gateway, path)
    try:
        yield answer
    except ClientError as failure:
        if answer.get("notes"):
            failure.fields = {**failure.fields, "notes": answer["notes"]}
        raise


def _listed_profiles(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return [*lists.entries(answer), *(answer.get("accountsWithoutProfiles") or [])]


def _stores_or_none(gateway: "Gateway") -> list[dict[str, Any]]:
    """Return the authorized stores, whose names an advertiser may go by; none where they cannot be had."""
    with contextlib.suppress(ClientError):
        return lists.entries(lists.whole(gateway, STORES))
    return []

"""Which gateway a script calls, and with which key: always chosen as a pair.

1. A gateway from the environment or a `.env` file, with the key from the same place, else the key that
   login.py stored for that origin: in the keyring, else in a file.
2. A key without a gateway: the hosted gateway.
3. Neither: the local gateway that was set up, with its own key; where there is none, the hosted gateway
   with the key that login.py stored for it.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from linkfox_client.config import (
    GATEWAY_NAMES,
    HOSTED,
    HOSTED_HOST,
    KEY_NAMES,
    LOCAL_KEY_PREFIX,
    Place,
    checked_gateway,
    is_loopback,
    origin_of,
    places,
)
from linkfox_client.errors import ClientError
from linkfox_client.secrets.secret import Secret

if TYPE_CHECKING:
    from linkfox_client.local.local_gateway import LocalGateway

KEYRING_SECONDS = 3.0

WAYS = (
    "For the hosted gateway set LINKFOX_AGENT_API_KEY (made at https://agent.linkfox.com/, personal center, "
    "API settings) or store it with `python3 scripts/login.py`; for your own, run "
    "`python3 scripts/local_gateway.py start`; to try everything, run `python3 scripts/quickstart.py --keep`."
)

# To be noted where there is one.
PASSED_BY = (
    "A local gateway exists and is not used, because a key without a gateway, {variable}, means the hosted "
    f"one. Unset it to use the local one; set LINKFOX_TOOL_GATEWAY={HOSTED} beside it to keep the hosted one."
)


class Settings(NamedTuple):
    """The chosen pair. `gateway` is an address without a final slash; `…_from` say where each came from.

    `local`: the gateway on this machine whose pair it is, which has to prove itself before it gets the key.
    `named_by` and `key_named_by`: the variable that named the gateway or the key, and where it is set; empty
    where none did. `note`: what whoever uses this pair should know.
    """

    gateway: str
    key: Secret
    gateway_from: str
    key_from: str
    sandbox: bool = False
    local: "LocalGateway | None" = None
    named_by: str = ""
    key_named_by: str = ""
    note: str = ""

    @property
    def origin(self) -> str:
        """Scheme, host and port of the gateway: what a key in the keyring is stored under."""
        return origin_of(self.gateway)

    @property
    def is_hosted(self) -> bool:
        """True for the hosted gateway, which never gets the key of another one."""
        return urlsplit(self.gateway).hostname == HOSTED_HOST

    @property
    def is_loopback(self) -> bool:
        """True where the gateway is on this machine."""
        return is_loopback(urlsplit(self.gateway).hostname or "")


ReadStored = Callable[[str], str | None]


def load(
    environ: Mapping[str, str],
    *,
    folders: Iterable[Path] | None = None,
    read_keyring: "ReadStored | None" = None,
    read_key_file: "ReadStored | None" = None,
) -> Settings:
    """Return the pair that the settings name, by the rule above.

    A local gateway that is not running is started.

    `folders` are searched for `.env` files (by default the bundle's own, then `~/.config/linkfox`).
    Raise ClientError `not_set_up` where there is no usable pair, and whatever starting the gateway raises.
    """
    read_keyring = read_keyring or key_in_keyring
    read_key_file = read_key_file or key_in_file
    # The environment often settles it, and then no file is read.
    found = _named(places(environ, folders), read_keyring, read_key_file)
    if found is not None:
        return _noted(_checked(found), environ)
    from linkfox_client.local import local_gateway

    local = local_gateway.locate_or_start(environ)
    if local is not None:
        return of_local(local)
    kept = _stored(HOSTED, "default", read_keyring, read_key_file)
    if kept is not None:
        return _checked(kept)
    raise ClientError("not_set_up", "No gateway and no API key are set up", WAYS)


def of_local(local: "LocalGateway") -> Settings:
    """Return the pair of the gateway on this machine and its owner's key."""
    return Settings(local.url, local.key, "local gateway", "local gateway", local.sandbox, local)


def named(environ: Mapping[str, str]) -> Settings | None:
    """Return the pair that the environment or a `.env` file names.

    None where neither names a gateway or a key.

    Nothing is started. Raise ClientError `not_set_up` for a pair that is not usable.
    """
    found = _named(places(environ), key_in_keyring)
    return _noted(_checked(found), environ) if found is not None else None


def stored_for_hosted() -> Settings | None:
    """Return the hosted gateway with the key that login.py stored for it; None without one."""
    kept = _stored(HOSTED, "default", key_in_keyring, key_in_file)
    return _checked(kept) if kept is not None else None


def named_gateway(environ: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the gateway that the environment or a `.env` file names, and which of them; None without one.

    Raise ClientError `not_set_up` for an address that is not usable.
    """
    for place in places(environ):
        found = place.first(GATEWAY_NAMES)
        if found is not None:
            return checked_gateway(found[1], f"{found[0]} ({place.name})"), place.name
    return None


def key_in_keyring(origin: str, seconds: float = KEYRING_SECONDS) -> str | None:
    """Return the API key that the OS keyring holds for this origin.

    None where there is none, or no keyring answers.

    A keyring may hang on a prompt that nobody sees, so it gets `seconds` and is then left alone.
    """
    from linkfox_client.keys import keyring

    try:
        found = keyring.read(origin, seconds)
    except keyring.KeyringUnavailable:  # no key is no failure yet
        return None
    return found.reveal() if found else None


def key_in_file(origin: str) -> str | None:
    """Return the API key that `login.py --insecure-file` wrote for this origin, or None.

    Raise ClientError (`not_set_up`) for a file that others can read.
    """
    from linkfox_client.keys import key_files

    return key_files.read(origin)


def _stored(
    gateway: str, gateway_from: str, read_keyring: ReadStored, read_key_file: ReadStored
) -> Settings | None:
    """Return the pair of this gateway and the key that login.py stored for its origin; None without one."""
    for key_from, read in (("keyring", read_keyring), ("key file", read_key_file)):
        key = read(origin_of(gateway))
        if key:
            return Settings(gateway, _key(key, key_from), gateway_from, key_from)
    return None


def _named(
    found_places: Iterable[Place], read_keyring: ReadStored, read_key_file: ReadStored = key_in_file
) -> Settings | None:
    """Return the pair that a place names.

    The first gateway, else the first key, which means the hosted gateway.
    """
    lone_key: Settings | None = None
    found_places = iter(found_places)
    passed: list[Place] = []
    for place in found_places:
        gateway, key = place.first(GATEWAY_NAMES), place.first(KEY_NAMES)
        key_named_by = f"{key[0]} ({place.name})" if key is not None else ""
        if gateway is not None:
            named_by = f"{gateway[0]} ({place.name})"
            address = checked_gateway(gateway[1], named_by)
            if key is not None:
                pair = Settings(address, _key(key[1], key[0]), place.name, place.name)
                return pair._replace(named_by=named_by, key_named_by=key_named_by)
            kept = _stored(address, place.name, read_keyring, read_key_file)
            if kept is not None:
                return kept._replace(named_by=named_by)
            raise _without_key(gateway[0], place, [*passed, *found_places])
        passed.append(place)
        if key is not None and lone_key is None:
            note = PASSED_BY.format(variable=key_named_by)
            lone_key = Settings(HOSTED, _key(key[1], key[0]), "default", place.name)
            lone_key = lone_key._replace(key_named_by=key_named_by, note=note)
    return lone_key


def _noted(settings: Settings, environ: Mapping[str, str]) -> Settings:
    """Return the pair with its note where a local gateway is passed by, else without one."""
    if not settings.note:
        return settings
    from linkfox_client.local import gateway_folder

    try:
        data_dir = gateway_folder.locate(gateway_folder.read_settings(environ))
    except ClientError:  # what is said of a local gateway is wrong, and this one does not need it
        data_dir = None
    return settings._replace(note=f"{settings.note} Its data: {data_dir}." if data_dir is not None else "")


def _without_key(variable: str, place: Place, others: Iterable[Place]) -> ClientError:
    """Return the failure of a gateway without a key.

    A key in one of the `others` is told of, and not used.
    """
    message = f"{variable} names a gateway ({place.name}), but there is no API key for it"
    elsewhere = next((other for other in others if other.first(KEY_NAMES)), None)
    if elsewhere is not None:
        message += f"; the one from {elsewhere.name} was not set together with it, and is not sent to it"
    return ClientError(
        "not_set_up",
        message,
        "Set LINKFOX_AGENT_API_KEY in the same place as the gateway (both in the environment, or both in one "
        ".env file), or store one for this gateway with `python3 scripts/login.py`.",
    )


def _checked(settings: Settings) -> Settings:
    if settings.is_hosted and settings.key.reveal().startswith(LOCAL_KEY_PREFIX):
        raise ClientError(
            "not_set_up",
            f"The API key ({settings.key_from}) is a self-hosted gateway's, and no such gateway is named",
            "Set LINKFOX_TOOL_GATEWAY to that gateway's address in the same place; "
            "such a key is never sent to the hosted gateway.",
        )
    return settings


def _key(text: str, source: str) -> Secret:
    text = text.strip().removeprefix("Bearer ").strip()
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        raise ClientError(
            "not_set_up",
            f"The API key ({source}) holds characters that no key has",
            "Store the key again, alone and on one line.",
        )
    return Secret(text)

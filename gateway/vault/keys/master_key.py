"""Where the vault's master key comes from.

In this order: GATEWAY_MASTER_KEY, the file of GATEWAY_MASTER_KEY_FILE, the OS keyring, a 0600 file outside
the data folder. The source is written into the vault when it is made. Later only an explicit setting may take
its place, and only with the same key: a keyring that is gone today must not lead to a second key.
"""

import base64
import binascii
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from gateway.settings.settings import Settings
from gateway.util import keyring
from gateway.util.private_files import create_private
from gateway.util.secret import Secret
from gateway.vault.errors import VaultError
from gateway.vault.keys.facts import Source
from gateway.vault.keys.sealing import KEY_LENGTH, MasterKey

_MAKE_ONE = (
    "Make one with: python3 -c "
    "'import base64, secrets; print(base64.b64encode(secrets.token_bytes(32)).decode())'"
)
_BRING_IT = (
    "Bring the key back to where it was, or set GATEWAY_MASTER_KEY or GATEWAY_MASTER_KEY_FILE to a copy."
)


@dataclass(frozen=True, slots=True)
class FoundKey:
    """A master key, its source, and where that is in words. `generated`: it was made just now."""

    key: MasterKey
    source: Source
    place: str
    generated: bool = False


def find_master_key(settings: Settings, vault_id: str, source: Source, key_id: str) -> FoundKey:
    """Return the key of an existing vault. Raise VaultError where it is missing or another one."""
    found = _explicit(settings) or _from(settings, vault_id, source, key_id)
    if found is None:
        raise VaultError(
            f"there stands no master key {key_id} {_PLACES[source]}, where the vault had it when it was made",
            _BRING_IT,
            "not_set_up",
        )
    if found.key.id != key_id:
        raise VaultError(
            f"the vault wants the master key {key_id}, and the one from {found.place} is {found.key.id}",
            _BRING_IT,
            "not_set_up",
        )
    return found


def master_key_for_new_vault(settings: Settings, vault_id: str) -> FoundKey:
    """Return the key that the settings give, else generate one and store it (keyring, else key folder)."""
    found = _explicit(settings)
    if found is not None:
        return found
    key = MasterKey(os.urandom(KEY_LENGTH))
    text = Secret(base64.b64encode(key.reveal()).decode())
    name = _keyring_name(vault_id)
    try:
        keyring.write(name, text, settings.keyring_timeout)
        return FoundKey(key, "keyring", f"the OS keyring ({keyring.SERVICE}, {name})", True)
    except keyring.KeyringUnavailable:
        path = _key_file(settings, vault_id)
        _store(path, text)
        return FoundKey(key, "key_folder", str(path), True)


def store_master_key(settings: Settings, vault_id: str, source: Source, key: MasterKey) -> None:
    """Keep a further key of a vault beside its first one: in the keyring, or in the key folder.

    Raise VaultError where it cannot be kept.
    """
    text = Secret(base64.b64encode(key.reveal()).decode())
    entry = _entry(vault_id, key.id)
    if source == "keyring":
        try:
            keyring.write(_keyring_name(entry), text, settings.keyring_timeout)
        except keyring.KeyringUnavailable as error:
            raise VaultError(
                f"the new master key cannot be kept in the OS keyring: {error}",
                "Unlock or start the keyring, then try again. Nothing was changed.",
                "not_set_up",
            ) from None
    else:
        _store(_key_file(settings, entry), text)


def read_new_key(path: Path) -> MasterKey:
    """Read the master key that an operator made, from a file that is private. Raise VaultError."""
    text = _read(path)
    if text is None:
        raise VaultError(f"{path} does not exist or cannot be read", "Correct the path.", "bad_arguments")
    _check_private(path)
    return _decode(text, f"the file {path}")


def _explicit(settings: Settings) -> FoundKey | None:
    """Return the key that a setting gives. Raise VaultError where its two forms give two keys."""
    in_variable = in_file = None
    if settings.master_key is not None:
        key = _decode(settings.master_key, "GATEWAY_MASTER_KEY")
        in_variable = FoundKey(key, "environment", "GATEWAY_MASTER_KEY")
    if settings.master_key_file is not None:
        path = settings.master_key_file
        text = _read(path)
        if text is None:
            raise VaultError(
                f"GATEWAY_MASTER_KEY_FILE names a file that does not exist or cannot be read ({path})",
                f"Correct the path or its permissions. {_MAKE_ONE}",
                "not_set_up",
            )
        in_file = FoundKey(_decode(text, f"the file {path}"), "file", f"the file {path}")
    if in_variable and in_file and in_variable.key.id != in_file.key.id:
        raise VaultError(
            f"GATEWAY_MASTER_KEY holds the master key {in_variable.key.id}, and the file of "
            f"GATEWAY_MASTER_KEY_FILE another one, {in_file.key.id}",
            "Set one of the two.",
            "not_set_up",
        )
    return in_variable or in_file


def _from(settings: Settings, vault_id: str, source: Source, key_id: str) -> FoundKey | None:
    """Look for the key where it is kept; one of another id only where there is no better."""
    first = None
    for entry in (vault_id, _entry(vault_id, key_id)):
        found = _kept(settings, entry, source)
        if found is not None and found.key.id == key_id:
            return found
        first = first or found
    return first


def _kept(settings: Settings, entry: str, source: Source) -> FoundKey | None:
    if source == "keyring":
        name = _keyring_name(entry)
        try:
            text = keyring.read(name, settings.keyring_timeout)
        except keyring.KeyringUnavailable as error:
            raise VaultError(
                f"the OS keyring holds the vault's master key, and {error}",
                "Unlock or start the keyring, or set GATEWAY_MASTER_KEY to the same key.",
                "not_set_up",
            ) from None
        place = f"the OS keyring ({keyring.SERVICE}, {name})"
        return FoundKey(_decode(text, place), source, place) if text else None
    if source == "key_folder":
        path = _key_file(settings, entry)
        text = _read(path)
        if text is None:
            return None
        _check_private(path)
        return FoundKey(_decode(text, f"the file {path}"), source, f"the file {path}")
    return None


def _check_private(path: Path) -> None:
    if os.name != "nt" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise VaultError(
            f"the master key's file can be read by others ({path})", f"chmod 600 {path}", "not_set_up"
        )


_PLACES: dict[Source, str] = {
    "environment": "in GATEWAY_MASTER_KEY",
    "file": "in the file of GATEWAY_MASTER_KEY_FILE",
    "keyring": "in the OS keyring",
    "key_folder": "in the folder of master keys (~/.config/linkfox/master-keys)",
}


def _decode(text: Secret, place: str) -> MasterKey:
    try:
        key = base64.b64decode(text.reveal().translate(str.maketrans("-_", "+/")), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_LENGTH:
        raise VaultError(f"{place} does not hold 32 bytes in base64", _MAKE_ONE, "not_set_up")
    return MasterKey(key)


def _read(path: Path) -> Secret | None:
    try:
        return Secret(path.read_text(encoding="utf-8-sig").strip())
    except (OSError, UnicodeDecodeError):
        return None


def _entry(vault_id: str, key_id: str) -> str:
    """Return the name under which a further key of a vault is kept; the first one is under the vault's id."""
    return f"{vault_id}-{key_id}"


def _keyring_name(entry: str) -> str:
    return f"master-key {entry}"


def _key_file(settings: Settings, entry: str) -> Path:
    return settings.master_key_folder / f"{entry}.key"


def _store(path: Path, text: Secret) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        create_private(path, text.reveal().encode() + b"\n")
    except OSError as error:
        raise VaultError(
            f"the master key cannot be stored in {path} ({error.strerror})",
            "Make that folder writable, or set GATEWAY_MASTER_KEY or GATEWAY_MASTER_KEY_FILE.",
            "not_set_up",
        ) from None

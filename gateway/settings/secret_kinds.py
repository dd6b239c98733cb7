"""The kinds of values that are secrets; each is called as those in `kinds.py` are."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gateway.settings.kinds import absolute_path
from gateway.settings.values import SettingsError, Values
from gateway.util import keyring
from gateway.util.api_key import PREFIX, is_random_key
from gateway.util.secret import Secret

LONGEST_SECRET = 4096


def secret_file(values: Values, name: str) -> Path | None:
    """Return the absolute path of a file that holds a secret and that nobody else can write."""
    path = absolute_path(values, name)
    if path is not None:
        values.look_at(path)
    return path


def file_variable(name: str) -> str:
    """Return the variable that names the file with the secret of the variable `name`."""
    return f"{name}_FILE"


@dataclass(frozen=True, slots=True)
class SecretText:
    """A secret: it stands in the variable, or in the file that `…_FILE` names.

    `shape` makes the secret of a text and the variable's name; it raises SettingsError for what is none.
    """

    shape: Callable[[str, str], Secret] = lambda text, _name: Secret(text)

    def __call__(self, values: Values, name: str) -> Secret | None:
        """Return the secret. Raise SettingsError where both forms are given and differ."""
        text, from_file = _text_of_variable(values, name), _text_of_file(values, file_variable(name))
        if text is not None and from_file is not None and text != from_file:
            raise SettingsError(
                f"{name} and the file of {file_variable(name)} hold two different secrets",
                "Set one of the two.",
            )
        if text is None:
            text = from_file
        return self.shape(text, name) if text is not None else None


secret = SecretText()


@dataclass(frozen=True, slots=True)
class ClientSecret(SecretText):
    """A secret that may also stand in the OS keyring, and that its record cannot be without."""

    def __call__(self, values: Values, name: str) -> Secret:
        """Return the secret from its variable, the file, or the keyring. Raise SettingsError without any."""
        given = SecretText.__call__(self, values, name) or values.secret_store(name)
        if given is None:
            raise SettingsError(
                f"{name} is not set, and its client id is",
                f"Set {name} or {file_variable(name)}, or put it into the OS keyring ({keyring.SERVICE}, "
                f"{name}).",
            )
        return given


client_secret = ClientSecret()


def _api_key(text: str, name: str) -> Secret:
    if not is_random_key(text):
        raise SettingsError(
            f"{name} holds no random API key of this gateway's form: {PREFIX} and 43 random letters, digits, "
            "- and _",
            f"Make one: python3 -c 'import secrets; print(\"{PREFIX}\" + secrets.token_urlsafe(32))'",
        )
    return Secret(text)


api_key = SecretText(_api_key)


def master_key(values: Values, name: str) -> Secret | None:
    """Return the master key's text of the variable itself.

    Its file is a setting of its own: the vault remembers where its key came from, and looks there again.
    """
    text = _text_of_variable(values, name)
    return Secret(text) if text is not None else None


def _text_of_variable(values: Values, name: str) -> str | None:
    text = values.text(name)
    if text is not None and len(text) > LONGEST_SECRET:
        raise SettingsError(f"{name} is longer than {LONGEST_SECRET} characters", "Copy the secret again.")
    return text


def _text_of_file(values: Values, name: str) -> str | None:
    path = secret_file(values, name)
    if path is None:
        return None
    try:
        # Editors of Windows begin a file with a byte order mark.
        with path.open(encoding="utf-8-sig") as file:
            text = file.read(LONGEST_SECRET + 1).strip()
    except UnicodeDecodeError:
        raise SettingsError(f"{name}: {path} holds no text in UTF-8", "Write it again, in UTF-8.") from None
    except OSError as error:
        raise SettingsError(
            f"{name} names a file that cannot be read: {path} ({error.strerror})",
            "Correct the path or the file's permissions.",
        ) from None
    if not text or len(text) > LONGEST_SECRET or not text.isprintable():
        raise SettingsError(f"{name}: {path} holds no secret; expected one line of text", "Write it again.")
    return text

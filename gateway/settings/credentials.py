"""Secrets that systemd hands to a service as files (systemd.exec(5), `LoadCredential=`)."""

import re
from collections.abc import Mapping
from pathlib import Path

from gateway.settings.values import SettingsError

VARIABLE = re.compile("[A-Z][A-Z0-9_]*")


def with_credentials(environ: Mapping[str, str]) -> Mapping[str, str]:
    """Return an environment in which `NAME_FILE` names the credential NAME, for each that the service has.

    What the environment says of `NAME_FILE` goes before. Raise SettingsError where they cannot be listed.
    """
    folder = environ.get("CREDENTIALS_DIRECTORY")
    if not folder:
        return environ
    try:
        given = [path for path in Path(folder).iterdir() if VARIABLE.fullmatch(path.name)]
    except OSError as error:
        raise SettingsError(
            f"CREDENTIALS_DIRECTORY names a folder that cannot be read, {folder} ({error.strerror})",
            "systemd sets it; elsewhere unset it.",
        ) from None
    return {**{f"{path.name}_FILE": str(path) for path in given}, **environ}

"""The gateways of this machine beside each other: which one the scripts use, and how a hint names one.

Two can be set up, a real one and a sandbox. The scripts use the real one then, unless GATEWAY_DATA_DIR names
another folder.
"""

import shlex
from collections.abc import Mapping
from pathlib import Path

from linkfox_client import config
from linkfox_client.errors import ClientError
from linkfox_client.local import gateway_folder

# Either means that the owner has an application of Amazon's, for which a real gateway is started.
APPLICATIONS = ("SPAPI_CLIENT_ID", "ADS_CLIENT_ID")


def only_sandbox(environ: Mapping[str, str]) -> Path | None:
    """Return the sandbox that is all there is here, where no application is set for a real gateway.

    A new real one would then hide the sandbox's stores behind empty lists. None where there is more, or
    nothing. Raise ClientError (`not_set_up`).
    """
    if config.read(environ, APPLICATIONS):
        return None
    found = gateway_folder.locate(gateway_folder.read_settings(environ))
    return found if found is not None and gateway_folder.is_sandbox(found) else None


def others(environ: Mapping[str, str], data_dir: Path) -> list[Path]:
    """Return the folders of the gateways that are set up here beside the one on `data_dir`."""
    try:
        folders = [*gateway_folder.set_up(gateway_folder.read_settings(environ)), *gateway_folder.set_up({})]
    except ClientError:  # settings that cannot be read are told of where they are needed
        return []
    return [folder for folder in dict.fromkeys(folders) if folder != data_dir]


def described(data_dir: Path) -> str:
    """Return a gateway in words: its kind, its folder, whether it runs."""
    kind = "a sandbox" if gateway_folder.is_sandbox(data_dir) else "a real one"
    state = "runs" if gateway_folder.probe(data_dir) is not None else "stopped"
    return f"{kind} in {data_dir} ({state})"


def way_to(environ: Mapping[str, str], data_dir: Path, called: str = "that one") -> str:
    """Return what makes the scripts use the gateway on `data_dir`; `called`: how the sentence names it."""
    try:
        named = gateway_folder.read_settings(environ).get("GATEWAY_DATA_DIR")
        without = gateway_folder.locate({})
    except ClientError:
        named, without = None, None
    if named and without == data_dir:
        return f"To use {called}, unset GATEWAY_DATA_DIR for the scripts."
    return (
        f"To use {called}, set GATEWAY_DATA_DIR={shlex.quote(str(data_dir))} for the scripts, in the "
        "environment or in ~/.config/linkfox/.env."
    )

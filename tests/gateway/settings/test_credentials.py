"""Secrets that systemd hands to the service as files, each named as its setting."""

from pathlib import Path

import pytest

from gateway.settings.credentials import with_credentials
from gateway.settings.loading import load_settings
from gateway.settings.values import SettingsError

SECRET = "amzn1.oa2-cs.v1.of-a-credential"


def settings(tmp_path: Path, **environ: str):  # type: ignore[no-untyped-def]
    """Read settings where no file of this machine is looked at."""
    spapi = {"SPAPI_APP_ID": "amzn1.sp.solution.x", "SPAPI_CLIENT_ID": "amzn1.application-oa2-client.x"}
    return load_settings({**spapi, **environ}, home=tmp_path, bundle=None, secret_store=lambda name: None)


def test_a_credential_is_the_file_of_its_setting(tmp_path: Path) -> None:
    """Without a further word in the environment."""
    (tmp_path / "SPAPI_CLIENT_SECRET").write_text(f"{SECRET}\n")
    (tmp_path / "SPAPI_CLIENT_SECRET").chmod(0o400)
    spapi = settings(tmp_path, CREDENTIALS_DIRECTORY=str(tmp_path)).spapi
    assert spapi.client_secret.reveal() == SECRET


def test_what_the_environment_says_goes_before(tmp_path: Path) -> None:
    """As for a drop-in of the operator's; what is not named as a setting is not the gateway's."""
    for name in ("A_SECRET", "some.thing"):
        (tmp_path / name).write_text(SECRET)
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path), "A_SECRET_FILE": "/another"}
    assert with_credentials(environ) == environ
    assert with_credentials({}) == {}


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    """It is left over from another service."""
    with pytest.raises(SettingsError, match="CREDENTIALS_DIRECTORY") as refused:
        settings(tmp_path, CREDENTIALS_DIRECTORY=str(tmp_path / "gone"))
    assert str(tmp_path / "gone") in refused.value.message

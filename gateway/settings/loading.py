"""Reading the settings at start.

Values come from the environment (secrets also from systemd's credentials), then `.env` in the bundle's folder
(an installed package has none), then `~/.config/linkfox/.env`. An empty value counts as not set. The working
directory is never looked at: it may be somebody else's.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeVar

from gateway.settings.applications import AdsClient, SellingPartnerApplication
from gateway.settings.backups import BackupSchedule
from gateway.settings.credentials import with_credentials
from gateway.settings.listening import Listening
from gateway.settings.secret_kinds import ClientSecret, file_variable
from gateway.settings.settings import KEYRING_TIMEOUT, Settings, config_folder
from gateway.settings.values import SecretStore, SettingsError, Values
from gateway.settings.variables import declared, read, required
from gateway.settings.webhook import LEAST_WEBHOOK_SECRET, STANDARD_SECRET, Webhook
from gateway.util import keyring
from gateway.util.paths import BUNDLE
from gateway.util.secret import Secret

A_WEBHOOK_SECRET = (
    "a secret comes from: python3 -c 'import base64, secrets; "
    f'print("{STANDARD_SECRET}" + base64.b64encode(secrets.token_bytes(32)).decode())\''
)

# What the name of each variable begins with that is the gateway's alone.
PREFIXES = ("GATEWAY_", "SPAPI_", "ADS_", "PROXY_")
# Every record whose fields variables set, and what returns that of a gateway's settings; None: it is not set.
RECORDS: dict[type, Callable[[Settings], Any]] = {
    Settings: lambda settings: settings,
    BackupSchedule: attrgetter("backups"),
    Listening: attrgetter("listening"),
    Webhook: attrgetter("webhook"),
    SellingPartnerApplication: attrgetter("spapi"),
    AdsClient: attrgetter("ads"),
}

Application = TypeVar("Application", SellingPartnerApplication, AdsClient)


def load_settings(
    environ: Mapping[str, str],
    *,
    sandbox: bool = False,
    data_dir: Path | None = None,
    home: Path | None = None,
    bundle: Path | None = BUNDLE,
    secret_store: SecretStore | None = None,
) -> Settings:
    """Read and check the settings. Raise SettingsError.

    `environ` is the process's environment; `sandbox` and `data_dir` are what the command line said;
    `secret_store` is asked, by variable name, for a client secret that was given in no other way
    (the OS keyring unless a test passes its own).
    """
    home = home or _home()
    config = config_folder(home)
    files = [folder / ".env" for folder in (bundle, config) if folder is not None]
    values = Values(with_credentials(environ), files, secret_store or _keyring_secret)
    given = read(Settings, values, leave_out={"data_dir"} if data_dir else ())
    amazon_origin = given.get("amazon_origin")
    sandbox = sandbox or amazon_origin is not None
    folder = "gateway-sandbox" if sandbox else "gateway"
    default = home / ".local" / "share" / "linkfox" / folder
    if "database_read_url" in given and "database_url" not in given:
        raise SettingsError(
            "GATEWAY_DATABASE_READ_URL is set, and GATEWAY_DATABASE_URL, whose replica it names, is not",
            "Set both, or unset GATEWAY_DATABASE_READ_URL: a SQLite has no replicas.",
        )
    given["data_dir"] = (data_dir or given.get("data_dir") or default).absolute()
    # A sandbox without an origin of its own gets the stand-in's applications (`with_stand_in`).
    reads_applications = amazon_origin is not None or not sandbox
    settings = Settings(
        **given,
        sandbox=sandbox,
        master_key_folder=config / "master-keys",
        listening=Listening(**read(Listening, values)),
        webhook=_webhook(values),
        backups=_backups(values, on_sqlite="database_url" not in given),
        spapi=_application(SellingPartnerApplication, values) if reads_applications else None,
        ads=_application(AdsClient, values) if reads_applications else None,
    )
    return replace(settings, readable_files=tuple(values.readable_files), given=values.names(PREFIXES))


def _application(record: type[Application], values: Values) -> Application | None:
    """Return an application of the owner's, or None where none is set; refuse half of one."""
    names = [variable.name for variable in required(record)]
    missing = [name for name in names if not values.holds(name)]
    if not missing:
        return record(**read(record, values))
    if len(missing) < len(names) or _holds_client_secret(record, values):
        raise SettingsError(
            f"{' and '.join(missing)} is not set, and others of the same application are",
            "Set all of them or none; references/self-hosting.md tells where they come from.",
        )
    return None


def _holds_client_secret(record: type, values: Values) -> bool:
    return any(
        values.holds(variable.name) or values.holds(file_variable(variable.name))
        for _, variable in declared(record)
        if isinstance(variable.kind, ClientSecret)
    )


def _webhook(values: Values) -> Webhook | None:
    given = read(Webhook, values)
    if not given:
        return None
    if len(given) < len(required(Webhook)) or len(given["secret"].reveal()) < LEAST_WEBHOOK_SECRET:
        names = " and ".join(variable.name for variable in required(Webhook))
        raise SettingsError(
            f"{names} belong together, and the secret has at least {LEAST_WEBHOOK_SECRET} characters",
            f"Set both or neither; {A_WEBHOOK_SECRET}",
        )
    webhook = Webhook(**given)
    try:
        is_long_enough = len(webhook.standard_key) >= LEAST_WEBHOOK_SECRET
    except ValueError:
        is_long_enough = False
    if not is_long_enough:
        raise SettingsError(
            f"GATEWAY_WEBHOOK_SECRET begins with {STANDARD_SECRET} and goes on with no base64 of at least "
            f"{LEAST_WEBHOOK_SECRET} bytes",
            f"Copy it again; {A_WEBHOOK_SECRET}",
        )
    return webhook


def _backups(values: Values, *, on_sqlite: bool) -> BackupSchedule | None:
    given = read(BackupSchedule, values)
    (folder,) = (variable.name for variable in required(BackupSchedule))
    if given and "folder" not in given:
        raise SettingsError(
            f"{folder} is not set, and how often or how many is", f"Set {folder}, too, or neither."
        )
    if given and not on_sqlite:
        raise SettingsError(
            f"{folder} and GATEWAY_DATABASE_URL are set, and by itself a gateway backs up SQLite alone",
            f"Leave {folder} out; a timer can run `python3 scripts/local_gateway.py backup --folder PATH`.",
        )
    return BackupSchedule(**given) if given else None


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:
        raise SettingsError("there is no home folder", "Set HOME.") from None


def _keyring_secret(name: str) -> Secret | None:
    """Ask the OS keyring for a client secret; one that cannot be asked holds none."""
    try:
        return keyring.read(name, KEYRING_TIMEOUT)
    except keyring.KeyringUnavailable:
        return None

"""Everything configurable in one place: each field says which variable sets it, its default and its meaning.

The table of all settings in `references/self-hosting.md` is made of these declarations.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from gateway.model import Flow
from gateway.settings import addresses, kinds, secret_kinds
from gateway.settings.applications import CALLBACK_PATHS, AdsClient, SellingPartnerApplication
from gateway.settings.backups import BackupSchedule
from gateway.settings.kinds import LogFormat, WholeNumber
from gateway.settings.listening import DEFAULT_PORT, Listening
from gateway.settings.proxy_defaults import ADS_PREFIXES, SPAPI_PREFIXES
from gateway.settings.variables import Variable
from gateway.settings.webhook import Webhook
from gateway.util.secret import Secret

MEGABYTE = 1024 * 1024
HOUR = 3600
ATTEMPT_LIFETIME = 15 * 60
KEYRING_TIMEOUT = 5.0


def config_folder(home: Path) -> Path:
    """Return where a person's own settings and master keys are."""
    return home / ".config" / "linkfox"


@dataclass(frozen=True, slots=True)
class Settings:
    """How this gateway is to run: read and checked as a whole (`loading.py`), and never changed afterwards.

    A running gateway may read them anew, and goes by the new ones from then on (`server/reloading.py`).

    Times are seconds, sizes bytes. `amazon_origin` set implies `sandbox`. `attempt_lifetime` is what Amazon's
    own sample gives a state (references/amazon.md). `refresh_unused`: how long ago a grant must have been
    used at the latest to be refreshed ahead.
    """

    data_dir: Annotated[
        Path,
        Variable(
            "GATEWAY_DATA_DIR",
            kinds.absolute_path,
            "data folder, an absolute path",
            "`~/.local/share/linkfox/gateway`, or `…/gateway-sandbox`",
            restart=True,
        ),
    ]
    given_public_url: Annotated[
        str | None,
        Variable(
            "GATEWAY_PUBLIC_URL",
            addresses.origin,
            "origin by which browsers reach the gateway; callbacks are built on it",
            f"`http://localhost:{DEFAULT_PORT}`",
        ),
    ] = None
    database_url: Annotated[
        Secret | None,
        Variable(
            "GATEWAY_DATABASE_URL",
            addresses.database_url,
            "PostgreSQL to use instead of SQLite: `postgresql://USER@HOST/DATABASE`; a password stands "
            "behind the user, after a colon",
            "SQLite in the data folder",
            restart=True,
        ),
    ] = None
    database_read_url: Annotated[
        Secret | None,
        Variable(
            "GATEWAY_DATABASE_READ_URL",
            addresses.database_url,
            "a streaming replica of that PostgreSQL, which then answers lists and counts; see "
            "[operations.md](operations.md#a-read-replica)",
            "all is read from the primary",
            restart=True,
        ),
    ] = None
    read_staleness: Annotated[
        int,
        Variable(
            "GATEWAY_READ_STALENESS_SECONDS",
            WholeNumber(2, 3600),
            "so many seconds old may be what is read from it",
            restart=True,
        ),
    ] = 5
    database_wait: Annotated[
        int,
        Variable(
            "GATEWAY_DATABASE_WAIT_SECONDS",
            WholeNumber(0, 3600),
            "so many seconds a start waits for a PostgreSQL that does not answer yet, 0 for none",
            restart=True,
        ),
    ] = 60
    master_key: Annotated[
        Secret | None,
        Variable(
            "GATEWAY_MASTER_KEY",
            secret_kinds.master_key,
            "master key, 32 bytes in base64",
            "see [The master key](#the-master-key)",
            restart=True,
        ),
    ] = None
    master_key_file: Annotated[
        Path | None,
        Variable("GATEWAY_MASTER_KEY_FILE", secret_kinds.secret_file, "file that holds it", restart=True),
    ] = None
    allowed_hosts: Annotated[
        tuple[str, ...],
        Variable(
            "GATEWAY_ALLOWED_HOSTS",
            addresses.host_names,
            "further names and addresses that the gateway is reached by (the `Host` of requests, without its "
            "port), separated by commas; `*.example.com` for all names below that. `/healthz` and `/readyz` "
            "answer to any",
            "loopback's, and those of its own addresses",
        ),
    ] = ()
    bootstrap_key: Annotated[
        Secret | None,
        Variable(
            "GATEWAY_BOOTSTRAP_KEY",
            secret_kinds.api_key,
            "first API key of the user `owner`, made by you; see [Users and keys](#users-and-keys)",
            "one is made, in the data folder",
            restart=True,
        ),
    ] = None
    return_origins: Annotated[
        tuple[str, ...],
        Variable(
            "GATEWAY_RETURN_ORIGINS",
            addresses.origins,
            "origins of the web applications to which people may be sent back after a consent (`returnUrl`), "
            "separated by commas; https, or loopback",
            "nobody is sent back",
        ),
    ] = ()
    trusted_proxies: Annotated[
        tuple[str, ...],
        Variable(
            "GATEWAY_TRUSTED_PROXIES",
            addresses.networks,
            "addresses and networks of the proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are "
            "believed, separated by commas",
            "nobody's are",
        ),
    ] = ()
    drain_seconds: Annotated[
        int,
        Variable(
            "GATEWAY_DRAIN_SECONDS",
            WholeNumber(0, 300),
            "seconds for which a gateway that is to stop serves on, while `/readyz` says no; see "
            "[Stopping and reloading](#stopping-and-reloading)",
        ),
    ] = 0
    log_format: Annotated[
        LogFormat,
        Variable("GATEWAY_LOG_FORMAT", kinds.log_format, "`text`, or `json` for one JSON object a line"),
    ] = "text"
    refresh_rate: Annotated[
        int,
        Variable(
            "GATEWAY_REFRESH_RATE",
            WholeNumber(0, 1000),
            "refreshes a second that each process makes ahead of expiry, 0 for none",
        ),
    ] = 20
    refresh_concurrency: Annotated[
        int, Variable("GATEWAY_REFRESH_CONCURRENCY", WholeNumber(1, 256), "how many of them at once")
    ] = 16
    refresh_unused: Annotated[
        int,
        Variable(
            "GATEWAY_REFRESH_UNUSED_HOURS",
            WholeNumber(1, 8760, unit=HOUR),
            "what nobody used for so many hours is refreshed only when asked for",
        ),
    ] = 72 * HOUR
    proxy_spapi_prefixes: Annotated[
        tuple[str, ...],
        Variable(
            "PROXY_SPAPI_PREFIXES",
            kinds.path_prefixes,
            "what `/spApi/developerProxy` and `/spapi/` pass on: beginnings of paths, separated by commas",
            "the published families; see [api.md](api.md#calling-amazon)",
        ),
    ] = SPAPI_PREFIXES
    proxy_ads_prefixes: Annotated[
        tuple[str, ...],
        Variable(
            "PROXY_ADS_PREFIXES",
            kinds.path_prefixes,
            "the same for `/amazonAds/developerProxy` and `/ads/`",
            "the published APIs",
        ),
    ] = ADS_PREFIXES
    proxy_ads_writes: Annotated[
        bool, Variable("PROXY_ADS_WRITES", kinds.flag, "`true` lets it change ads, too")
    ] = False
    proxy_pacing: Annotated[
        bool,
        Variable(
            "GATEWAY_PROXY_PACING",
            kinds.flag,
            "whether SP-API calls of one store and operation are spaced by the rate that Amazon publishes; "
            "see [api.md](api.md#calling-amazon)",
        ),
    ] = True
    proxy_largest_request: Annotated[
        int,
        Variable(
            "PROXY_LARGEST_REQUEST",
            WholeNumber(1, 256, unit=MEGABYTE),
            "largest request of a proxied call, in MB",
        ),
    ] = 12 * MEGABYTE
    proxy_largest_answer: Annotated[
        int,
        Variable(
            "PROXY_LARGEST_ANSWER",
            WholeNumber(1, 1024, unit=MEGABYTE),
            "largest answer that a `developerProxy` passes on, in MB; at `/spapi/` and `/ads/` any is",
        ),
    ] = 32 * MEGABYTE
    proxy_timeout: Annotated[
        int, Variable("PROXY_TIMEOUT", WholeNumber(1, 900), "seconds that a proxied call may wait for Amazon")
    ] = 60
    amazon_origin: Annotated[
        str | None,
        Variable(
            "AMAZON_ORIGIN",
            addresses.loopback_origin,
            "stands in for all of Amazon; loopback only, implies sandbox",
            restart=True,
        ),
    ] = None

    # What no variable sets.
    sandbox: bool = False
    readable_files: tuple[Path, ...] = ()
    # The names of all variables that are set and look like the gateway's, without what is in them.
    given: frozenset[str] = field(default=frozenset(), compare=False)
    origin: str = f"http://localhost:{DEFAULT_PORT}"
    master_key_folder: Path = field(default_factory=lambda: config_folder(Path.home()) / "master-keys")
    listening: Listening = field(default_factory=Listening)
    webhook: Webhook | None = None
    backups: BackupSchedule | None = None
    spapi: SellingPartnerApplication | None = None
    ads: AdsClient | None = None
    amazon_connect_timeout: float = 5.0
    amazon_read_timeout: float = 20.0
    largest_amazon_answer: int = 8 * MEGABYTE
    attempt_lifetime: int = ATTEMPT_LIFETIME
    refresh_lease: float = 30.0
    callback_patience: float = 2.0
    caretaker_pause: float = 5.0
    largest_body: int = 256 * 1024
    keyring_timeout: float = KEYRING_TIMEOUT

    @property
    def public_url(self) -> str:
        """Return the origin that browsers reach this gateway by: the one that was set, else `origin`."""
        return self.given_public_url or self.origin

    @property
    def database_kind(self) -> Literal["sqlite", "postgresql"]:
        """Return of which kind the database is, as documents, metrics and the log have it."""
        return "sqlite" if self.database_url is None else "postgresql"

    def redirect_uri(self, flow: Flow) -> str:
        """Return the callback address that Amazon is told: the registered one, else the public URL's."""
        app = self.spapi if flow == "spapi" else self.ads
        registered = app.registered_redirect_uri if app else None
        return registered or self.public_url + CALLBACK_PATHS[flow]

    def with_origin(self, origin: str) -> Self:
        """Return these settings for a gateway that listens at `origin` (known once the port is bound)."""
        return replace(self, origin=origin)

    def with_stand_in(self, stand_in: Mapping[str, Any]) -> Self:
        """Return these settings for the stand-in Amazon that announced itself with this document."""
        spapi, ads = stand_in["spapi"], stand_in["ads"]
        return replace(
            self,
            sandbox=True,
            amazon_origin=stand_in["url"],
            spapi=SellingPartnerApplication(spapi["appId"], spapi["clientId"], Secret(spapi["clientSecret"])),
            ads=AdsClient(ads["clientId"], Secret(ads["clientSecret"])),
        )

"""Everything configurable in one place: read once at start, checked, typed and never changed afterwards.

Values come from the environment, then `.env` in the bundle's folder, then `~/.config/linkfox/.env`. An empty
value counts as not set. The working directory is never looked at: it may be somebody else's.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from gateway.errors import OperatorError
from gateway.settings.proxy_defaults import ADS_PREFIXES, SPAPI_PREFIXES
from gateway.util.keyring import KEYRING_SERVICE, KeyringUnavailable, read_keyring
from gateway.util.loopback import is_loopback
from gateway.util.paths import BUNDLE
from gateway.util.secret import Secret

DEFAULT_PORT = 8765
CALLBACK_PATHS = {"spapi": "/spApi/oauth/callback", "ads": "/amazonAds/oauth/callback"}
LONGEST_SECRET = 4096
LEAST_WEBHOOK_SECRET = 16
MEGABYTE = 1024 * 1024
PREFIX = re.compile(r"(/[A-Za-z0-9._-]+)+/?|/", re.ASCII)
HOUR = 3600
KEYRING_TIMEOUT = 5.0

Flow = Literal["spapi", "ads"]
LogFormat = Literal["text", "json"]
SecretStore = Callable[[str], Secret | None]


class SettingsError(OperatorError):
    """A setting that cannot be used: what is wrong and was expected (`message`), what to do (`hint`)."""

    code = "not_set_up"


@dataclass(frozen=True, slots=True)
class SellingPartnerApplication:
    """The owner's SP-API application. `draft`: consent links carry `version=beta` (references/amazon.md);
    `secret_since`: the day on which the client secret was made, where it was told."""

    app_id: str
    client_id: str
    client_secret: Secret
    registered_redirect_uri: str | None = None
    draft: bool = False
    secret_since: date | None = None


@dataclass(frozen=True, slots=True)
class AdsClient:
    """The owner's Amazon Ads client."""

    client_id: str
    client_secret: Secret
    registered_redirect_uri: str | None = None
    secret_since: date | None = None


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where notices are sent, and the secret that they are signed with."""

    url: str = field(repr=False)  # many services put a key of theirs into it
    secret: Secret


@dataclass(frozen=True, slots=True)
class Settings:
    """How this gateway is to run.

    Times are seconds, sizes bytes. `database_url` None means SQLite in the data folder. `amazon_origin` set
    means that it stands in for all of Amazon, and implies `sandbox`. `attempt_lifetime` is what Amazon's own
    sample gives a state (references/amazon.md). `refresh_rate`: refreshes a second that this process makes
    ahead of expiry, 0 for none; `refresh_unused`: how long ago a grant must have been used at the latest.
    """

    data_dir: Path
    sandbox: bool = False
    database_url: Secret | None = None
    master_key: Secret | None = None
    master_key_file: Path | None = None
    master_key_folder: Path = field(default_factory=lambda: _config_folder(Path.home()) / "master-keys")
    given_public_url: str | None = None
    origin: str = f"http://localhost:{DEFAULT_PORT}"
    spapi: SellingPartnerApplication | None = None
    ads: AdsClient | None = None
    amazon_origin: str | None = None
    amazon_connect_timeout: float = 5.0
    amazon_read_timeout: float = 20.0
    largest_amazon_answer: int = 8 * 1024 * 1024
    attempt_lifetime: int = 15 * 60
    refresh_lease: float = 30.0
    refresh_rate: int = 0
    refresh_concurrency: int = 16
    refresh_unused: int = 72 * HOUR
    webhook: Webhook | None = None
    trusted_proxies: tuple[str, ...] = ()
    log_format: LogFormat = "text"
    callback_patience: float = 2.0
    caretaker_pause: float = 5.0
    largest_body: int = 256 * 1024
    keyring_timeout: float = KEYRING_TIMEOUT
    proxy_spapi_prefixes: tuple[str, ...] = SPAPI_PREFIXES
    proxy_ads_prefixes: tuple[str, ...] = ADS_PREFIXES
    proxy_ads_writes: bool = False
    proxy_largest_request: int = 12 * MEGABYTE
    proxy_largest_answer: int = 32 * MEGABYTE
    proxy_timeout: int = 60

    @property
    def public_url(self) -> str:
        """The origin that browsers reach this gateway by: `GATEWAY_PUBLIC_URL`, else where it listens."""
        return self.given_public_url or self.origin

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

    @classmethod
    def load(
        cls,
        environ: Mapping[str, str],
        *,
        sandbox: bool = False,
        data_dir: Path | None = None,
        home: Path | None = None,
        bundle: Path = BUNDLE,
        secret_store: SecretStore | None = None,
    ) -> Self:
        """Read and check the settings.

        `environ` is the process's environment; `sandbox` and `data_dir` are what the command line said;
        `secret_store` is asked, by variable name, for a client secret that was given in no other way
        (the OS keyring unless a test passes its own). Raises SettingsError.
        """
        home = home or _home()
        config = _config_folder(home)
        values = _Values(environ, [bundle / ".env", config / ".env"])
        amazon_origin = values.origin("AMAZON_ORIGIN", loopback_only=True)
        sandbox = sandbox or amazon_origin is not None
        share = home / ".local" / "share" / "linkfox"
        if data_dir is None:
            data_dir = values.path("GATEWAY_DATA_DIR") or share / (
                "gateway-sandbox" if sandbox else "gateway"
            )
        secret_store = secret_store or _keyring_secret
        # A sandbox without an origin of its own gets the stand-in's applications (`with_stand_in`).
        reads_applications = amazon_origin is not None or not sandbox
        return cls(
            data_dir=data_dir.absolute(),
            sandbox=sandbox,
            database_url=values.database_url("GATEWAY_DATABASE_URL"),
            master_key=values.secret("GATEWAY_MASTER_KEY"),
            master_key_file=values.path("GATEWAY_MASTER_KEY_FILE"),
            master_key_folder=config / "master-keys",
            given_public_url=values.origin("GATEWAY_PUBLIC_URL"),
            spapi=_selling_partner_application(values, secret_store) if reads_applications else None,
            ads=_ads_client(values, secret_store) if reads_applications else None,
            amazon_origin=amazon_origin,
            refresh_rate=values.number("GATEWAY_REFRESH_RATE", 20, 0, 1000),
            refresh_concurrency=values.number("GATEWAY_REFRESH_CONCURRENCY", 16, 1, 256),
            refresh_unused=values.number("GATEWAY_REFRESH_UNUSED_HOURS", 72, 1, 8760) * HOUR,
            webhook=_webhook(values),
            trusted_proxies=values.networks("GATEWAY_TRUSTED_PROXIES"),
            log_format=values.log_format("GATEWAY_LOG_FORMAT"),
            proxy_spapi_prefixes=values.prefixes("PROXY_SPAPI_PREFIXES", SPAPI_PREFIXES),
            proxy_ads_prefixes=values.prefixes("PROXY_ADS_PREFIXES", ADS_PREFIXES),
            proxy_ads_writes=values.flag("PROXY_ADS_WRITES"),
            proxy_largest_request=values.number("PROXY_LARGEST_REQUEST", 12, 1, 256) * MEGABYTE,
            proxy_largest_answer=values.number("PROXY_LARGEST_ANSWER", 32, 1, 1024) * MEGABYTE,
            proxy_timeout=values.number("PROXY_TIMEOUT", 60, 1, 900),
        )


def _selling_partner_application(
    values: "_Values", secret_store: SecretStore
) -> SellingPartnerApplication | None:
    names = ("SPAPI_APP_ID", "SPAPI_CLIENT_ID")
    if not values.all_or_none(names, "SPAPI_CLIENT_SECRET"):
        return None
    return SellingPartnerApplication(
        app_id=values.identifier("SPAPI_APP_ID"),
        client_id=values.identifier("SPAPI_CLIENT_ID"),
        client_secret=values.client_secret("SPAPI_CLIENT_SECRET", secret_store),
        registered_redirect_uri=values.redirect_uri("SPAPI_REDIRECT_URI"),
        draft=values.flag("SPAPI_DRAFT"),
        secret_since=values.day("SPAPI_CLIENT_SECRET_SINCE"),
    )


def _ads_client(values: "_Values", secret_store: SecretStore) -> AdsClient | None:
    if not values.all_or_none(("ADS_CLIENT_ID",), "ADS_CLIENT_SECRET"):
        return None
    return AdsClient(
        client_id=values.identifier("ADS_CLIENT_ID"),
        client_secret=values.client_secret("ADS_CLIENT_SECRET", secret_store),
        registered_redirect_uri=values.redirect_uri("ADS_REDIRECT_URI"),
        secret_since=values.day("ADS_CLIENT_SECRET_SINCE"),
    )


def _webhook(values: "_Values") -> Webhook | None:
    url, secret = values.web_address("GATEWAY_WEBHOOK_URL"), values.secret("GATEWAY_WEBHOOK_SECRET")
    if url is None and secret is None:
        return None
    if url is None or secret is None or len(secret.reveal()) < LEAST_WEBHOOK_SECRET:
        raise SettingsError(
            "GATEWAY_WEBHOOK_URL and GATEWAY_WEBHOOK_SECRET belong together, and the secret has at least "
            f"{LEAST_WEBHOOK_SECRET} characters",
            "Set both or neither; a secret comes from: "
            "python3 -c 'import secrets; print(secrets.token_urlsafe(32))'",
        )
    return Webhook(url, secret)


class _Values:
    """The variables, with the first place that sets one winning, and one method for each kind of value."""

    def __init__(self, environ: Mapping[str, str], env_files: list[Path]) -> None:
        self._places: list[Mapping[str, str | None]] = [environ]
        present = [path for path in env_files if path.is_file()]
        if present:
            from dotenv import dotenv_values

            for path in present:
                try:
                    self._places.append(dotenv_values(path, interpolate=False, encoding="utf-8"))
                except (OSError, UnicodeDecodeError):
                    raise SettingsError(
                        f"{path} cannot be read as UTF-8 text; expected lines NAME=value",
                        "Mend or remove the file.",
                    ) from None

    def get(self, name: str) -> str | None:
        for place in self._places:
            value = (place.get(name) or "").strip()
            if value:
                return value
        return None

    def _text(self, name: str) -> str | None:
        value = self.get(name)
        if value is not None and not value.isprintable():
            raise SettingsError(
                f"{name} holds control characters; expected one line of plain text", "Set it again."
            )
        return value

    def flag(self, name: str) -> bool:
        value = (self._text(name) or "false").lower()
        if value in {"1", "true", "yes", "on"}:
            return True
        if value in {"0", "false", "no", "off"}:
            return False
        raise SettingsError(f"{name} is neither true nor false", "Set it to one of the two.")

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """Return a whole number between `least` and `most`."""
        value = self._text(name)
        if value is None:
            return default
        if not (value.isascii() and value.isdigit() and len(value) <= 9 and least <= int(value) <= most):
            raise SettingsError(f"{name} is not a whole number from {least} to {most}", "Correct it.")
        return int(value)

    def prefixes(self, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """Return the beginnings of paths that stand in a variable, separated by commas or spaces."""
        value = self._text(name)
        if value is None:
            return default
        given = tuple(value.replace(",", " ").split())
        wrong = next((prefix for prefix in given if not PREFIX.fullmatch(prefix)), None)
        if wrong is not None or not given:
            raise SettingsError(
                f"{name} holds something that no path begins with; expected /orders,/reports/2021-06-30",
                "Correct it, or leave it unset.",
            )
        return given

    def day(self, name: str) -> date | None:
        """Return a day written as 2025-12-31."""
        value = self._text(name)
        try:
            return date.fromisoformat(value) if value else None
        except ValueError:
            raise SettingsError(f"{name} is no day; expected YYYY-MM-DD", "Correct it.") from None

    def path(self, name: str) -> Path | None:
        value = self._text(name)
        if value is None:
            return None
        path = Path(value)
        if not path.is_absolute():
            raise SettingsError(
                f"{name} is a relative path; expected an absolute one", "Write it out in full."
            )
        return path

    def identifier(self, name: str) -> str:
        value = self._text(name) or ""
        if len(value) > 200 or not value.isascii() or " " in value:
            raise SettingsError(
                f"{name} is not an identifier of Amazon's; expected at most 200 characters without spaces",
                "Copy it again from the developer console.",
            )
        return value

    def secret(self, name: str) -> Secret | None:
        value = self._text(name)
        if value is None:
            return None
        if len(value) > LONGEST_SECRET:
            raise SettingsError(
                f"{name} is longer than {LONGEST_SECRET} characters", "Copy the secret again."
            )
        return Secret(value)

    def client_secret(self, name: str, secret_store: SecretStore) -> Secret:
        """Return a client secret from its variable, the file that NAME_FILE names, or the keyring."""
        given = self.secret(name) or self._secret_file(f"{name}_FILE") or secret_store(name)
        if given is None:
            raise SettingsError(
                f"{name} is not set, and its client id is",
                f"Set {name} or {name}_FILE, or put it into the OS keyring ({KEYRING_SERVICE}, {name}).",
            )
        return given

    def _secret_file(self, name: str) -> Secret | None:
        path = self.path(name)
        if path is None:
            return None
        try:
            with path.open(encoding="utf-8") as file:
                text = file.read(LONGEST_SECRET + 1).strip()
        except (OSError, UnicodeDecodeError):
            raise SettingsError(
                f"{name} names a file that cannot be read ({path}); expected a text file with the secret",
                "Correct the path or the file's permissions.",
            ) from None
        if not text or len(text) > LONGEST_SECRET or not text.isprintable():
            raise SettingsError(
                f"{name}: {path} holds no secret; expected one line of text", "Write it again."
            )
        return Secret(text)

    def all_or_none(self, names: tuple[str, ...], secret_name: str) -> bool:
        """Tell whether an application is configured; a half-configured one is refused."""
        missing = [name for name in names if self.get(name) is None]
        if not missing:
            return True
        if len(missing) < len(names) or self.get(secret_name) or self.get(f"{secret_name}_FILE"):
            raise SettingsError(
                f"{' and '.join(missing)} is not set, and others of the same application are",
                "Set all of them or none; references/self-hosting.md tells where they come from.",
            )
        return False

    def origin(self, name: str, *, loopback_only: bool = False) -> str | None:
        """Return `scheme://host[:port]`: https, or plain http on loopback; nothing after it."""
        value = self._text(name)
        if value is None:
            return None
        expected = "http://127.0.0.1:PORT" if loopback_only else "https://HOST, or http:// on loopback"
        problem = SettingsError(
            f"{name} is not an origin that can be used; expected {expected}, without a path", "Correct it."
        )
        host, netloc, scheme, rest = _split(value, problem)
        if rest.strip("/") or "@" in netloc:
            raise problem
        if (loopback_only or scheme == "http") and not is_loopback(host):
            raise problem
        return f"{scheme}://{netloc.lower()}"

    def web_address(self, name: str) -> str | None:
        """Return an address to send to: https, or plain http on loopback."""
        value = self._text(name)
        if value is None:
            return None
        problem = SettingsError(
            f"{name} is no address that can be sent to; expected https://HOST/PATH, or http:// on loopback",
            "Correct it.",
        )
        host, netloc, scheme, _ = _split(value, problem)
        if "#" in value or "@" in netloc or " " in value or (scheme == "http" and not is_loopback(host)):
            raise problem
        return value

    def networks(self, name: str) -> tuple[str, ...]:
        """Return addresses and networks, separated by commas or spaces."""
        given = tuple((self._text(name) or "").replace(",", " ").split())
        for one in given:
            try:
                ipaddress.ip_network(one)
            except ValueError:
                raise SettingsError(
                    f"{name} holds something that is neither an address nor a network; expected "
                    "10.0.0.5,10.1.0.0/16",
                    "Name the proxies by their addresses.",
                ) from None
        return given

    def log_format(self, name: str) -> LogFormat:
        """Return how log lines are written."""
        value = (self._text(name) or "text").lower()
        if value == "json":
            return "json"
        if value == "text":
            return "text"
        raise SettingsError(f"{name} is neither text nor json", "Set it to one of the two.")

    def redirect_uri(self, name: str) -> str | None:
        """Return a registered redirect address, exactly as it is written: Amazon compares it as text."""
        value = self._text(name)
        if value is None:
            return None
        problem = SettingsError(
            f"{name} is not an address that Amazon redirects to; expected https://HOST/PATH, or http:// on "
            "loopback, without a fragment",
            "Copy it from the developer console.",
        )
        host, netloc, scheme, _ = _split(value, problem)
        if "#" in value or "@" in netloc or " " in value or (scheme == "http" and not is_loopback(host)):
            raise problem
        return value

    def database_url(self, name: str) -> Secret | None:
        """Return the address of a PostgreSQL; it may hold a password."""
        value = self._text(name)
        if value is None:
            return None
        return postgresql_url(value, name)


def postgresql_url(value: str, name: str, *, password_allowed: bool = True) -> Secret:
    """Return the address of a PostgreSQL in the form that the vault takes. Raises SettingsError.

    `name`: what it is called in the message.
    """
    scheme, separator, rest = value.partition("://")
    if not separator or scheme not in {"postgresql", "postgres", "postgresql+psycopg"}:
        raise SettingsError(
            f"{name} is not the address of a PostgreSQL; expected postgresql:// and what follows",
            "Write it as postgresql://USER@HOST/DATABASE.",
        )
    # Up to the last @, since a password may hold what would otherwise end it.
    _, _, password = rest.rpartition("@")[0].partition(":")
    if not password_allowed and (password or "password=" in rest):
        raise SettingsError(
            f"{name} holds a password, which others on this machine could see on the command line",
            "Put it into ~/.pgpass or PGPASSWORD, or the whole address into GATEWAY_DATABASE_URL.",
        )
    return Secret(f"postgresql+psycopg://{rest}")


def _split(value: str, problem: SettingsError) -> tuple[str, str, str, str]:
    """Split an http(s) address into host, netloc, scheme and the rest; raise `problem` where it is none."""
    try:
        parts = urlsplit(value)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        raise problem from None
    if parts.scheme not in {"http", "https"} or not host or not parts.netloc.isascii() or " " in parts.netloc:
        raise problem
    rest = value.split("://", 1)[1][len(parts.netloc) :]
    return host, parts.netloc, parts.scheme, rest


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:
        raise SettingsError("there is no home folder", "Set HOME.") from None


def _config_folder(home: Path) -> Path:
    return home / ".config" / "linkfox"


def _keyring_secret(name: str) -> Secret | None:
    """Ask the OS keyring for a client secret; one that cannot be asked holds none."""
    try:
        return read_keyring(KEYRING_SERVICE, name, KEYRING_TIMEOUT)
    except KeyringUnavailable:
        return None

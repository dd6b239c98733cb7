"""The way to the gateway: proxy, certificates, whether it answers, its clock, whether it takes the key."""

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from linkfox_client.commands.diagnosis.finding import Finding, Patient, failed, ok, warning
from linkfox_client.gateway import key_check

PROXY_NAMES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")
CLOCK_SECONDS = 30


def proxy(patient: Patient) -> Finding:
    """Look at the proxy variables in force, and the proxy that the gateway is reached through.

    Passwords are masked.
    """
    given = {
        name: value
        for known in PROXY_NAMES
        for name in (known, known.lower())
        if (value := patient.environ.get(name, ""))
    }
    proxies = ", ".join(f"{name}={_without_user(value)}" for name, value in given.items()) or "none set"
    if patient.pair is None or not given:
        return ok("proxy", proxies)
    if patient.pair.is_loopback:
        return ok("proxy", f"{proxies}; not used for a gateway on this machine")
    from requests.utils import get_environ_proxies, select_proxy

    used = select_proxy(patient.pair.gateway, get_environ_proxies(patient.pair.gateway))
    return ok(
        "proxy",
        f"{proxies}; the gateway is reached {'through ' + _without_user(used) if used else 'directly'}",
    )


def certificates(patient: Patient) -> Finding:
    """Look at the certificate authorities that are trusted, and whether a file that was named is there."""
    from linkfox_client.gateway.connections import CA_VARIABLES

    name = next((name for name in CA_VARIABLES if patient.environ.get(name)), None)
    if name is None:
        import certifi

        return ok("certificates", f"the authorities of certifi {certifi.__version__}")
    path = Path(patient.environ[name])
    if path.is_dir() or (path.is_file() and os.access(path, os.R_OK)):
        return ok("certificates", f"{name}={path}")
    return Finding(
        "certificates",
        "failed",
        f"{name} names {path}, which cannot be read",
        f"Correct {name}, or unset it to use the usual authorities.",
        "not_set_up",
    )


def gateway(patient: Patient) -> Finding:
    """Tell whether the gateway answers, over TLS where it is not on this machine."""
    if patient.pair is None:
        raise LookupError("no gateway is known")
    before = time.monotonic()
    checked = patient.checked = key_check.check(patient.pair, patient.environ)
    took = f"{1000 * (time.monotonic() - before):.0f} ms"
    if checked.failure is not None and (checked.date is None or checked.state == "unknown"):
        return failed("gateway", checked.failure)
    secure = ", its certificate was accepted" if patient.pair.gateway.startswith("https:") else ""
    return ok("gateway", f"{patient.pair.origin} answered in {took}{secure}")


def clock(patient: Patient) -> Iterator[Finding]:
    """Tell how far this machine's clock is from the gateway's."""
    date = patient.checked.date if patient.checked is not None else None
    if date is None:
        return
    try:
        difference = (datetime.now(UTC) - parsedate_to_datetime(date)).total_seconds()
    except (ValueError, TypeError):
        yield ok("clock", "the gateway does not tell its time")
        return
    # The header tells whole seconds, and the answer has been on its way.
    detail = f"{abs(difference):.0f} s {'ahead of' if difference > 0 else 'behind'} the gateway's"
    if abs(difference) > CLOCK_SECONDS:
        yield warning(
            "clock", detail, "Set this machine's clock; times such as expiresAt are off by as much."
        )
    else:
        yield ok("clock", detail)


def api_key(patient: Patient) -> Iterator[Finding]:
    """Tell whether the gateway takes the key, and whether there is credit."""
    checked = patient.checked
    if checked is None or checked.state == "unknown" or patient.pair is None:
        return
    if checked.state == "refused" and checked.failure is not None:
        yield failed("API key", checked.failure)
        return
    yield ok("API key", f"{patient.pair.key} ({patient.pair.key_from}) is accepted")
    if checked.failure is not None:
        yield failed(
            "API key's right" if checked.failure.code == "unauthorized" else "credit", checked.failure
        )


def _without_user(address: str) -> str:
    """Return an address without the user and password that may stand in it."""
    before, at, host = address.rpartition("@")
    if not at:
        return address
    scheme, separator, _ = before.partition("://")
    return f"{scheme}://***@{host}" if separator else f"***@{host}"

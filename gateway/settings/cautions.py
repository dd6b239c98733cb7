"""What can be used as it is set, and what somebody should look at all the same.

A start tells it in the log, `gateway check` among its findings. No value of a setting is in it.
"""

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from gateway.settings.applications import AdsClient, SellingPartnerApplication
from gateway.settings.loading import RECORDS
from gateway.settings.secret_kinds import SecretText, file_variable
from gateway.settings.settings import Settings
from gateway.settings.variables import declared, required
from gateway.util.loopback import EVERY_ADDRESS

# What an older name of a gateway's address, which scripts take, has in common with our settings.
OF_THE_SCRIPTS = frozenset({"SPAPI_BASE_URL"})
# A supervisor's word to its workers.
OF_THE_GATEWAY_ITSELF = frozenset({"GATEWAY_WORKER"})
# Kubernetes sets these for a Service that is called `gateway` or `proxy` (kubernetes.io: accessing the
# Service).
SERVICE_LINK = re.compile(r"[A-Z]+_(SERVICE_(HOST|PORT).*|PORT|PORT_\d+_(TCP|UDP|SCTP).*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Caution:
    """`setting`: the variable that it is about. `message` and `remedy`: a sentence each."""

    setting: str
    message: str
    remedy: str


def known_variables() -> frozenset[str]:
    """Return the name of every variable that the gateway reads."""
    found = {variable for record in RECORDS for _, variable in declared(record)}
    files = {file_variable(each.name) for each in found if isinstance(each.kind, SecretText)}
    return frozenset({each.name for each in found} | files)


def cautions(settings: Settings) -> list[Caution]:
    """Return what should be looked at in these settings."""
    return [
        *_unknown(settings),
        *_without_application(settings),
        *_trusting_everybody(settings),
        *_key_beside_the_database(settings),
        *_stand_in_beside_an_application(settings),
        *_reached_by_nobody(settings),
    ]


def _unknown(settings: Settings) -> Iterator[Caution]:
    """Yield the names that look like settings and are none, each with the nearest one that there is."""
    known = known_variables()
    for name in sorted(settings.given - known - OF_THE_SCRIPTS - OF_THE_GATEWAY_ITSELF):
        if SERVICE_LINK.fullmatch(name):
            continue
        nearest = get_close_matches(name, known, n=1)
        remedy = f"Did you mean {nearest[0]}?" if nearest else "Take it away, if it is not another program's."
        yield Caution(name, f"there is no setting {name}", remedy)


def _without_application(settings: Settings) -> Iterator[Caution]:
    """Yield what is said of an application that is not set."""
    applications = ((SellingPartnerApplication, settings.spapi), (AdsClient, settings.ads))
    if settings.sandbox and settings.amazon_origin is None:
        return  # there the stand-in's are taken
    for record, application in applications:
        if application is None:
            names = " and ".join(variable.name for variable in required(record))
            for _, variable in declared(record):
                if variable.name in settings.given:
                    message = f"{variable.name} is set, and the application that it belongs to is not"
                    yield Caution(variable.name, message, f"Set {names}, or take it away.")


def _trusting_everybody(settings: Settings) -> Iterator[Caution]:
    if any(ipaddress.ip_network(one).prefixlen == 0 for one in settings.trusted_proxies):
        yield Caution(
            "GATEWAY_TRUSTED_PROXIES",
            "every address is trusted as a proxy, so anybody can claim another address and https",
            "Name the addresses of the proxies, or their network.",
        )


def _key_beside_the_database(settings: Settings) -> Iterator[Caution]:
    path = settings.master_key_file
    if path is not None and settings.database_url is None and path.is_relative_to(settings.data_dir):
        yield Caution(
            "GATEWAY_MASTER_KEY_FILE",
            "the master key lies in the data folder beside the database that it seals: whoever copies the "
            "folder has both",
            "Keep it elsewhere, and a copy of it, too.",
        )


def _stand_in_beside_an_application(settings: Settings) -> Iterator[Caution]:
    if settings.amazon_origin is not None and (settings.spapi or settings.ads):
        yield Caution(
            "AMAZON_ORIGIN",
            "a stand-in takes the place of Amazon although an application is set: nothing goes to Amazon, "
            "and the stand-in gets the client secret",
            "Take AMAZON_ORIGIN away to work with Amazon.",
        )


def _reached_by_nobody(settings: Settings) -> Iterator[Caution]:
    if (
        settings.listening.host in EVERY_ADDRESS
        and settings.given_public_url is None
        and not settings.allowed_hosts
    ):
        yield Caution(
            "GATEWAY_HOST",
            "it listens on every address, and answers to loopback names alone",
            "Set GATEWAY_PUBLIC_URL to the address of browsers, or GATEWAY_ALLOWED_HOSTS to the names that "
            "programs call it by.",
        )

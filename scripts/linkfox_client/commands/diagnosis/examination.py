"""Looking for what keeps the scripts from working: small checks, none of which stops the next."""

import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from types import SimpleNamespace
from typing import Any, NamedTuple

from linkfox_client import paths
from linkfox_client.cli import output, runtime
from linkfox_client.commands.diagnosis import configuration, local, machine, network, stores
from linkfox_client.commands.diagnosis.finding import Finding, Patient, failed
from linkfox_client.errors import ClientError
from linkfox_client.text import cleaned


class Check(NamedTuple):
    """One check: its name, what does it, the seconds that it may take, and whether it needs the network."""

    name: str
    look: Callable[[Patient], Finding | Iterable[Finding]]
    seconds: float = 10.0
    needs_network: bool = False


CHECKS = (
    Check("version", machine.version),
    Check("Python", machine.python),
    Check("packages", machine.packages),
    Check("settings", configuration.pair),
    Check("settings file", machine.private_settings),
    Check("keyring", machine.keyring_tool, 15.0),
    Check("clipboard", machine.clipboard_tool),
    Check("cache folder", machine.cache_folder),
    Check("local gateway", local.state, 40.0),
    Check("vault", local.vault, 25.0),
    Check("proxy", network.proxy),
    Check("certificates", network.certificates),
    Check("gateway", network.gateway, 40.0, needs_network=True),
    Check("clock", network.clock, needs_network=True),
    Check("API key", network.api_key, needs_network=True),
    Check("stores", stores.stores, needs_network=True),
    Check("ads accounts", stores.ads_accounts, 40.0, needs_network=True),
)
# Only where a store is named: it calls Amazon, which the hosted gateway charges for.
STORE_CALL = Check("store's call", stores.tried, 200.0, needs_network=True)


def examine(
    *, offline: bool, wanted: SimpleNamespace | None = None, checks: Iterable[Check] = CHECKS
) -> dict[str, Any]:
    """Make all checks, tell each of them at a terminal, and return the document.

    `wanted`: the options that choose a store to call Amazon for, None for none.

    With a failed check `ok` is false, and `error` is the first one's.
    """
    patient = Patient(offline=offline, wanted=wanted)
    findings: list[Finding] = []
    skipped: list[str] = []
    for check in [*checks, *([STORE_CALL] if wanted is not None else [])]:
        if _is_skipped(check, patient):
            skipped.append(check.name)
            continue
        for finding in _findings(check, patient):
            findings.append(finding)
            _tell(finding)
    return _document(patient, findings, skipped)


def _is_skipped(check: Check, patient: Patient) -> bool:
    """Tell whether there is nothing to ask: no network wanted, no gateway known, or none that answers."""
    if not check.needs_network:
        return False
    if patient.offline or patient.pair is None:
        return True
    return check.name != "gateway" and (patient.checked is None or patient.checked.date is None)


def _findings(check: Check, patient: Patient) -> list[Finding]:
    """Return what a check finds within its time; one that fails or hangs is a finding itself."""
    found: list[Finding] = []

    def look() -> None:
        try:
            found.extend(_listed(check.look(patient)))
        except Exception as error:  # a check must not stop the others
            found.append(failed(check.name, _problem(error)))

    thread = threading.Thread(target=look, name=check.name, daemon=True)
    thread.start()
    thread.join(check.seconds)
    if thread.is_alive():
        message = f"no answer within {check.seconds:g} seconds"
        return [
            failed(check.name, ClientError("timeout", message, "Look what it waits for, then try again."))
        ]
    return found


def _problem(error: Exception) -> ClientError:
    """Return the failure that a check ended with, as one that the document can tell."""
    if isinstance(error, ClientError):
        return error
    missing = runtime.missing_package(error) if isinstance(error, ModuleNotFoundError) else None
    message = f"the check itself failed: {type(error).__name__}: {cleaned(str(error), 200)}"
    return missing or ClientError("internal", message, "Report it with this message.")


def _listed(found: Finding | Iterable[Finding]) -> Iterator[Finding]:
    if isinstance(found, Finding):
        yield found
    else:
        yield from found


def _tell(finding: Finding) -> None:
    """Tell a finding to a person, who need not read the document; at a terminal alone."""
    if sys.stderr is None or not sys.stderr.isatty():
        return
    output.notify(f"{finding.state:<8} {finding.name}: {finding.detail}")
    if finding.remedy:
        output.notify(f"         -> {finding.remedy}")


def _document(patient: Patient, findings: list[Finding], skipped: list[str]) -> dict[str, Any]:
    failures = [finding for finding in findings if finding.state == "failed"]
    document: dict[str, Any] = {"ok": not failures, "version": paths.version()}
    if failures:
        first = failures[0]
        message = f"{first.name}: {first.detail}"
        document["error"] = ClientError(first.code, message, first.remedy or "").error()
    document |= {
        "checks": [finding.facts() for finding in findings],
        "failed": len(failures),
        "warnings": sum(finding.state == "warning" for finding in findings),
        "skipped": skipped,
    }
    sandbox = (patient.pair is not None and patient.pair.sandbox) or (
        patient.checked is not None and patient.checked.sandbox
    )
    return document | ({"sandbox": True} if sandbox else {})

"""The local gateway, if there is one: its state, and what its own program says of vault and settings."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from linkfox_client.commands.diagnosis.finding import Finding, Patient, failed, ok, warning
from linkfox_client.errors import EXIT_CODES, ClientError
from linkfox_client.gateway import settings
from linkfox_client.local import gateway_folder, gateway_program, local_gateway
from linkfox_client.text import cleaned

LOOK_SECONDS = 20.0


def state(patient: Patient) -> Finding:
    """Tell whether it runs; where the scripts use it, it is started as they would, unless offline."""
    name = "local gateway"
    try:
        found = gateway_folder.read_settings(patient.environ)
        data_dir = gateway_folder.locate(found)
        if data_dir is None:
            return ok(name, "none was set up here")
        gateway_folder.check_private(data_dir)
        if patient.uses_local and not patient.offline:
            local = local_gateway.locate_or_start(patient.environ, patience=30)
            if local is not None:
                patient.pair = settings.of_local(local)
        running = gateway_folder.probe(data_dir)
    except ClientError as problem:
        return failed(name, problem)
    if running is not None:
        kind = "sandbox, " if running.sandbox else ""
        return ok(name, f"{kind}runs at {running.url}, data in {data_dir}")
    if found.get("LINKFOX_AUTOSTART", "").lower() == "off":
        remedy = f"Start it with `{gateway_folder.command(data_dir, 'start')}`."
        return warning(name, f"not running, and LINKFOX_AUTOSTART is off; data in {data_dir}", remedy)
    return ok(name, f"not running, started when it is needed; data in {data_dir}")


def vault(patient: Patient) -> Iterator[Finding]:
    """Have its own program look at its settings, database, master key and the age of its client secrets."""
    try:
        data_dir = gateway_folder.locate(gateway_folder.read_settings(patient.environ))
        if data_dir is None:
            return
        flags = ["--offline"] if patient.offline else []
        if not gateway_program.is_known(data_dir):
            lacking = gateway_program.missing()
            yield warning("vault", f"not looked at: {lacking.message}", lacking.hint)
            return
        command = gateway_program.program("check", data_dir, flags)
    except ClientError as problem:
        yield failed("vault", problem)
        return
    done = subprocess.run(  # noqa: S603 - our own program, by its absolute path
        command,
        cwd=data_dir,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=LOOK_SECONDS,
        check=False,
    )
    for check in _checks(done.stdout, data_dir):
        state, code = str(check.get("state")), check.get("code")
        yield Finding(
            cleaned(str(check.get("name"))),
            state,
            cleaned(str(check.get("detail"))),
            check.get("remedy"),
            code if code in EXIT_CODES else "gateway_failed",
        )


def _checks(printed: bytes, data_dir: Path) -> list[dict[str, Any]]:
    try:
        document = json.loads(printed)
        if document.get("ok") is True:
            return list(document["checks"])
        error = document["error"]
        return [
            {"name": "vault", "state": "failed", "detail": error["message"], "remedy": error["hint"], **error}
        ]
    except (ValueError, KeyError, AttributeError, TypeError):
        detail = "the gateway's program did not say"
        start = gateway_folder.command(data_dir, "start")
        remedy = f"Run `python3 scripts/quickstart.py --setup-only`, then `{start}`."
        return [{"name": "vault", "state": "failed", "detail": detail, "remedy": remedy}]

"""What a check finds, and what the checks know of each other."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from linkfox_client.errors import ClientError
from linkfox_client.gateway.key_check import KeyCheck
from linkfox_client.gateway.settings import Settings


@dataclass(frozen=True)
class Finding:
    """One line of the diagnosis. `state` is ok, warning or failed; `remedy` says what to do about it.

    `code` is the error code that a failure stands for; `more` are further fields for the document.
    """

    name: str
    state: str
    detail: str
    remedy: str | None = None
    code: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)

    def facts(self) -> dict[str, Any]:
        """Return the fields for the document."""
        facts = {"name": self.name, "state": self.state, "detail": self.detail, "remedy": self.remedy}
        return {**facts, **self.more}


def ok(name: str, detail: str, **more: Any) -> Finding:
    """Return a finding with nothing to do."""
    return Finding(name, "ok", detail, more=more)


def warning(name: str, detail: str, remedy: str, **more: Any) -> Finding:
    """Return a finding that may do harm later, or that only some scripts miss."""
    return Finding(name, "warning", detail, remedy, more=more)


def failed(name: str, problem: ClientError) -> Finding:
    """Return a finding that keeps scripts from working."""
    return Finding(name, "failed", problem.message, problem.hint, problem.code)


@dataclass
class Patient:
    """What is looked at, and what earlier checks learned for later ones.

    `pair`: the gateway and key in force, once they are known; `uses_local`: they are the local gateway's;
    `checked`: what the gateway answered; `wanted`: the options that choose a store to try, if any.
    """

    offline: bool
    wanted: SimpleNamespace | None = None
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    pair: Settings | None = None
    uses_local: bool = False
    checked: KeyCheck | None = None

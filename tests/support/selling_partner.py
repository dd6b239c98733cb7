"""Calls to the stand-in's Selling Partner API by the operations' published names."""

import json
from typing import Any
from urllib.parse import quote

import requests

from tests.support.house import ROOT
from tests.support.sandbox_process import SandboxProcess

US, CA, MX, DE = "ATVPDKIKX0DER", "A2EUQ1WTGCTBG2", "A1AM78C64UM0Y8", "A1PA6795UKMFR9"
SELLER = "A1SANDBOXNA001"

_OPERATIONS = json.loads((ROOT / "references" / "spapi-operations.json").read_text("utf-8"))
PUBLISHED = {f"{row['api']}.{row['operation']}": row for row in _OPERATIONS}
_REQUIRED = json.loads(
    (ROOT / "tests" / "amazon_sandbox" / "selling_partner" / "required_fields.json").read_text("utf-8")
)
REQUIRED: dict[str, list[str]] = {name: each for name, each in _REQUIRED.items() if name != "_note"}


class Store:
    """A store with its token; `host` is the region's host."""

    def __init__(self, sandbox: SandboxProcess, token: str | None = None, region: str = "na") -> None:
        self.sandbox = sandbox
        self.token = token or sandbox.grant()["accessToken"]
        self._host = f"sellingpartnerapi-{region}.amazon.com"

    def send(self, operation: str, body: Any = None, **values: Any) -> requests.Response:
        """Call an operation; values that its path does not name make the query."""
        row = PUBLISHED[operation]
        path = row["path"]
        for name in [name for name in values if f"{{{name}}}" in path]:
            path = path.replace(f"{{{name}}}", quote(values.pop(name), safe=""))
        return self.sandbox.call(
            row["method"],
            f"{self._host}{path}",
            headers={"x-amz-access-token": self.token},
            params=values,
            **({} if body is None else {"json": body}),
        )

    def get(self, operation: str, body: Any = None, **values: Any) -> Any:
        """Call an operation that must succeed, with every field that Amazon's model requires."""
        answer = self.send(operation, body, **values)
        assert answer.status_code < 300, answer.text
        document = answer.json()
        for path in REQUIRED[operation]:
            _assert_required(document, path.split("."), f"{operation}: {path}")
        return document

    def refused(self, operation: str, body: Any = None, **values: Any) -> tuple[int, str]:
        """Call an operation that must be refused in Amazon's form; return status and code."""
        answer = self.send(operation, body, **values)
        assert answer.status_code >= 400, answer.text
        (error,) = answer.json()["errors"]
        assert error["message"]
        return answer.status_code, error["code"]


def grantless(sandbox: SandboxProcess, scope: str = "notifications") -> Store:
    """Return what calls with a token of the application's own."""
    answer = sandbox.token_call(grant_type="client_credentials", scope=f"sellingpartnerapi::{scope}")
    return Store(sandbox, answer.json()["access_token"])


def _assert_required(document: Any, names: list[str], what: str) -> None:
    """Check that the last field is there wherever those before it are."""
    name, rest = names[0], names[1:]
    listed = name.endswith("[]")
    name = name.removesuffix("[]")
    if not rest and not listed:
        assert name in document, what
        return
    below = document.get(name)
    for each in below or [] if listed else [below]:
        if each is not None:
            _assert_required(each, rest, what)

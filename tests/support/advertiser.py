"""Calls to the stand-in's Ads API for one profile."""

import json
from typing import Any

import requests

from tests.support.house import ROOT
from tests.support.sandbox_process import SandboxProcess

_OPERATIONS = json.loads((ROOT / "references" / "ads-operations.json").read_text("utf-8"))
PUBLISHED = {f"{row['method']} {row['path']}": row for row in _OPERATIONS}


class Advertiser:
    """An advertiser with a token and the American profile, where there is one."""

    def __init__(self, sandbox: SandboxProcess, advertiser_id: str = "SANDBOX_BRANDS") -> None:
        self.sandbox = sandbox
        self.token = sandbox.grant(advertiserId=advertiser_id)["accessToken"]
        self.profiles = sandbox.profiles(self.token).json()
        self.scope = str(self.profiles[0]["profileId"])

    def call(
        self, operation: str, body: Any = None, suffix: str = "", query: str = "", **headers: str | None
    ) -> requests.Response:
        """Call `METHOD /path`, with the published media types where it is known; a header None is left out.

        A value in the place of a path's parameter makes it an unpublished name, which sends no media type.
        """
        method, _, path = operation.partition(" ")
        row = PUBLISHED.get(operation, {})
        given = {
            "Authorization": f"Bearer {self.token}",
            "Amazon-Advertising-API-ClientId": self.sandbox.ready["ads"]["clientId"],
            "Amazon-Advertising-API-Scope": self.scope,
            "Content-Type": row["request"][0] if "request" in row else None,
            "Accept": row["answer"][0] if "answer" in row else "*/*",
            **headers,
        }
        return self.sandbox.call(
            method,
            f"advertising-api{suffix}.amazon.com{path}{query}",
            data=None if body is None else json.dumps(body),
            headers=given,
        )

    def listed(self, kind: str, **body: Any) -> list[dict[str, Any]]:
        """Return all of a Sponsored Products list, page after page; the pages must add up."""
        key = {"targets": "targetingClauses"}.get(kind, kind)
        found: list[dict[str, Any]] = []
        while True:
            answer = self.call(f"POST /sp/{kind}/list", body)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            found += page[key]
            if "nextToken" not in page:
                assert page["totalResults"] == len(found)
                return found
            body["nextToken"] = page["nextToken"]

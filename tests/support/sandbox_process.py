"""The stand-in Amazon as a process, and a client that speaks to it as a gateway or a browser would."""

import json
import subprocess
import sys
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests

from tests.support.house import ROOT

CALLBACK = "http://127.0.0.1:9/callback"
PATIENCE = 30.0  # seconds until a wait counts as failed; nothing here takes a tenth of it


class SandboxProcess:
    """Starts `amazon_sandbox/__main__.py` without any package and reads its ready line."""

    def __init__(self, *flags: str) -> None:
        command = [sys.executable, "-I", "-S", str(ROOT / "amazon_sandbox" / "__main__.py"), "--port", "0"]
        self.process = subprocess.Popen(
            [*command, "--exit-with-stdin", *flags],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self.process.stdout is not None
        self.ready = json.loads(self.process.stdout.readline())
        self.url = self.ready["url"]
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["User-Agent"] = "sandbox-tests/1"

    def stop(self) -> tuple[int, str]:
        """End it by ending its standard input; return its exit status and what it wrote to standard error."""
        self.session.close()
        _, errors = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, errors.decode()

    def call(self, method: str, address: str, **options: Any) -> requests.Response:
        """Call `HOST/PATH` of Amazon; redirects are not followed."""
        options.setdefault("timeout", PATIENCE)
        return self.session.request(method, f"{self.url}/{address}", allow_redirects=False, **options)

    def control(self, path: str, document: Any = None) -> Any:
        """GET a control path, or POST a document to it; it must succeed."""
        if document is None:
            answer = self.call("GET", f"_sandbox/{path}")
        else:
            answer = self.call("POST", f"_sandbox/{path}", json=document)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def calls(self, **wanted: str) -> list[dict[str, Any]]:
        """Return the ledger's entries with these fields."""
        return self.control("ledger?" + urlencode(wanted))["calls"]

    def fault(self, do: dict[str, Any], **rule: Any) -> int:
        """Set one rule and return its number."""
        return self.control("faults", [{"do": do, **rule}])["ids"][0]

    # --- SP-API ---

    def consent_link(self, host: str = "sellercentral.amazon.com", **changes: str | None) -> str:
        """Return an SP-API consent address; a parameter given as None is left out."""
        parameters = {
            "application_id": self.ready["spapi"]["appId"],
            "state": "the-state",
            "redirect_uri": CALLBACK,
            **changes,
        }
        given = {name: value for name, value in parameters.items() if value is not None}
        return f"{host}/apps/authorize/consent?{urlencode(given)}"

    def consent(
        self, seller_id: str = "A1SANDBOXNA001", host: str = "sellercentral.amazon.com", **form: Any
    ) -> dict[str, str]:
        """Confirm as a seller and return the callback's parameters."""
        fields = {"decision": "confirm", "selling_partner_id": seller_id, **form}
        return callback(self.call("POST", self.consent_link(host), data=fields))

    def token_call(self, flow: str = "spapi", host: str = "api.amazon.com", **form: str) -> requests.Response:
        """Call the token endpoint with a flow's client; a field given as "" is left out."""
        client = self.ready[flow]
        fields = {"client_id": client["clientId"], "client_secret": client["clientSecret"], **form}
        given = {name: value for name, value in fields.items() if value != ""}
        return self.call("POST", f"{host}/auth/o2/token", data=given)

    def exchange(self, code: str, flow: str = "spapi", **form: str) -> requests.Response:
        """Exchange an authorization code."""
        fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, **form}
        return self.token_call(flow, **fields)

    def refresh(self, refresh_token: str, flow: str = "spapi", **form: str) -> requests.Response:
        """Refresh with a token."""
        return self.token_call(
            flow, **{"grant_type": "refresh_token", "refresh_token": refresh_token, **form}
        )

    def grant(self, **whose: Any) -> dict[str, Any]:
        """Authorize directly; returns the grant's refresh and access token."""
        if not whose:
            whose = {"sellerId": "A1SANDBOXNA001", "region": "NA"}
        return self.control("grants", {"withAccessToken": True, **whose})["grants"][0]

    def participations(self, access_token: str, region: str = "na") -> requests.Response:
        """Ask the Sellers API."""
        return self.call(
            "GET",
            f"sellingpartnerapi-{region}.amazon.com/sellers/v1/marketplaceParticipations",
            headers={"x-amz-access-token": access_token},
        )

    # --- Ads ---

    def ads_link(self, host: str = "www.amazon.com", **changes: str | None) -> str:
        """Return an Ads consent address; a parameter given as None is left out."""
        parameters = {
            "client_id": self.ready["ads"]["clientId"],
            "scope": "advertising::campaign_management",
            "response_type": "code",
            "redirect_uri": CALLBACK,
            "state": "the-state",
            **changes,
        }
        given = {name: value for name, value in parameters.items() if value is not None}
        return f"{host}/ap/oa?{urlencode(given)}"

    def ads_consent(self, advertiser_id: str = "SANDBOX_BRANDS") -> dict[str, str]:
        """Allow as an advertiser and return the callback's parameters."""
        fields = {"decision": "confirm", "advertiser_id": advertiser_id}
        return callback(self.call("POST", self.ads_link(), data=fields))

    def profiles(
        self, access_token: str, suffix: str = "", query: str = "", **headers: str
    ) -> requests.Response:
        """Ask a regional host ("", "-eu" or "-fe") of the Ads API for profiles; `query` begins with `?`."""
        given = {
            "Authorization": f"Bearer {access_token}",
            "Amazon-Advertising-API-ClientId": self.ready["ads"]["clientId"],
            **headers,
        }
        address = f"advertising-api{suffix}.amazon.com/v2/profiles{query}"
        return self.call("GET", address, headers=given)


def callback(answer: requests.Response) -> dict[str, str]:
    """Return the parameters of a redirect to the callback."""
    assert answer.status_code == 302, answer.text
    address, _, query = answer.headers["Location"].partition("?")
    assert address == CALLBACK
    return dict(parse_qsl(query, strict_parsing=True))


class PageForm(HTMLParser):
    """What a page's form holds, its scripts, and its visible text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[dict[str, str | None]] = []
        self.inputs: list[dict[str, str | None]] = []
        self.buttons: list[dict[str, str | None]] = []
        self.tags: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append(tag)
        noted = {"form": self.forms, "input": self.inputs, "button": self.buttons}.get(tag)
        if noted is not None:
            noted.append(dict(attrs))

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.text += data

    def values(self, name: str) -> list[str | None]:
        """Return the values that are offered for a field."""
        return [field.get("value") for field in self.inputs if field.get("name") == name]


def host_of(url: str) -> tuple[str, int]:
    """Return host and port of a sandbox's address."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    return parts.hostname, parts.port

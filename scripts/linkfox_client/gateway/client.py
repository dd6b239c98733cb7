"""The call to the gateway: one pooled session, bounded in time and size, repeated only where that is safe."""

import os
import re
import time
from collections.abc import Callable, Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, Self

import requests
from urllib3.exceptions import HTTPError, NewConnectionError, ReadTimeoutError

from linkfox_client.cli import output
from linkfox_client.config import LOCAL_KEY_PREFIX
from linkfox_client.errors import ClientError
from linkfox_client.gateway import answers, forwarding, remedies, settings
from linkfox_client.gateway.answers import Reply
from linkfox_client.gateway.connections import Deadline, GatewayAdapter, authorities, verify_message
from linkfox_client.gateway.parallel import WORKERS
from linkfox_client.paths import version
from linkfox_client.secrets.masking import Secrets

if TYPE_CHECKING:
    from linkfox_client.local.local_gateway import LocalGateway

CONNECT_SECONDS = 5.0
READ_SECONDS = 30.0
TOTAL_SECONDS = 60.0
LARGEST_ANSWER = 8 * 1024 * 1024

ATTEMPTS = 3
FIRST_PAUSE = 0.3
LONGEST_PAUSE = 10.0

# The trace of who runs a script (https://www.w3.org/TR/trace-context/): what has another form stays here.
TRACEPARENT = re.compile("00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")

PROXY_HINT = (
    "Check HTTPS_PROXY, ALL_PROXY and NO_PROXY: an http proxy is meant (SOCKS needs the package PySocks)."
)
# Of a key that the environment or a `.env` file names: storing another one would change nothing.
REFUSED_KEY = (
    "Correct or unset {variable}: a key that `python3 scripts/login.py` stored counts only without it. "
    "Hosted keys come from https://agent.linkfox.com/ (personal center, API settings). No token or store is "
    "at fault: a 401 of Amazon's is told as Amazon's."
)


def connect(environ: Mapping[str, str] = os.environ) -> "Gateway":
    """Return the gateway that the settings name; a local one that is not running is started.

    Raise ClientError `not_set_up` where nothing is set up.
    """
    chosen = settings.load(environ)
    if chosen.note:
        output.notify(chosen.note)
    return Gateway(chosen, environ=environ)


class Gateway:
    """A gateway and the key for it. Safe to use from several threads; a context manager."""

    def __init__(
        self,
        chosen: settings.Settings,
        *,
        environ: Mapping[str, str] = os.environ,
        secrets: Secrets = output.secrets,
        timeouts: tuple[float, float] = (CONNECT_SECONDS, READ_SECONDS),
        sleep: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`timeouts`: seconds to connect, and to wait for the next bytes."""
        self.settings = chosen
        self.sandbox = chosen.sandbox
        """True for a gateway that works with a stand-in Amazon, once that is known."""
        self.date: str | None = None
        """The Date header of the last answer; "" where it had none, None before any answer."""
        self._secrets = secrets
        self._secrets.remember(chosen.key)
        self._timeouts = timeouts
        self._sleep = sleep
        self._clock = clock
        self._deadline = Deadline(clock)
        self._session = self._new_session(environ)

    @property
    def origin(self) -> str:
        """Scheme, host and port of the gateway."""
        return self.settings.origin

    @property
    def is_hosted(self) -> bool:
        """True for the hosted gateway, which knows neither `minTtl` nor `authorizationStatus`."""
        return self.settings.is_hosted

    @property
    def is_sandbox_here(self) -> bool:
        """True for a sandbox on this machine, the only one whose consent links may lead to this machine."""
        return self.sandbox and self._is_here

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Call `path` and return the fields of the gateway's answer, tokens as `Secret`.

        Repeated, at most twice, are only a refused connection and, of a gateway that costs no credit, a 429
        that names a short wait and a 503 that does not say itself that it is final. Raise ClientError.
        """
        deadline = self._clock() + TOTAL_SECONDS
        for attempt in range(ATTEMPTS):
            last = attempt == ATTEMPTS - 1
            pause = FIRST_PAUSE * 2**attempt
            try:
                reply = self._send(path, body, deadline)
            except _Refused as refused:
                if last:
                    raise refused.failure from None
            else:
                pause = None if self.is_hosted else _pause(reply, pause)
                if last or pause is None:
                    return self._read(reply, path, body)
            if self._clock() + pause > deadline:
                break
            self._sleep(pause)
        raise self._timeout("took too long to be ready")

    def forward(self, path: str, body: Mapping[str, Any]) -> forwarding.Forwarded:
        """Have `path` pass a call on to Amazon and return its answer, whatever that is; asked once.

        Repeated is only a refused connection: anything else may have changed something, or cost credit.
        Raise ClientError where the gateway has no answer of Amazon's.
        """
        deadline = self._clock() + forwarding.LONGEST
        for attempt in range(ATTEMPTS):
            try:
                reply = self._send(path, body, deadline, forwarding.LONGEST, forwarding.LARGEST)
                break
            except _Refused as refused:
                if attempt == ATTEMPTS - 1:
                    raise refused.failure from None
                self._sleep(FIRST_PAUSE * 2**attempt)
        about, content = forwarding.parted(reply)
        return forwarding.Forwarded(self._read(about, path, body), content)

    def get(self, path: str) -> Reply:
        """Return what the gateway answers to a GET of `path`, asked once. Raise ClientError for none."""
        try:
            return self._send(path, None, self._clock() + TOTAL_SECONDS)
        except _Refused as refused:
            raise refused.failure from None

    def _new_session(self, environ: Mapping[str, str]) -> requests.Session:
        session = requests.Session()
        session.auth = self._authorize  # a callable: .netrc would replace a header
        session.headers["User-Agent"] = f"linkfox-amazon-auth/{version()}"
        session.headers["Accept-Encoding"] = "identity"  # what is measured is what was sent
        if TRACEPARENT.fullmatch(environ.get("TRACEPARENT", "")):
            session.headers["traceparent"] = environ["TRACEPARENT"]
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        local = self._local(environ)
        session.mount(self.settings.gateway, GatewayAdapter(self._deadline, local, WORKERS))
        self._is_here = self.settings.is_loopback or local is not None
        if self._is_here:
            session.trust_env = False  # proxies are for elsewhere
        if self.settings.gateway.startswith("https:"):
            session.verify = authorities(environ) or True
        return session

    def _local(self, environ: Mapping[str, str]) -> "LocalGateway | None":
        """Return the gateway on this machine that has to prove itself before it gets the key, if it is one.

        That it is one does not depend on who named it: the variables may hold the same address or key.
        """
        chosen = self.settings
        if chosen.local is not None or not (
            chosen.is_loopback or chosen.key.reveal().startswith(LOCAL_KEY_PREFIX)
        ):
            return chosen.local
        from linkfox_client.local import local_gateway

        return local_gateway.known(chosen.gateway, chosen.key, environ)

    def _authorize(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self.settings.key.reveal()
        return request

    def _send(
        self,
        path: str,
        body: Mapping[str, Any] | None,
        deadline: float,
        patience: float | None = None,
        largest: int = LARGEST_ANSWER,
    ) -> Reply:
        """Send one request, a GET without a body, and return its whole answer.

        `patience`: seconds to wait for the next bytes, None as usual; `largest`: in bytes.

        Raises:
            _Refused: nobody takes connections at the gateway's address.
            ClientError: any other failure.
        """
        self._deadline.at = deadline
        try:
            with self._session.request(
                "GET" if body is None else "POST",
                self.settings.gateway + path,
                json=None if body is None else dict(body),
                timeout=(self._timeouts[0], patience or self._timeouts[1]),
                allow_redirects=False,
                stream=True,
            ) as response:
                self.date = response.headers.get("Date", "")
                content = self._content(response, largest)
        except requests.exceptions.SSLError as error:
            why = verify_message(error)
            raise self._unreachable(
                f"its certificate was not accepted{why and f' ({why})'}",
                "Check the address; for a private certificate authority set REQUESTS_CA_BUNDLE to its file.",
            ) from None
        except requests.exceptions.ProxyError:
            raise self._unreachable("the proxy did not let it through", PROXY_HINT) from None
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema):
            # Our own address was checked, so it is the proxy's.
            raise self._unreachable("the proxy's address cannot be used", PROXY_HINT) from None
        except (requests.exceptions.Timeout, ReadTimeoutError):
            raise self._timeout("did not answer in time") from None
        except requests.exceptions.ConnectionError as error:
            if _is_refused(error):
                raise _Refused(self._unreachable("the connection was refused")) from None
            raise self._unreachable("the connection broke off before the answer was complete") from None
        except (requests.exceptions.RequestException, HTTPError):
            raise self._unreachable("the answer broke off before it was complete") from None
        return Reply(
            response.status_code,
            response.headers.get("Content-Type", ""),
            content,
            _seconds(response.headers.get("Retry-After")),
        )

    def _content(self, response: requests.Response, largest: int) -> bytes:
        """Return the body, as it comes: what is too large or too slow is dropped on the way."""
        content = bytearray()
        while part := response.raw.read1(65536, decode_content=True):
            content += part
            if len(content) > largest:
                raise ClientError(
                    "gateway_failed",
                    f"The gateway's answer is larger than {largest // 2**20} MB and was refused",
                    "Check LINKFOX_TOOL_GATEWAY: something else may be answering at that address.",
                )
        return bytes(content)

    def _read(self, reply: Reply, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        try:
            answer = answers.read(
                reply,
                self._secrets,
                path,
                body,
                here=self._is_here,
                hosted=self.is_hosted,
                sandbox=self.sandbox,
            )
        except ClientError as failure:
            self.sandbox = self.sandbox or failure.fields.get("sandbox") is True
            remedies.fill(failure, path, body, hosted=self.is_hosted)
            if failure.reason == "unauthorized" and (variable := self.settings.key_named_by):
                failure.hint = REFUSED_KEY.format(variable=variable)
            raise
        if answer.get("sandbox") is True:
            self.sandbox = True
        if self.settings.note and path.endswith("/authorizedStores"):
            # Where stores of a local gateway are missed.
            notes = answer.get("notes")
            answer["notes"] = [*(notes if isinstance(notes, list) else []), self.settings.note]
        return answer

    def _unreachable(self, why: str, hint: str = "") -> ClientError:
        hint = hint or self._where_to_look()
        message = f"The gateway at {self.origin} could not be reached: {why}"
        return ClientError("gateway_failed", message, hint, retryable=True)

    def _where_to_look(self) -> str:
        """Return what to do where nobody answers: the setting that named the gateway first."""
        local = "`python3 scripts/local_gateway.py status` tells of the gateway on this machine"
        if self.settings.named_by:
            named = f"Correct or unset {self.settings.named_by} if the gateway is not meant to be there"
            return f"{named}; {local if self._is_here else 'else check the network'}."
        if self._is_here:
            return f"Run the command again: {local}."
        return "Check the network, then run the command again."

    def _timeout(self, why: str) -> ClientError:
        return ClientError(
            "timeout",
            f"The gateway at {self.origin} {why}",
            "Run the command again in a minute; if it stays, check the gateway.",
            retryable=True,
        )


class _Refused(Exception):
    """The connection was refused: nothing was sent, so it may be tried again."""

    def __init__(self, failure: ClientError) -> None:
        super().__init__(failure.message)
        self.failure = failure


def _is_refused(error: requests.exceptions.ConnectionError) -> bool:
    cause = error.args[0] if error.args else None
    return isinstance(getattr(cause, "reason", cause), NewConnectionError)


def _pause(reply: Reply, otherwise: float) -> float | None:
    """Return the seconds to wait before this request is repeated, or None where it must not be."""
    if reply.status == 429:
        pause = reply.retry_after
    elif reply.status == 503 and not answers.is_final(reply):
        pause = otherwise if reply.retry_after is None else reply.retry_after
    else:
        return None
    return pause if pause is not None and pause <= LONGEST_PAUSE else None


def _seconds(header: str | None) -> float | None:
    """Return Retry-After as seconds; its other form, a date, is left aside (RFC 9110, 10.2.3)."""
    text = (header or "").strip()
    return float(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None

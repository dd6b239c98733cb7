"""uvicorn's HTTP/1.1, which answers what it cannot read with the error envelope, as every other error is."""

import secrets

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.asgi.answer_headers import SECURITY_HEADERS
from gateway.asgi.calls import json_answer
from gateway.errors import Problem


class Protocol(HttpToolsProtocol):
    """One connection. No request comes of what cannot be read, so the application never hears of it."""

    def send_400_response(self, msg: str) -> None:
        """Answer, and end the connection. `msg`: uvicorn's own words, which it has logged."""
        request_id = secrets.token_hex(8)
        problem = Problem("bad_parameter", "this cannot be read as a request of HTTP/1.1")
        answer = json_answer(
            problem.envelope(request_id),
            sandbox=self.app_state.get("sandbox", False),
            status=problem.row.http_status,
        )
        answer.headers.update({**SECURITY_HEADERS, "X-Request-Id": request_id, "Connection": "close"})
        lines = [f"HTTP/1.1 {answer.status_code} Bad Request".encode()]
        lines += [name + b": " + value for name, value in answer.raw_headers]
        self.transport.write(b"\r\n".join(lines) + b"\r\n\r\n" + answer.body)
        self.transport.close()

"""Redirects of a browser: to a path of this gateway, and to the result page of its attempt."""

from urllib.parse import quote

from starlette.responses import Response

RESULT_PATH = "/oauth/result"


def see_other(address: str) -> Response:
    """Send the browser to a path of this gateway, or a checked address, with a GET."""
    return Response(status_code=303, headers={"Location": address})


def result_path(attempt_id: str) -> str:
    """Return where it is shown how an attempt ended."""
    return f"{RESULT_PATH}/{quote(attempt_id, safe='')}"


def see_result(attempt_id: str) -> Response:
    """Send the browser to the page that shows how an attempt ended."""
    return see_other(result_path(attempt_id))

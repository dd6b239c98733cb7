"""Redirects of a browser: to a path of this gateway, and to the result page of its attempt."""

from urllib.parse import quote

from starlette.responses import Response

RESULT_PATH = "/oauth/result"


def see_other(path: str) -> Response:
    """Send the browser to a path of this gateway, with a GET."""
    return Response(status_code=303, headers={"Location": path})


def see_result(attempt_id: str) -> Response:
    """Send the browser to the page that shows how an attempt ended."""
    return see_other(f"{RESULT_PATH}/{quote(attempt_id, safe='')}")

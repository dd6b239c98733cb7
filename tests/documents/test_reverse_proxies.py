"""The examples of reverse proxies log nothing that an authorization code stands in."""

import re

import pytest

from gateway.settings.applications import CALLBACK_PATHS
from gateway.web import appstore
from gateway.web.confirmation import CONFIRM_PATH
from gateway.web.redirects import RESULT_PATH
from tests.support.markdown import ROOT, blocks

PAGE = ROOT / "references" / "self-hosting.md"
# What of nginx's variables holds a query (nginx.org: ngx_http_core_module, "Embedded Variables").
TELLING = re.compile(r"\$(request\b|request_uri|args|arg_|query_string|is_args|http_referer|http_cookie)")
LOGIN_PATHS = [route.path for route in appstore.router.routes if "/oauth/" in route.path]


def example(word: str) -> str:
    """Return the one example that has a directive."""
    (found,) = [block.text for block in blocks(PAGE) if re.search(rf"^ *{word} ", block.text, re.M)]
    return found


def test_nginx_logs_paths_alone() -> None:
    """Where it logs at all."""
    text = example("proxy_pass")
    (name, layout) = re.findall(r"^log_format (\w+) '([^']*)';$", text, re.M)[0]
    assert not TELLING.search(layout)
    assert "$uri" in layout
    server = text.partition("server {\n    listen")[2]
    logs = re.findall(r"^ *access_log (.+);$", server, re.M)
    assert logs == [f"/var/log/nginx/gateway.log {name}", "off"]


@pytest.mark.parametrize("path", [*CALLBACK_PATHS.values(), *LOGIN_PATHS, CONFIRM_PATH + "/x", RESULT_PATH])
def test_nginx_logs_nothing_of_what_comes_back_from_amazon(path: str) -> None:
    """Its error log would have the whole request."""
    text = example("proxy_pass")
    (pattern, body) = re.findall(r"location ~ (\S+) \{\n(.*?)\n    \}", text, re.S)[0]
    assert re.search(pattern, path)
    assert {"access_log off;", "error_log /dev/null crit;"} < {line.strip() for line in body.splitlines()}


def test_caddy_logs_no_address() -> None:
    """Its log of failures has the whole request; another log it has only where one is asked for."""
    options, _, site = example("reverse_proxy").partition("\n}\n")
    assert {"request>uri delete", "request>headers delete"} < {line.strip() for line in options.splitlines()}
    assert re.findall(r"\blog\b", site) == []

"""What a browser keeps and tells of an address that holds a consent."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import sign_in
from tests.support.gateway_server import Amazon, Gateway
from tests.support.public_gateway import came_back, public_gateway

if TYPE_CHECKING:
    from playwright.sync_api import Page, Request


@pytest.fixture
def public(amazon: Amazon, tmp_path: Path) -> Iterator[Gateway]:
    """A gateway with a public name, so that it asks; the browser is at this machine."""
    with public_gateway(amazon, tmp_path) as running:
        yield running


def callback(gateway: Gateway, number: int) -> str:
    """Begin and consent for the seller of a number; return the callback's address on this machine."""
    return gateway.url + came_back(gateway, f"Store {number}", f"A1SANDBOXNA00{number}")[1]


def test_two_tabs_of_one_browser_are_both_asked(public: Gateway, page: "Page") -> None:
    """Each goes on by itself; the cookies are gone afterwards."""
    other = page.context.new_page()
    for number, tab in enumerate((page, other), start=1):
        tab.goto(callback(public, number))
    assert len(page.context.cookies()) == 2
    for tab in (page, other):
        tab.get_by_role("button", name="Give access").click()
        tab.get_by_role("heading", level=1, name="The store is authorized").wait_for()
    assert page.context.cookies() == []
    other.close()
    assert public.good("/spApi/authorizedStores")["total"] == 2


def test_a_browser_that_keeps_no_cookies_is_told(public: Gateway, page: "Page") -> None:
    """As one that has the address alone."""
    page.goto(callback(public, 1))
    page.context.clear_cookies()
    page.get_by_role("button", name="Give access").click()
    page.get_by_text("Allow cookies").wait_for()
    assert public.good("/spApi/authorizedStores")["total"] == 0


def test_no_request_tells_the_address_of_a_page(public: Gateway, page: "Page") -> None:
    """Not for the stylesheet, not with a form, not by a link. A form says its origin, which is checked."""
    told: list[tuple[str, str | None, str | None]] = []

    def note(request: "Request") -> None:
        headers = request.all_headers()
        told.append((request.method, headers.get("referer"), headers.get("origin")))

    page.on("requestfinished", note)
    page.goto(callback(public, 1))
    page.get_by_role("button", name="Give access").click()
    page.get_by_role("heading", level=1, name="The store is authorized").wait_for()
    sign_in(page, public)
    page.wait_for_load_state("load")
    page.remove_listener("requestfinished", note)
    assert {referer for _, referer, _ in told} <= {None, public.url + "/"}
    assert [origin for method, _, origin in told if method == "POST"] == [public.url] * 2

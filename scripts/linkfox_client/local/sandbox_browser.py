"""Answer the stand-in Amazon's consent page over HTTP, the way a browser would.

Only for the sandbox: every address on the way must be on loopback, so that this can never click through
a real consent in somebody's name. Standard library only, because `quickstart.py` has nothing else.
"""

import re
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from html.parser import HTMLParser

from linkfox_client.config import is_loopback

TIMEOUT = 30  # seconds


class NotTheSandbox(Exception):
    """An address on the way was not on loopback."""


@dataclass(frozen=True)
class Page:
    """What the browser ended on: its address (no code in it), status and text."""

    url: str
    status: int
    text: str

    @property
    def title(self) -> str:
        """The page's first heading, or its title."""
        found = re.search(r"<h1[^>]*>(.*?)</h1>", self.text, re.S) or re.search(
            r"<title>(.*?)</title>", self.text, re.S
        )
        return re.sub(r"<[^>]+>|\s+", " ", found.group(1)).strip() if found else ""


class _Form(HTMLParser):
    """The page's first form: where it posts to, its preset fields and its buttons."""

    def __init__(self) -> None:
        super().__init__()
        self.action: str | None = None
        self.fields: list[tuple[str, str]] = []
        self.buttons: list[tuple[str, str]] = []
        self._select: str | None = None
        self._chosen = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name, value = given.get("name", ""), given.get("value", "")
        if tag == "form" and self.action is None:
            self.action = given.get("action", "")
        elif tag == "select":
            self._select, self._chosen = name, False
        elif tag == "option" and self._select and (not self._chosen or "selected" in given):
            self.fields = [pair for pair in self.fields if pair[0] != self._select]
            self.fields.append((self._select, value))
            self._chosen = True
        elif tag == "button" and name:
            self.buttons.append((name, value))
        elif tag == "input" and name:
            kind = given.get("type", "text")
            if kind == "submit":
                self.buttons.append((name, value))
            elif kind not in ("checkbox", "radio") or "checked" in given:
                self.fields.append((name, value))

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = None


def _open(url: str, data: bytes | None = None) -> Page:
    if not is_loopback(urllib.parse.urlsplit(url).hostname or ""):
        raise NotTheSandbox(f"{urllib.parse.urlsplit(url).netloc} is not the stand-in Amazon on loopback")

    class Redirects(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, req, fp, code, msg, headers, newurl):  # type: ignore[no-untyped-def]
            if not is_loopback(urllib.parse.urlsplit(newurl).hostname or ""):
                raise NotTheSandbox(f"redirected to {urllib.parse.urlsplit(newurl).netloc}")
            return urllib.request.Request(newurl, headers={"User-Agent": "linkfox-sandbox-browser"})  # noqa: S310

    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), Redirects)
    request = urllib.request.Request(url, data, {"User-Agent": "linkfox-sandbox-browser"})  # noqa: S310
    try:
        with opener.open(request, timeout=TIMEOUT) as answer:
            return Page(answer.url, answer.status, answer.read().decode("utf-8", "replace"))
    except urllib.error.HTTPError as refusal:
        with refusal:
            return Page(refusal.url, refusal.code, refusal.read().decode("utf-8", "replace"))


def give_consent(
    link: str, choices: dict[str, str | list[str]] | None = None, button: str = "confirm"
) -> Page:
    """Open the consent page `link`, fill in `choices` over the page's presets, press `button`, follow on.

    `choices` maps a field to its value, or to a list for checkboxes. `button` is the pressed button's value.
    Returns the page that the browser ends on. Raise NotTheSandbox, urllib.error.URLError (unreachable)
    and LookupError (the page has no form, or no such button).
    """
    page = _open(link)
    form = _Form()
    form.feed(page.text)
    if form.action is None:
        raise LookupError(f"no form on the consent page (status {page.status}): {page.title}")
    pressed = [pair for pair in form.buttons if pair[1] == button]
    if not pressed:
        raise LookupError(f"no button {button!r} on the consent page, only {form.buttons}")
    chosen = choices or {}
    fields = [pair for pair in form.fields if pair[0] not in chosen]
    for name, value in chosen.items():
        fields += [(name, one) for one in (value if isinstance(value, list) else [value])]
    body = urllib.parse.urlencode([*fields, pressed[0]]).encode()
    return _open(urllib.parse.urljoin(page.url, form.action), body)

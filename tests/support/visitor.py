"""A browser of a few lines that keeps cookies and fills in the forms of the gateway's pages."""

from html.parser import HTMLParser

import requests

from tests.support import documented
from tests.support.gateway_server import Gateway, http


def is_active(attribute: str) -> bool:
    """Tell whether an attribute would run or style something by itself."""
    return attribute == "style" or attribute.startswith("on")


class Page(HTMLParser):
    """What a page is made of: its elements with their attributes, and its visible text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self._text: list[str] = []
        self.feed(html)
        self.text = " ".join(" ".join(self._text).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        """Note text."""
        self._text.append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        """Return the attributes of each element of a kind."""
        return [attributes for name, attributes in self.elements if name == tag]

    def hidden(self) -> dict[str, str]:
        """Return the hidden fields: each form of a page carries the same token."""
        return {each["name"]: each["value"] for each in self.all("input") if each.get("type") == "hidden"}

    def link(self, beginning: str) -> str:
        """Return the one address of a link that begins so."""
        (found,) = {each["href"] for each in self.all("a") if each.get("href", "").startswith(beginning)}
        return found


class Visitor:
    """Somebody with a browser at a gateway."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self.session = http()

    def get(self, path: str, **headers: str) -> requests.Response:
        """Open a path and follow no redirect."""
        answer = self.session.get(self._gateway.url + path, headers=headers, allow_redirects=False)
        return self._checked(answer)

    def page(self, path: str, **headers: str) -> Page:
        """Open a path that has to answer a page."""
        answer = self.get(path, **headers)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:300]}"
        return Page(answer.text)

    def post(
        self, path: str, form: dict[str, str], headers: dict[str, str] | None = None
    ) -> requests.Response:
        """Send a form as it is given, and follow no redirect."""
        answer = self.session.post(
            self._gateway.url + path, data=form, headers=headers, allow_redirects=False
        )
        return self._checked(answer)

    @staticmethod
    def _checked(answer: requests.Response) -> requests.Response:
        """Hold an answer against its description, and a page against the rules that all of them keep."""
        documented.check(answer)
        if answer.headers.get("Content-Type", "").startswith("text/html"):
            policy = answer.headers["Content-Security-Policy"].split("; ")
            assert {
                "default-src 'none'",
                "style-src 'self'",
                "base-uri 'none'",
                "frame-ancestors 'none'",
            } < set(policy)
            assert not [each for each in policy if "unsafe" in each or each.startswith("script-src")]
            assert answer.headers["Cache-Control"] == "no-store"
            page = Page(answer.text)
            assert not page.all("script") + page.all("style")
            assert not [each for _, each in page.elements if {name for name in each if is_active(name)}]
        return answer

    def submit(self, path: str, **fields: str) -> requests.Response:
        """Open the page of a path and send its form, with these fields filled in."""
        return self.post(path.partition("?")[0], {**self.page(path).hidden(), **fields})

    def sign_in(self, user: str = "owner") -> "Visitor":
        """Sign in with a user's key."""
        answer = self.submit("/signin", key=self._gateway.keys[user])
        assert answer.status_code == 303, f"{answer.status_code} {answer.text[:300]}"
        return self

"""The HTML frame and headers of the pages that a browser sees. What is put in must be escaped."""

import base64
import hashlib
from collections.abc import Iterable
from html import escape

from amazon_sandbox.http_messages import Answer
from amazon_sandbox.records import Seller

MOST_CHOICES = 50  # accounts that a consent page offers

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:42rem;margin:2rem auto;"
    "padding:0 1rem;color:#111;background:#fff}"
    ".note{border:2px dashed #b45309;padding:.5rem 1rem;background:#fffbeb;color:#111}"
    "fieldset{border:1px solid #999;margin:1rem 0}label{display:block;padding:.2rem 0}"
    "button{font:inherit;padding:.4rem 1.2rem;margin-right:.6rem}code{overflow-wrap:anywhere}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

# No form-action: browsers apply it to the redirect that answers the form, and the callback is elsewhere.
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; frame-ancestors 'none'"
    ),
}


def page(title: str, content: str, status: int = 200, outcome: str = "ok") -> Answer:
    """Return a page; `title` is text, `content` is HTML whose texts are escaped already."""
    html = (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)} (stand-in Amazon)</title><style>{_STYLE}</style></head><body>"
        '<p class="note">This is a stand-in for Amazon, made for trying things out. '
        "Nothing here reaches Amazon, and no real account is involved.</p>"
        f"<main><h1>{escape(title)}</h1>{content}</main></body></html>"
    )
    return Answer(status, _HEADERS, html.encode("utf-8", "replace"), outcome)


def seller_choices(sellers: Iterable[Seller]) -> str:
    """Return a radio button for each seller as HTML, the first one checked."""
    return "".join(
        f'<label><input type="radio" name="selling_partner_id" value="{escape(seller.seller_id)}"'
        f"{' checked' if number == 0 else ''}> {escape(seller.name)} "
        f"(<code>{escape(seller.seller_id)}</code>)</label>"
        for number, seller in enumerate(sellers)
    )


def error_page(code: str, meaning: str) -> Answer:
    """Return the page that Amazon shows instead of redirecting; its status is a guess."""
    return page(
        "Sorry, something went wrong",
        f"<p><code>{escape(code)}</code></p><p>{escape(meaning)}</p>",
        400,
        code,
    )


def left_page() -> Answer:
    """Return the page after a cancel that leads nowhere."""
    text = "<p>You left without authorizing. Nothing was granted. You can close this page.</p>"
    return page("Nothing was authorized", text, outcome="left")


def redirect(location: str, outcome: str) -> Answer:
    """Send the browser on; the address may hold a code, so it goes into no referrer and no cache."""
    headers = {"Location": location, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return Answer(302, headers, b"", outcome)

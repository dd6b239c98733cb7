"""The HTML frame and headers of the pages that a browser sees. What is put in must be escaped."""

import base64
import hashlib
from collections.abc import Iterable
from html import escape

from amazon_sandbox.http_messages import Answer
from amazon_sandbox.records import Seller
from amazon_sandbox.words import Language

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


def page(language: Language, title: str, content: str, status: int = 200, outcome: str = "ok") -> Answer:
    """Return a page; `title` and `content` are HTML whose texts are escaped already."""
    html = (
        f'<!DOCTYPE html><html lang="{language.tag}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{language.words['title'].format(title=title)}</title><style>{_STYLE}</style></head><body>"
        f'<p class="note">{language.say("note")}</p>'
        f"<main><h1>{title}</h1>{content}</main></body></html>"
    )
    headers = {**_HEADERS, "Content-Language": language.tag, "Vary": "Accept-Language"}
    return Answer(status, headers, html.encode("utf-8", "replace"), outcome)


def not_found(language: Language) -> Answer:
    """Return the page for an address that is none."""
    content = f"<p>{language.say('not_found_text')}</p>"
    return page(language, language.say("not_found"), content, 404, "notFound")


def seller_choices(sellers: Iterable[Seller]) -> str:
    """Return a radio button for each seller as HTML, the first one checked."""
    return "".join(
        f'<label><input type="radio" name="selling_partner_id" value="{escape(seller.seller_id)}"'
        f"{' checked' if number == 0 else ''}> {escape(seller.name)} "
        f"(<code>{escape(seller.seller_id)}</code>)</label>"
        for number, seller in enumerate(sellers)
    )


def error_page(language: Language, code: str) -> Answer:
    """Return the page that Amazon shows instead of redirecting; its status is a guess."""
    content = f"<p><code>{escape(code)}</code></p><p>{language.error(code)}</p>"
    return page(language, language.say("wrong"), content, 400, code)


def left_page(language: Language) -> Answer:
    """Return the page after a cancel that leads nowhere."""
    return page(language, language.say("left"), f"<p>{language.say('left_text')}</p>", outcome="left")


def redirect(location: str, outcome: str) -> Answer:
    """Send the browser on; the address may hold a code, so it goes into no referrer and no cache."""
    headers = {"Location": location, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return Answer(302, headers, b"", outcome)

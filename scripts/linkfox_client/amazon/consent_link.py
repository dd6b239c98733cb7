"""Amazon's consent links: what one has to look like before a person may be given it."""

import json
from functools import lru_cache
from urllib.parse import urlsplit

from linkfox_client.config import is_loopback
from linkfox_client.errors import ClientError
from linkfox_client.paths import REFERENCES

# Where the consent pages of Amazon Ads are, by region: references/amazon.md.
ADS_CONSENT_HOSTS = frozenset({"www.amazon.com", "eu.account.amazon.com", "apac.account.amazon.com"})
LONGEST_LINK = 8192


def check_link(url: object, *, sandbox: bool) -> str:
    """Return the consent link that the gateway sent, once it is one that a person may be given.

    It has to be https and name a host. To this machine it may lead only with `sandbox`: a sandbox of this
    machine sent it, whose links may be plain http. Raise ClientError (`gateway_failed`).
    """
    if (
        not isinstance(url, str)
        or not 0 < len(url) <= LONGEST_LINK
        or not url.isascii()
        or not url.isprintable()
    ):
        raise _bad_link("it is missing, too long, or holds characters that no link has")
    if set(url) & set(' \\"<>^`{|}'):
        raise _bad_link("it holds characters that no link has")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise _bad_link("it cannot be parsed") from None
    if not host or "@" in parts.netloc:
        raise _bad_link("it names no host, or a user before the host")
    if sandbox and parts.scheme in ("http", "https") and is_loopback(host):
        return url
    if parts.scheme != "https":
        raise _bad_link("it is not https")
    if _is_local(host):
        raise _bad_link("it leads to this machine, or to an address without a name")
    return url


def _is_local(host: str) -> bool:
    """Tell whether browsers take a host for this machine, or for an address (`127.1`, `0x7f.1`)."""
    last = host.removesuffix(".").rpartition(".")[2].lower()
    return ":" in host or last == "localhost" or last[:1].isdigit()


def is_amazon(url: str) -> bool:
    """Tell whether the checked link `url` leads to a host where Amazon asks for consent."""
    parts = urlsplit(url)
    return parts.scheme == "https" and parts.port in (None, 443) and parts.hostname in _amazon_hosts()


def _bad_link(why: str) -> ClientError:
    return ClientError(
        "gateway_failed",
        f"The gateway's answer holds no usable consent link: {why}",
        "Check that LINKFOX_TOOL_GATEWAY is the gateway you mean; do not open the link.",
    )


@lru_cache(maxsize=1)
def _amazon_hosts() -> frozenset[str]:
    markets = json.loads((REFERENCES / "marketplaces.json").read_text(encoding="utf-8"))
    central = {
        urlsplit(market[name]).hostname
        for market in markets
        for name in ("sellerCentralUrl", "vendorCentralUrl")
    }
    return ADS_CONSENT_HOSTS | {host for host in central if host}

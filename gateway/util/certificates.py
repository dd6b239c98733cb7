"""Which certificates are trusted besides those of public authorities, and why one was not."""

import ssl
from collections.abc import Mapping
from pathlib import Path

# requests' own variables, and OpenSSL's.
VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


class NoCertificates(OSError):
    """A variable names a file of authorities that is not there."""


def trusted_certificates(environ: Mapping[str, str]) -> str | bool:
    """Return the file of authorities that the environment names, as requests' `verify` takes it, or True.

    Raise NoCertificates.
    """
    named = next((name for name in VARIABLES if environ.get(name)), None)
    if named is None:
        return True
    if not Path(environ[named]).exists():
        raise NoCertificates(f"{named} names a file that is not there")
    return environ[named]


def tls_reason(error: BaseException) -> str | None:
    """Return why TLS failed, such as `certificate has expired`; None where it was not TLS.

    In OpenSSL's words or our own, which hold nothing that was sent.
    """
    seen: list[BaseException] = [error]
    for each in seen:
        if isinstance(each, NoCertificates):
            return f"TLS: {each}"
        if isinstance(each, ssl.SSLCertVerificationError):
            return f"TLS: {each.verify_message}"
        if isinstance(each, ssl.SSLError):
            return f"TLS: {(each.reason or 'failed').replace('_', ' ').lower()}"
        causes = (each.__cause__, each.__context__, getattr(each, "reason", None), *each.args)
        seen += [cause for cause in causes if isinstance(cause, BaseException) and cause not in seen]
    return None

"""Which certificates are trusted besides those of public authorities, and why one was not."""

import ssl
from collections.abc import Mapping

# requests' own variables, and OpenSSL's.
VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


def trusted_certificates(environ: Mapping[str, str]) -> str | bool:
    """Return the file of authorities that the environment names, as requests' `verify` takes it, or True."""
    return next((environ[name] for name in VARIABLES if environ.get(name)), True)


def tls_reason(error: BaseException) -> str | None:
    """Return why TLS failed, such as `certificate has expired`; None where it was not TLS.

    OpenSSL's own words, which hold nothing that was sent.
    """
    seen: list[BaseException] = [error]
    for each in seen:
        if isinstance(each, ssl.SSLCertVerificationError):
            return f"TLS: {each.verify_message}"
        if isinstance(each, ssl.SSLError):
            return f"TLS: {(each.reason or 'failed').replace('_', ' ').lower()}"
        causes = (each.__cause__, each.__context__, getattr(each, "reason", None), *each.args)
        seen += [cause for cause in causes if isinstance(cause, BaseException) and cause not in seen]
    return None

"""What an error of PostgreSQL means for who runs the gateway, in a sentence.

An error of a statement has a SQLSTATE. Of a connection that could not be made libpq tells a text alone, its
own in English and the server's in the server's language, so that is looked through for known words. None of
the text itself is told: it names what stands in the address, where a password that was not encoded may have
got into the name of the host or the database.
"""

import re
from typing import NamedTuple

from sqlalchemy.engine import URL

from gateway.vault.errors import Unreachable, Unwritable, VaultError

# SQLSTATEs (PostgreSQL's appendix A).
INSUFFICIENT_PRIVILEGE = "42501"
READ_ONLY = "25006"
DISK_FULL = "53100"
# Classes of them: the server's own faults (internal errors, damaged files) and those of its machine.
FAULTS_OF_THE_SERVER = ("XX", "58")

ENCODING = "in an address `/` is written %2F, `@` %40, `:` %3A, `#` %23, `?` %3F and `%` %25"


class _Known(NamedTuple):
    """A connection that could not be made. `passes`: it may work in a moment, with nothing changed here."""

    words: str
    message: str
    hint: str
    passes: bool = False


# The first that fits counts. Where the server has a SQLSTATE for it, the message names that.
CONNECTING = (
    _Known(
        r"no password supplied|password authentication failed|SCRAM.*(authentication failed|wrong password)",
        "the PostgreSQL refuses the user's password, or there is none (28P01)",
        f"Correct user and password in GATEWAY_DATABASE_URL; {ENCODING}.",
    ),
    _Known(
        r'role ".*" does not exist|role ".*" is not permitted to log in',
        "the PostgreSQL has no such user, or does not let it log in (28000)",
        "Correct the user in GATEWAY_DATABASE_URL, or make it: CREATE ROLE name LOGIN PASSWORD '...'.",
    ),
    _Known(
        r"no pg_hba\.conf entry|pg_hba\.conf rejects",
        "the PostgreSQL lets this user in from here by no rule of its pg_hba.conf (28000)",
        "Add a rule for this machine, user and database, or one that wants TLS (`?sslmode=require`).",
    ),
    _Known(
        r'database ".*" does not exist',
        "the PostgreSQL has no such database (3D000)",
        "Correct its name in GATEWAY_DATABASE_URL, or make it: createdb -O user name.",
    ),
    _Known(
        r"too many connections|too many clients|remaining connection slots",
        "the PostgreSQL has no connection left (53300)",
        "Raise its max_connections, or put a PgBouncer in between; a process takes up to thirty-six.",
        passes=True,
    ),
    _Known(
        r"the database system is|not yet accepting connections",
        "the PostgreSQL does not answer: it is starting or stopping (57P03)",
        "Wait until it has started.",
        passes=True,
    ),
    _Known(
        r"invalid (integer value|\w+ value:)",
        "a value behind the `?` of the PostgreSQL's address is none that libpq knows",
        "Correct what follows the `?` in GATEWAY_DATABASE_URL.",
    ),
    _Known(
        r"certificate has expired",
        "the PostgreSQL's certificate has expired",
        "Renew it at the server, or name the right one with `sslrootcert`.",
    ),
    _Known(
        r"certificate verify failed|self.signed certificate|server certificate for",
        "the PostgreSQL's certificate is not trusted, or is another host's",
        "Name the authority's certificate with `&sslrootcert=FILE`, and the host as the certificate has it.",
    ),
    _Known(
        r"server does not support SSL",
        "the PostgreSQL offers no TLS, which the address asks for",
        "Switch `ssl` on at the server, or take `sslmode` out of the address.",
    ),
    _Known(
        r"root certificate file|certificate file|private key file",
        "a certificate or key that the address of the PostgreSQL names cannot be used",
        "Correct `sslrootcert`, `sslcert` and `sslkey` in GATEWAY_DATABASE_URL.",
    ),
    _Known(
        r"SSL error|SSL SYSCALL|SSL connection",
        "the PostgreSQL could not be reached over TLS",
        "Look at the server's log, and at `sslmode` in GATEWAY_DATABASE_URL.",
    ),
    _Known(
        r"failed to resolve host|could not translate host name",
        "the PostgreSQL does not answer: its host has no address",
        f"Correct it in GATEWAY_DATABASE_URL, or the name service. A password may be at fault: {ENCODING}.",
        passes=True,
    ),
    _Known(
        r"Connection refused|No such file or directory",
        "the PostgreSQL does not answer: nobody listens there",
        "Start it, or correct host and port in GATEWAY_DATABASE_URL.",
        passes=True,
    ),
    _Known(
        r"timeout expired|timed out|No route to host|Network is unreachable",
        "the PostgreSQL does not answer: nothing came back over the network",
        "Check host and port, and what lies in between: a firewall, a route, a name of another network.",
        passes=True,
    ),
)


def describe_postgresql_error(error: BaseException | None, *, lost: bool) -> VaultError | None:
    """Return what an error of psycopg's means for who runs the gateway; None for a mistake of ours.

    `lost`: it came of the connection, not of the statement.
    """
    sqlstate = getattr(error, "sqlstate", None)
    if sqlstate == INSUFFICIENT_PRIVILEGE:
        return VaultError(
            "the PostgreSQL user may not make or use the gateway's tables (42501)",
            "Let it own the database: ALTER DATABASE name OWNER TO user.",
            "not_set_up",
        )
    if sqlstate == READ_ONLY:
        return Unwritable(
            "the PostgreSQL takes no writes (25006)",
            "Name the primary server, not a standby, and a database that is not read-only.",
            retryable=True,
        )
    if sqlstate is not None and sqlstate.startswith(FAULTS_OF_THE_SERVER):
        return VaultError(
            f"the PostgreSQL reports a fault of its own (SQLSTATE {sqlstate})",
            "Look for it in the server's log; a damaged table has to be restored from a backup.",
        )
    if sqlstate == DISK_FULL:
        return Unwritable(
            "the disk of the PostgreSQL is full (53100)",
            "Make room on its disk, then try again.",
            retryable=True,
        )
    return _lost(str(error), sqlstate) if lost else None


def _lost(text: str, sqlstate: str | None) -> VaultError:
    if sqlstate is None:
        for known in CONNECTING:
            if re.search(known.words, text):
                return Unreachable(known.message, known.hint, retryable=known.passes)
    told = f" ({sqlstate})" if sqlstate else ""
    return Unreachable(
        f"the PostgreSQL does not answer, or broke the connection off{told}",
        "Check that it runs, and look into its log.",
        retryable=True,
    )


def check_address(url: URL) -> None:
    """Refuse an address in which a password ended too early. Raise VaultError."""
    if {"@", "/"} & set(url.database or "") or "@" in (url.host or ""):
        raise bad_address()


def bad_address() -> VaultError:
    """Return what to say of an address that is none."""
    return VaultError(
        "the address of the PostgreSQL cannot be read",
        "It is postgresql://USER@HOST/DATABASE, with a colon and the password behind the user, each part "
        f"percent-encoded: {ENCODING}.",
        "not_set_up",
    )

"""What keeps a gateway from its PostgreSQL is told apart, by real refusals, and without a secret."""

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import text

from gateway.vault.database.engine import open_database
from gateway.vault.database.postgresql_reader import PostgresqlReader
from gateway.vault.errors import VaultError
from tests.support.certificates import self_signed
from tests.support.postgresql import PostgreSQL, as_setting

PASSWORD = "p@ss/w:rd#1%41"


def refusal(address: str) -> VaultError:
    """How the first statement on a database fails."""

    def ask() -> None:
        with (
            closing(open_database(as_setting(address), Path())) as database,
            database.reading() as connection,
        ):
            connection.execute(text("SELECT 1"))

    with pytest.raises(VaultError) as caught:
        ask()
    told = f"{caught.value.message} {caught.value.hint}"
    assert PASSWORD not in told
    assert "rd#1" not in told
    assert "\n" not in told
    return caught.value


@contextlib.contextmanager
def pretending(answer: bytes, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """A server that takes one request for TLS, and does with it as told. Answers its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection, contextlib.suppress(OSError):
                connection.recv(8)
                connection.sendall(answer)
                if context is not None:
                    context.wrap_socket(connection, server_side=True).close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(10)


def test_what_the_server_refuses_is_told_apart(postgresql: PostgreSQL) -> None:
    """Password, user and database, each with its SQLSTATE."""
    address = postgresql.address
    with postgresql.asking_for_a_password("pw", PASSWORD):
        wrong = address.replace("postgres:@", "pw:wrong@")
        unencoded = address.replace("postgres:@", "pw:rd#1%41@")
        for given in (wrong, unencoded, address.replace("postgres:@", "pw@")):
            told = refusal(given)
            assert "password" in told.message
            assert "28P01" in told.message
            assert "%2F" in told.hint
            assert (told.code, told.retryable) == ("gateway_failed", False)
        right = address.replace("postgres:@", f"pw:{quote(PASSWORD, safe='')}@")
        with closing(open_database(as_setting(right), Path())) as database, database.reading() as connection:
            assert connection.execute(text("SELECT 1")).scalar() == 1
    assert "28000" in refusal(address.replace("postgres:@", "nobody:@")).message
    assert "3D000" in refusal(address.replace("/postgres?", "/nosuch?")).message


def test_where_nobody_is_there_is_told_apart(tmp_path: Path) -> None:
    """A closed port, a socket that is not there, an unknown host: that may pass with nothing changed here."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    for address in (
        f"postgresql://u:{quote(PASSWORD, safe='')}@127.0.0.1:{port}/x",
        f"postgresql://u:p@/x?host={tmp_path}",
    ):
        told = refusal(address)
        assert told.message == "the PostgreSQL does not answer: nobody listens there"
        assert told.retryable
    told = refusal("postgresql://u:p@no.such.host.invalid/x")
    assert told.message == "the PostgreSQL does not answer: its host has no address"
    assert told.retryable


@pytest.mark.parametrize("password", ["p@ss/rd#1", "p@rd#1", "/rd#1@"])
def test_a_password_that_is_not_encoded_is_told(password: str) -> None:
    """Before anything is sent to a host that has a piece of it for its name."""
    told = refusal(f"postgresql://u:{password}@127.0.0.1:1/x")
    assert told.code == "not_set_up"
    assert "percent-encoded" in told.hint


@pytest.mark.parametrize("option", ["sslmode=wat", "channel_binding=x", "keepalives_idle=often"])
def test_a_value_that_libpq_does_not_know_is_the_operators(option: str) -> None:
    """Nobody waits for it to pass."""
    told = refusal(f"postgresql://u:p@127.0.0.1:1/x?{option}")
    assert "behind the `?`" in told.message
    assert not told.retryable


def test_what_keeps_tls_from_working_is_told_apart(tmp_path: Path) -> None:
    """A server without it, a certificate that nobody trusts, and a file that is not there."""
    with pretending(b"N") as port:
        told = refusal(f"postgresql://u:p@127.0.0.1:{port}/x?sslmode=require")
    assert told.message == "the PostgreSQL offers no TLS, which the address asks for"
    certificate, key = self_signed(tmp_path, days=-1)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    with pretending(b"S", context) as port:
        told = refusal(f"postgresql://u:p@127.0.0.1:{port}/x?sslmode=verify-ca&sslrootcert={certificate}")
    assert "certificate" in told.message
    with pretending(b"S", context) as port:
        told = refusal(f"postgresql://u:p@127.0.0.1:{port}/x?sslmode=verify-ca&sslrootcert={tmp_path}/none")
    assert "that the address of the PostgreSQL names" in told.message


def test_the_way_of_token_reads_tells_the_same(postgresql: PostgreSQL) -> None:
    """It has connections of its own."""
    address = postgresql.address.replace("/postgres?", "/nosuch?")
    with (
        closing(open_database(as_setting(address), Path())) as database,
        closing(PostgresqlReader(database)) as reader,
        pytest.raises(VaultError, match="3D000"),
    ):
        asyncio.run(reader.first(text("SELECT 1"), {}))

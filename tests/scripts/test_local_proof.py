"""The key of a local gateway goes only to a process that proved, on that connection, to be this gateway."""

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from linkfox_client.errors import ClientError
from linkfox_client.gateway import settings
from linkfox_client.gateway.client import Gateway, connect
from linkfox_client.local import process_lock

from tests.scripts.conftest import OWNER_KEY
from tests.support.house import House, clean_environment, open_house, run_script
from tests.support.stranger import Stranger, stranger_at

LIST = "/spApi/authorizedStores"
NEVER_SENT = (b"lfx_local_", b"uthorization", LIST.encode())
NO_SUCH_PATH = b'HTTP/1.1 404 Not Found\r\nContent-Length: 16\r\n\r\n{"errcode": 1002}'


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A gateway that a test may stop."""
    with open_house(tmp_path) as opened:
        yield opened


@contextlib.contextmanager
def running_at(data_dir: Path, url: str) -> Iterator[dict[str, str]]:
    """A gateway that holds its lock, and says that it is at `url`; yields the environment of its scripts."""
    (data_dir / "gateway.json").write_text(json.dumps({"url": url, "pid": os.getpid()}))
    with process_lock.try_exclusive(data_dir / "gateway.lock") as mine:
        assert mine
        yield clean_environment(data_dir.parent, GATEWAY_DATA_DIR=str(data_dir))


def refused(gateway: Gateway) -> ClientError:
    """The failure of a call that must not be made."""
    with pytest.raises(ClientError) as caught:
        gateway.post(LIST, {})
    assert caught.value.code == "gateway_failed"
    assert "lfx_local_" not in caught.value.message + caught.value.hint
    return caught.value


def got_nothing(stranger: Stranger) -> bool:
    """Tell whether a stranger was asked, and was given nothing of the key or the call."""
    assert stranger.connections
    return not any(words in stranger.received for words in NEVER_SENT)


def test_whoever_takes_the_port_of_a_gateway_that_ended_gets_nothing(house: House) -> None:
    """As while a script waits for a consent: the next call goes to another process on the same port."""
    with connect(house.environment) as gateway:
        assert gateway.post(LIST, {})["stores"] == []
        house.stop()
        with stranger_at(house.url) as stranger:
            failure = refused(gateway)
    assert got_nothing(stranger)
    assert "ended" in failure.message
    assert not failure.retryable


def test_who_passes_the_question_on_to_the_gateway_gets_nothing(house: House) -> None:
    """The proof holds where the gateway itself takes connections, and nowhere else."""
    port = int(house.url.rpartition(":")[2])
    with stranger_at(relay=("127.0.0.1", port)) as stranger:
        named = {"LINKFOX_TOOL_GATEWAY": stranger.url, "LINKFOX_AGENT_API_KEY": house.api_key()}
        with connect(house.environment | named) as gateway:
            failure = refused(gateway)
    assert b"proof" in stranger.relayed
    assert got_nothing(stranger)
    assert house.url in failure.message


@pytest.mark.parametrize(
    "answer",
    [
        NO_SUCH_PATH,
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
        b'HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{"proof": "\xff"}',
        b'HTTP/1.1 200 OK\r\nContent-Length: 78\r\n\r\n{"proof": "' + b"0" * 64 + b'"}\n',
        b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n" + b" " * 9000,
        b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_an_answer_that_is_no_proof_is_final(data_dir: Path, answer: bytes) -> None:
    """As a gateway's that an older version of the skill started: it has to be started again."""
    with stranger_at(answer=answer) as stranger, running_at(data_dir, stranger.url) as environment:
        with connect(environment) as gateway:
            failure = refused(gateway)
        assert got_nothing(stranger)
    assert not failure.retryable
    assert "local_gateway.py stop" in failure.hint


def test_no_answer_may_be_a_gateway_that_is_busy(data_dir: Path) -> None:
    """As long as it holds its lock: then the call may be tried again."""
    with stranger_at() as stranger, running_at(data_dir, stranger.url) as environment:
        with connect(environment) as gateway:
            assert refused(gateway).retryable
        assert got_nothing(stranger)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("key", [OWNER_KEY, "lfx_local_" + "a" * 43])
def test_it_has_to_prove_itself_whoever_named_it(data_dir: Path, host: str, key: str) -> None:
    """The variables may hold its address with its owner's key, or another user's."""
    with stranger_at(answer=NO_SUCH_PATH) as stranger, running_at(data_dir, stranger.url) as environment:
        named = {
            "LINKFOX_TOOL_GATEWAY": stranger.url.replace("127.0.0.1", host),
            "LINKFOX_AGENT_API_KEY": key,
        }
        with connect(environment | named) as gateway:
            refused(gateway)
        assert got_nothing(stranger)


def test_the_owners_key_is_kept_even_where_the_gateway_does_not_run(data_dir: Path) -> None:
    """Whose key it is can be told by the data folder alone."""
    environment = clean_environment(data_dir.parent, GATEWAY_DATA_DIR=str(data_dir))
    with stranger_at(answer=NO_SUCH_PATH) as stranger:
        named = {"LINKFOX_TOOL_GATEWAY": stranger.url, "LINKFOX_AGENT_API_KEY": OWNER_KEY}
        with connect(environment | named) as gateway:
            assert "ended" in refused(gateway).message
    assert got_nothing(stranger)


def test_who_names_a_gateway_needs_no_folder_for_one(data_dir: Path) -> None:
    """A setting of it that is wrong is in nobody's way."""
    environment = clean_environment(data_dir.parent, GATEWAY_DATA_DIR="relative")
    named = {"LINKFOX_TOOL_GATEWAY": "http://127.0.0.1:9", "LINKFOX_AGENT_API_KEY": OWNER_KEY}
    with connect(environment | named) as gateway:
        assert gateway.origin == "http://127.0.0.1:9"


def test_another_gateway_on_loopback_is_called_as_it_is_named(data_dir: Path) -> None:
    """One's own, of which there is no data folder here, as in a container."""
    answer = b'HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{"stores": []}'
    with stranger_at(answer=answer) as stranger, running_at(data_dir, "http://127.0.0.1:9") as environment:
        named = {"LINKFOX_TOOL_GATEWAY": stranger.url, "LINKFOX_AGENT_API_KEY": "lfx_local_" + "c" * 43}
        with connect(environment | named) as gateway:
            assert gateway.post(LIST, {})["stores"] == []
    assert b"lfx_local_ccc" in stranger.received


def test_status_sends_no_key_to_a_stranger_and_says_what_it_met(data_dir: Path) -> None:
    """It asks with the key, too."""
    with stranger_at(answer=NO_SUCH_PATH) as stranger, running_at(data_dir, stranger.url) as environment:
        done = run_script("local_gateway.py", "status", environment=environment, folder=data_dir.parent)
        assert got_nothing(stranger)
    (note,) = done.good()["notes"]
    assert "did not prove" in note


def test_each_connection_is_asked_and_a_kept_one_once(house: House) -> None:
    """A call after another needs no new one, and a new one is asked again."""
    with connect(house.environment) as gateway:
        gateway.post(LIST, {})
        gateway.post(LIST, {})
        gateway._session.close()  # as when the gateway ends a connection that was idle
        gateway.post(LIST, {})
    house.stop()
    lines = house.log.read_text(encoding="utf-8")
    assert lines.count("route=/localProof") == 2
    assert lines.count(f"route={LIST}") == 3


def test_a_gateway_away_from_this_machine_is_not_asked() -> None:
    """Its certificate says who it is."""
    chosen = settings.Settings("https://gateway.example", settings.Secret(OWNER_KEY), "test", "test")
    with Gateway(chosen, environ={}) as gateway:
        assert gateway._session.trust_env

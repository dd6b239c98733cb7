"""Through a proxy, behind a private certificate authority, and the words for what is wrong with either."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scripts.conftest import Run
from tests.support.elsewhere import Authority, Proxy, proxy_to, tls_gateway
from tests.support.fake_gateway import NOBODYS_PORT, FakeGateway

HOST = "gateway.example"
LIST = ("authorized_stores.py",)


@pytest.fixture
def elsewhere(authority: Authority) -> Iterator[tuple[FakeGateway, Proxy]]:
    """A gateway that is reached as https://gateway.example, through a proxy only."""
    with (
        tls_gateway(authority.server_context(HOST)) as gateway,
        proxy_to(int(gateway.url.rpartition(":")[2])) as proxy,
    ):
        yield gateway, proxy


def named(proxy: Proxy, authority: Authority | None, **more: str) -> dict[str, str]:
    """The variables of somebody who calls https://gateway.example through this proxy."""
    trusted = {"REQUESTS_CA_BUNDLE": str(authority.file)} if authority else {}
    return {"LINKFOX_TOOL_GATEWAY": f"https://{HOST}", "HTTPS_PROXY": proxy.url, **trusted, **more}


# The proxy


def test_a_gateway_elsewhere_is_called_through_the_proxy(
    elsewhere: tuple[FakeGateway, Proxy], authority: Authority, run: Run
) -> None:
    """By CONNECT, so the proxy sees neither key nor body."""
    gateway, proxy = elsewhere
    done = run(*LIST, **named(proxy, authority))
    assert done.code == 0, done.stdout
    assert [line.rpartition(" ")[0] for line in proxy.asked] == [f"CONNECT {HOST}:443"]
    assert len(gateway.calls) == 1


def test_the_proxy_is_passed_by_for_loopback(
    elsewhere: tuple[FakeGateway, Proxy], gateway: FakeGateway, run: Run
) -> None:
    """Whatever it is called, and also where nobody wrote NO_PROXY."""
    _, proxy = elsewhere
    gateway.answers["*"] = (200, {"stores": []})
    proxies = dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY", "http_proxy", "ALL_PROXY"), proxy.url)
    for host in ("127.0.0.1", "localhost"):
        url = gateway.url.replace("127.0.0.1", host)
        assert run(*LIST, LINKFOX_TOOL_GATEWAY=url, **proxies).code == 0
    assert proxy.asked == []


@pytest.mark.parametrize("trouble", ["nobody there", "refused", "login wanted", "no address", "socks"])
def test_a_proxy_that_is_in_the_way_is_named(
    trouble: str, elsewhere: tuple[FakeGateway, Proxy], authority: Authority, run: Run
) -> None:
    """Exit 6 with the variables to look at, and nothing of a password in them."""
    gateway, proxy = elsewhere
    refusals = {"refused": b"403 Forbidden", "login wanted": b"407 Proxy Authentication Required"}
    if trouble in refusals:
        proxy.refusal = b"HTTP/1.1 " + refusals[trouble] + b"\r\nContent-Length: 0\r\n\r\n"
    urls = {
        "nobody there": f"http://user:hunter2@127.0.0.1:{NOBODYS_PORT}",
        "no address": "http://user:hunter2@:99999999",
        "socks": "socks5://user:hunter2@127.0.0.1:1080",
    }
    done = run(*LIST, **named(proxy, authority, HTTPS_PROXY=urls.get(trouble, proxy.url)))
    assert (done.code, done.error["code"]) == (6, "gateway_failed"), done.stdout
    assert "HTTPS_PROXY" in done.error["hint"]
    assert "proxy" in done.error["message"]
    assert "hunter2" not in done.stdout + done.stderr
    assert gateway.calls == []


# The certificate authority


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_a_private_authority_is_trusted_where_it_is_named(
    variable: str, elsewhere: tuple[FakeGateway, Proxy], authority: Authority, run: Run
) -> None:
    """By any of the three variables, elsewhere as well as for loopback."""
    gateway, proxy = elsewhere
    trusted = {variable: str(authority.file)}
    assert run(*LIST, **named(proxy, None, **trusted)).code == 0
    with tls_gateway(authority.server_context("127.0.0.1")) as local:
        assert run(*LIST, LINKFOX_TOOL_GATEWAY=local.url, **trusted).code == 0
    assert len(gateway.calls) == 1


@pytest.mark.parametrize(
    ("host", "days", "trusted", "why"),
    [
        (HOST, 1, False, "issuer certificate"),
        ("other.example", 1, True, "Hostname mismatch"),
        (HOST, -1, True, "expired"),
    ],
)
def test_a_certificate_that_is_not_good_is_told_with_its_fault(
    host: str, days: int, trusted: bool, why: str, authority: Authority, run: Run
) -> None:
    """Nobody trusts its authority, it is another host's, or it has ended: nothing is sent."""
    with (
        tls_gateway(authority.server_context(host, days)) as gateway,
        proxy_to(int(gateway.url.rpartition(":")[2])) as proxy,
    ):
        done = run(*LIST, **named(proxy, authority if trusted else None))
    assert (done.code, done.error["code"]) == (6, "gateway_failed")
    assert why in done.error["message"]
    assert "REQUESTS_CA_BUNDLE" in done.error["hint"]
    assert gateway.calls == []


def test_an_authority_that_is_not_there_is_told_before_anything_is_sent(
    elsewhere: tuple[FakeGateway, Proxy], run: Run, tmp_path: Path
) -> None:
    """Exit 3 for a file that is missing; for one that holds none, the certificate's failure."""
    _, proxy = elsewhere
    done = run(*LIST, **named(proxy, None, SSL_CERT_FILE=str(tmp_path / "gone.pem")))
    assert (done.code, done.error["code"]) == (3, "not_set_up")
    assert "SSL_CERT_FILE" in done.error["message"] + done.error["hint"]
    (tmp_path / "empty.pem").write_text("no certificate")
    done = run(*LIST, **named(proxy, None, REQUESTS_CA_BUNDLE=str(tmp_path / "empty.pem")))
    assert (done.code, done.error["code"]) == (6, "gateway_failed")
    assert "certificate" in done.error["message"]


def test_plain_http_on_loopback_needs_no_authority(gateway: FakeGateway, run: Run) -> None:
    """A variable that leads nowhere is no reason to fail there."""
    gateway.answers["*"] = (200, {"stores": []})
    assert run(*LIST, REQUESTS_CA_BUNDLE="/nowhere.pem", SSL_CERT_FILE="/nowhere.pem").code == 0


def test_a_gateway_that_does_not_speak_tls_is_told(gateway: FakeGateway, run: Run) -> None:
    """The address says https, and plain http answers."""
    done = run(*LIST, LINKFOX_TOOL_GATEWAY=gateway.url.replace("http:", "https:"))
    assert (done.code, done.error["code"]) == (6, "gateway_failed")
    assert json.dumps(done.document)


# Nobody answers there


@pytest.mark.parametrize("variable", ["LINKFOX_TOOL_GATEWAY", "SPAPI_BASE_URL"])
@pytest.mark.parametrize("in_file", [True, False])
def test_a_named_gateway_that_does_not_answer_is_traced_to_its_setting(
    run: Run, tmp_path: Path, variable: str, in_file: bool
) -> None:
    """The setting and its place come first; the gateway of this machine is another one."""
    dead = {variable: f"http://127.0.0.1:{NOBODYS_PORT}", "LINKFOX_AGENT_API_KEY": "k"}
    place = "environment"
    if in_file:
        file = tmp_path / ".config" / "linkfox" / ".env"
        file.parent.mkdir(parents=True)
        file.write_text("".join(f"{name}={value}\n" for name, value in dead.items()))
        file.chmod(0o600)
        place = str(file)
    none = {"LINKFOX_TOOL_GATEWAY": "", "LINKFOX_AGENT_API_KEY": ""}
    done = run("authorized_stores.py", **(none | ({} if in_file else dead)))
    assert (done.code, done.error["code"], done.error["retryable"]) == (6, "gateway_failed", True)
    assert done.error["hint"].startswith(f"Correct or unset {variable} ({place})")

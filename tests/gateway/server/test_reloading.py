"""SIGHUP: settings are read anew, and taken over without a lost request, or refused with a word."""

import http.client
import signal
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from gateway.settings.backups import BackupSchedule
from gateway.settings.changes import changes
from gateway.settings.settings import Settings
from gateway.util.secret import Secret
from tests.support.certificates import self_signed
from tests.support.gateway_process import SELLER, WANTED, Place, Process, a_place, authorize
from tests.support.gateway_server import Amazon, running_amazon
from tests.support.house import PATIENCE, until

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="the signals of POSIX")

CALL = {"sellerId": SELLER, "region": "NA", "method": "GET", "path": "/sellers/v1/marketplaceParticipations"}


def write_settings(place: Place, **settings: str) -> None:
    """Write the settings that a gateway reads from its `.env`."""
    file = place.folder / ".config" / "linkfox" / ".env"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(0o600)
    file.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))


def logged(place: Place, event: str) -> int:
    """Return how often the gateways of a place have logged an event."""
    return place.log.read_text().count(f" {event}")


def reload(place: Place, gateway: Process, event: str, times: int = 1) -> None:
    """Reload a gateway, and wait until so many of its processes have said what came of it."""
    before = logged(place, event)
    gateway.signal(signal.SIGHUP)
    until(lambda: logged(place, event) == before + times, f"{event} is logged", 30)


def status_by(connection: http.client.HTTPConnection, host: str) -> int:
    """Return the status of a page, asked for by a host's name."""
    connection.request("GET", "/docs", headers={"Host": host})
    answer = connection.getresponse()
    answer.read()
    return answer.status


def connected(gateway: Process) -> http.client.HTTPConnection:
    """Return a connection to a gateway."""
    address = urlsplit(gateway.url)
    return http.client.HTTPConnection(str(address.hostname), address.port, timeout=PATIENCE)


@pytest.fixture
def own_amazon() -> Iterator[Amazon]:
    """A stand-in Amazon for one test: no other one knows a client secret that it has rotated."""
    with running_amazon() as amazon:
        yield amazon


def test_a_new_client_secret_needs_no_restart(own_amazon: Amazon, tmp_path: Path) -> None:
    """What was under way is answered by the application that took it, the next by one with the new secret."""
    amazon = own_amazon
    secret = tmp_path / "secret"
    secret.touch(0o600)
    secret.write_text(amazon.spapi["clientSecret"])
    files = {"SPAPI_CLIENT_SECRET": "", "SPAPI_CLIENT_SECRET_FILE": str(secret)}
    with a_place(amazon, tmp_path / "place", **files) as place:
        gateway = place.start()
        authorize(amazon, gateway)
        rotated = amazon.control("apps", {"clientId": amazon.spapi["clientId"], "rotateSecret": True})
        amazon.fault({"hold": "slow"}, path="/sellers/v1/*")
        with ThreadPoolExecutor(1) as pool:
            under_way = pool.submit(gateway.post, "/spApi/developerProxy", CALL)
            amazon.until_held("slow")
            secret.write_text(rotated["clientSecret"])
            reload(place, gateway, "settings_reloaded names=SPAPI_CLIENT_SECRET\n")
            amazon.control("apps", {"clientId": amazon.spapi["clientId"], "secretRefused": False})
            assert gateway.good("/spApi/refreshToken", WANTED)["accessToken"]
            amazon.release("slow")
            assert under_way.result(PATIENCE)[0] == 200
        assert rotated["clientSecret"] not in place.log.read_text()
        gateway.signal(signal.SIGTERM)
        assert gateway.process.wait(PATIENCE) == 0
        assert "Traceback" not in place.log.read_text()


@pytest.mark.parametrize("workers", [1, 2])
def test_good_settings_are_taken_and_bad_ones_refused(amazon: Amazon, tmp_path: Path, workers: int) -> None:
    """By every worker, on connections that are open, too; what takes a restart is named."""
    amazon.control("reset", {})
    with a_place(amazon, tmp_path / "place") as place:
        gateway = place.start("--workers", str(workers))
        with closing(connected(gateway)) as kept:
            assert status_by(kept, "gateway") == 403
            write_settings(place, GATEWAY_ALLOWED_HOSTS="gateway")
            reload(place, gateway, "settings_reloaded names=GATEWAY_ALLOWED_HOSTS\n", workers)
            assert status_by(kept, "gateway") == 200
            write_settings(place, GATEWAY_ALLOWED_HOSTS="canary:80")
            reload(place, gateway, "settings_refused ", workers)
            assert status_by(kept, "gateway") == 200
            write_settings(place, GATEWAY_ALLOWED_HOSTS="other", GATEWAY_MASTER_KEY_FILE="/canary")
            reload(place, gateway, "settings_need_restart names=GATEWAY_MASTER_KEY_FILE\n", workers)
            until(lambda: logged(place, "settings_reloaded") == 2 * workers, "the rest is taken")
            assert (status_by(kept, "gateway"), status_by(kept, "other")) == (403, 200)
        log = place.log.read_text()
        assert "GATEWAY_ALLOWED_HOSTS holds something that is no name of a host" in log
        assert "canary" not in log
        gateway.signal(signal.SIGTERM)
        assert gateway.process.wait(PATIENCE) == 0
        assert "Traceback" not in place.log.read_text()


def test_a_new_certificate_is_shown_to_the_next_connection(amazon: Amazon, tmp_path: Path) -> None:
    """One that does not fit its key is refused, and the old one stays."""
    certificate, key = self_signed(tmp_path)
    first = certificate.read_text()
    with a_place(amazon, tmp_path / "place") as place:
        gateway = place.start("--tls-cert", str(certificate), "--tls-key", str(key))
        address = urlsplit(gateway.url)
        where = (str(address.hostname), int(address.port or 0))
        assert ssl.get_server_certificate(where) == first
        second = self_signed(tmp_path)[0].read_text()
        certificate.write_text(first)
        reload(place, gateway, "settings_refused ")
        assert ssl.get_server_certificate(where) == first
        certificate.write_text(second)
        reload(place, gateway, "settings_reloaded")
        assert ssl.get_server_certificate(where) == second


def test_what_changes_is_told_by_name(tmp_path: Path) -> None:
    """What a restart takes keeps its value."""
    old = Settings(data_dir=tmp_path, refresh_rate=1, master_key=Secret("a"))
    found = changes(old, Settings(data_dir=tmp_path / "x", refresh_rate=2, master_key=Secret("b")))
    assert found.taken == ["GATEWAY_REFRESH_RATE"]
    assert found.waiting == ["GATEWAY_DATA_DIR", "GATEWAY_MASTER_KEY"]
    assert found.settings == Settings(data_dir=tmp_path, refresh_rate=2, master_key=Secret("a"))
    same = changes(old, old)
    assert (same.taken, same.waiting) == ([], [])


def test_a_change_of_any_record_is_told_by_name(tmp_path: Path) -> None:
    """Also of one that is set now and was not before, and of one value of it."""
    old = Settings(data_dir=tmp_path)
    daily = replace(old, backups=BackupSchedule(tmp_path / "backups"))
    names = ["GATEWAY_BACKUP_FOLDER", "GATEWAY_BACKUP_HOURS", "GATEWAY_BACKUP_KEEP"]
    assert changes(old, daily).taken == names
    hourly = replace(old, backups=BackupSchedule(tmp_path / "backups", interval=3600))
    found = changes(daily, hourly)
    assert (found.taken, found.settings.backups) == (["GATEWAY_BACKUP_HOURS"], hourly.backups)

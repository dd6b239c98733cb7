"""A consent link reaches the person whole: checked, on the clipboard, in a private file, in the browser."""

import os
import stat
import sys
from pathlib import Path

import pytest
from linkfox_client.amazon import consent_link
from linkfox_client.cli import clipboard
from linkfox_client.commands import link_delivery
from linkfox_client.errors import ClientError

from tests.support.house import until
from tests.support.programs import fake_program

LINK = (
    "https://sellercentral.amazon.com/apps/authorize/consent?application_id=amzn1.sellerapps.app.1&state=abc"
)
SANDBOX_LINK = "http://127.0.0.1:4000/sellercentral.amazon.com/apps/authorize/consent?state=abc"
ADS_LINK = "https://eu.account.amazon.com/ap/oa?client_id=amzn1.application-oa2-client.1&state=abc"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home."""
    folder = tmp_path / "home 家"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    return folder


def link_file(home: Path) -> Path:
    """Where the last link is kept."""
    return home / ".cache" / "linkfox" / "last_authorize_url.txt"


# The check


@pytest.mark.parametrize("url", [LINK, ADS_LINK, "https://partner.example.com/authorize?x=1"])
def test_an_https_link_is_taken(url: str) -> None:
    """The hosted gateway may send people through its partner, so the host is not restricted here."""
    assert consent_link.check_link(url, sandbox=False) == url


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST.",
        "a.localhost",
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "2130706433",
        "[::1]",
        "10.0.0.1",
    ],
)
def test_a_link_names_a_host_and_not_this_machine(host: str) -> None:
    """But for a sandbox on this machine; browsers take many spellings for it."""
    with pytest.raises(ClientError):
        consent_link.check_link(f"https://{host}:8443/admin", sandbox=False)


def test_plain_http_is_for_the_sandbox_on_loopback_alone() -> None:
    """Only a gateway that says that it is a sandbox may send one, and only to this machine."""
    assert consent_link.check_link(SANDBOX_LINK, sandbox=True) == SANDBOX_LINK
    for url, sandbox in ((SANDBOX_LINK, False), (SANDBOX_LINK.replace("127.0.0.1", "10.0.0.1"), True)):
        with pytest.raises(ClientError) as caught:
            consent_link.check_link(url, sandbox=sandbox)
        assert caught.value.code == "gateway_failed"


@pytest.mark.parametrize(
    "url",
    [
        None,
        7,
        "",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://",
        "https:///path",
        "https://user:pass@sellercentral.amazon.com/",
        "https://sellercentral.amazon.com\\@evil.example/",
        "https://sellercentral.amazon.com/ space",
        "https://sellercentral.amazon.com/\nHost: x",
        "https://sellercentral.amazon.com/\u202e",
        "https://sellercentral.amazon.com:port/",
        "https://[::1/",
        "--version",
        "https://a.example/" + "x" * 9000,
    ],
)
def test_what_is_no_usable_link_is_refused_without_repeating_it(url: object) -> None:
    """A person never gets to see it, and the hint holds none of it."""
    with pytest.raises(ClientError) as caught:
        consent_link.check_link(url, sandbox=True)
    assert caught.value.code == "gateway_failed"
    assert "evil" not in caught.value.hint + caught.value.message


def test_amazons_hosts_are_known() -> None:
    """Seller Central, Vendor Central and the ads hosts, on the usual port; nothing that merely looks so."""
    for url in (
        LINK,
        ADS_LINK,
        "https://vendorcentral.amazon.de/apps",
        "https://sellercentral.amazon.co.jp:443/",
    ):
        assert consent_link.is_amazon(url)
    for url in (
        "https://amazon.com.evil.example/",
        "https://evil-amazon.com/",
        "https://sellercentral.amazon.com:8443/",
        "http://sellercentral.amazon.com/",
        SANDBOX_LINK,
    ):
        assert not consent_link.is_amazon(url)


# The file


def test_the_link_is_in_a_private_file_without_a_line_end(home: Path) -> None:
    """0600, exactly the link, and what was there before is replaced."""
    for url in (ADS_LINK, LINK):
        handed = link_delivery.deliver(url, {})
        assert handed.file == link_file(home)
        assert link_file(home).read_bytes() == url.encode()
    assert stat.S_IMODE(link_file(home).stat().st_mode) == 0o600
    assert stat.S_IMODE(link_file(home).parent.stat().st_mode) & 0o022 == 0
    assert [path.name for path in link_file(home).parent.iterdir()] == ["last_authorize_url.txt"]
    file = str(link_file(home))
    assert handed.facts() == {
        "clipboard": False,
        "file": file,
        "linkFile": file,
        "notes": [link_delivery.NOT_IN_CLIPBOARD],
    }
    assert file in handed.advice()


def test_two_links_that_are_open_at_once_have_a_file_each(home: Path) -> None:
    """The first one is not lost with the second, whose file is also the newest one's."""
    first = link_delivery.deliver(LINK, {}, authorization_id="id-1")
    second = link_delivery.deliver(ADS_LINK, {}, authorization_id="id_2")
    assert link_file(home).read_text() == ADS_LINK
    for handed, link in ((first, LINK), (second, ADS_LINK)):
        own = Path(handed.facts()["linkFile"])
        assert own.read_text() == link
        assert own.stat().st_mode & 0o077 == 0
        assert str(own) in handed.advice()
        assert handed.facts()["file"] == str(link_file(home))


@pytest.mark.parametrize("number", ["../../.bashrc", "a/b", "", None, 7, "x" * 101])
def test_an_id_that_is_no_file_name_gets_no_file_of_its_own(home: Path, number: object) -> None:
    """It came over the network."""
    handed = link_delivery.deliver(LINK, {}, authorization_id=number)
    assert handed.facts()["linkFile"] == str(link_file(home))
    assert [path.name for path in link_file(home).parent.iterdir()] == ["last_authorize_url.txt"]


def test_the_files_of_links_that_are_over_are_removed(home: Path) -> None:
    """An hour after, with the next link; nothing else in the folder is touched."""
    old = link_delivery.deliver(LINK, {}, authorization_id="old").own_file
    assert old is not None
    other = old.with_name("authorize_notes.txt")
    other.write_text("mine")
    written = old.stat().st_mtime
    link_delivery.deliver(LINK, {}, authorization_id="new", now=written + 1800)
    assert old.exists()
    link_delivery.deliver(LINK, {}, authorization_id="newer", now=written + 7200)
    assert not old.exists()
    assert other.exists()


def test_the_browser_of_the_store_is_named_before_an_incognito_window(home: Path) -> None:
    """Stores of different owners that are opened in one browser can be connected by Amazon."""
    for advice in (
        link_delivery.deliver(LINK, {}).advice(),
        link_delivery.LinkDelivery(False, None).advice(),
        link_delivery.LinkDelivery(True, None).advice(),
    ):
        assert 0 < advice.index("normally run (such as Ziniao/紫鸟)") < advice.index("incognito window")


def test_a_link_that_is_not_in_the_clipboard_is_said_not_to_be(home: Path) -> None:
    """With what to do where the person sits elsewhere; in the clipboard it needs no word."""
    (note,) = link_delivery.LinkDelivery(False, link_file(home)).facts()["notes"]
    assert "[Open Amazon](authorizeUrl)" in note
    assert "--open" in note
    handed = link_delivery.LinkDelivery(True, link_file(home))
    assert "notes" not in handed.facts()
    assert "clipboard (Ctrl+V)" in handed.advice()


def test_a_link_in_the_place_of_the_file_is_not_followed(home: Path, tmp_path: Path) -> None:
    """Somebody's precious file behind a symbolic link stays as it is."""
    precious = tmp_path / "precious"
    precious.write_text("precious")
    link_file(home).parent.mkdir(parents=True, mode=0o700)
    link_file(home).symlink_to(precious)
    assert link_delivery.deliver(LINK, {}).file == link_file(home)
    assert precious.read_text() == "precious"
    assert not link_file(home).is_symlink()
    assert link_file(home).read_text() == LINK


@pytest.mark.parametrize("trouble", ["a file in the way", "a folder that others can write", "no home"])
def test_without_a_place_for_the_file_the_command_goes_on(
    home: Path, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The notes say why there is no file, and the advice names another way."""
    if trouble == "a file in the way":
        (home / ".cache").write_text("not a folder")
    elif trouble == "no home":
        monkeypatch.setattr(Path, "home", lambda: (_ for _ in ()).throw(RuntimeError("no home")))
    else:
        link_file(home).parent.mkdir(parents=True)
        link_file(home).parent.chmod(0o777)
    handed = link_delivery.deliver(LINK, {})
    assert handed.file is None
    assert len(handed.facts()["notes"]) == 1
    assert "document" in handed.advice()


def test_a_full_disk_leaves_the_old_link_and_no_rest(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file changes whole or not at all."""
    link_delivery.deliver(ADS_LINK, {})

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert "No space left" in link_delivery.deliver(LINK, {}).facts()["notes"][0]
    assert link_file(home).read_text() == ADS_LINK
    assert len(list(link_file(home).parent.iterdir())) == 1


# The clipboard


@pytest.mark.skipif(sys.platform != "linux", reason="the fake clipboard program is a Linux one")
def test_the_clipboard_gets_the_link_and_nothing_on_a_command_line(home: Path, tmp_path: Path) -> None:
    """The text goes through a pipe: `ps` shows none of it."""
    fake_program(tmp_path / "bin", "xclip", f'echo "$@" > {tmp_path}/words; cat > {tmp_path}/copied')
    environ = {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "DISPLAY": ":9"}
    handed = link_delivery.deliver(LINK, environ, timeout=30)
    assert handed.clipboard is True
    assert (tmp_path / "copied").read_text() == LINK
    assert "amazon" not in (tmp_path / "words").read_text()
    assert "clipboard" in handed.advice()


@pytest.mark.skipif(sys.platform != "linux", reason="the fake clipboard program is a Linux one")
def test_a_clipboard_program_that_hangs_is_given_up_with_all_it_started(tmp_path: Path) -> None:
    """One like xclip without a display can wait for ever; afterwards nothing of it is left running."""
    fake_program(tmp_path / "bin", "xclip", f"echo $$ > {tmp_path}/pid; sleep 600")
    environ = {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "DISPLAY": ":9"}
    assert clipboard.copy(LINK, environ, timeout=1.0) is False
    if (tmp_path / "pid").exists() and (tmp_path / "pid").read_text():
        until(lambda: has_ended(int((tmp_path / "pid").read_text())), "the hanging program was ended")


def has_ended(pid: int) -> bool:
    """True for a process that is over, be it that nobody has asked for its exit code."""
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z"


def test_without_a_desktop_there_is_no_clipboard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is started to find out; Windows and macOS always have one, WSL has Windows'."""
    monkeypatch.setattr(clipboard.platform, "release", lambda: "6.1.0-generic")
    monkeypatch.setattr(clipboard.sys, "platform", "linux")
    assert clipboard.may_have_clipboard({}) is False
    assert clipboard.may_have_clipboard({"DISPLAY": ":0"}) is True
    assert clipboard.may_have_clipboard({"WAYLAND_DISPLAY": "wayland-0"}) is True
    monkeypatch.setattr(clipboard.platform, "release", lambda: "5.15.0-microsoft-standard-WSL2")
    assert clipboard.may_have_clipboard({}) is True
    for system in ("win32", "darwin"):
        monkeypatch.setattr(clipboard.sys, "platform", system)
        assert clipboard.may_have_clipboard({}) is True


# The browser


def test_only_amazon_and_the_sandbox_are_opened(tmp_path: Path) -> None:
    """A gateway that sends people elsewhere does not get to open a page here."""
    browser = fake_program(tmp_path, "browser", f'echo "$@" >> {tmp_path}/opened; echo noise')
    environ = {"PATH": "/usr/bin:/bin", "BROWSER": str(browser)}
    assert link_delivery.open_in_browser("https://partner.example.com/", environ, sandbox=True) is False
    assert link_delivery.open_in_browser(SANDBOX_LINK, environ, sandbox=False) is False
    assert link_delivery.open_in_browser(LINK, environ, sandbox=False) is True
    assert link_delivery.open_in_browser(SANDBOX_LINK, environ, sandbox=True) is True
    # On a busy machine a browser may still be about to begin when it is taken for one that stays.
    opened = tmp_path / "opened"
    until(lambda: opened.exists() and len(opened.read_text().split()) == 2, "both links were opened")
    assert sorted(opened.read_text().split()) == sorted([LINK, SANDBOX_LINK])


def test_without_a_desktop_no_browser_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """A text browser would take over the terminal."""
    monkeypatch.setattr(link_delivery.sys, "platform", "linux")
    assert link_delivery.open_in_browser(LINK, {"PATH": "/usr/bin:/bin"}, sandbox=False) is False

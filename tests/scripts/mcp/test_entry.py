"""The host's entry: put in and taken out of files as people have them, in which nothing else changes."""

import json
import re
import stat
import tomllib
from pathlib import Path
from typing import Any

import install_skill
import pytest
from linkfox_client.cli.arguments import Arguments
from linkfox_client.commands import install
from linkfox_client.errors import ClientError
from linkfox_client.paths import BUNDLE as BUNDLE_HERE
from linkfox_client.skill import entry_files, mcp_hosts
from linkfox_client.skill.mcp_hosts import HOSTS, NAME

BUNDLE = Path("/opt/my skills/技能")
WANTED = mcp_hosts.entry(BUNDLE, may_write=False)
WINDOWS = {
    "command": "C:\\Users\\王 Wang\\skill\\.venv\\Scripts\\python.exe",
    "args": ['C:\\a "b"\\mcp_server.py'],
}

JSON_FILES = {
    "nothing": "",
    "blanks": "\n \n",
    "an empty object": "{}",
    "an empty object with blanks": "{\n}\n",
    "no servers": '{\n  "theme": "dark"\n}\n',
    "no servers, on one line": '{"theme": "dark"}',
    "empty servers": '{"mcpServers": {}}',
    "empty servers on lines": '{\n    "mcpServers": {},\n    "theme": "dark"\n}',
    "empty servers with blanks": '{\n  "mcpServers": {\n  }\n}\n',
    "empty servers with a comment": '{\n  "mcpServers": {\n    // none yet\n  }\n}\n',
    "another server": '{\n  "mcpServers": {\n    "other": {\n      "command": "npx"\n    }\n  }\n}\n',
    "another server, tabs": '{\n\t"mcpServers": {\n\t\t"other": {"command": "npx"}\n\t}\n}\n',
    "another server, minified": '{"mcpServers":{"other":{"command":"npx"}},"a":[1,2.5e3,null,true]}',
    "Windows' line ends": '\ufeff{\r\n  "mcpServers": {\r\n    "其他": {"a": "npx"}\r\n  }\r\n}\r\n',
    "comments and final commas": (
        '// my servers\n{\n  "mcpServers": {\n    "other": {"command": "npx",}, // keep "this", please\n'
        '    /* "linkfox-amazon-auth": {} */\n  }, // end\n  "x": "a // b",\n}\n'
    ),
    "a comment after the last": '{\n  "mcpServers": {\n    "other": {} // keep\n  }\n}\n',
    "escapes": '{"mcpServers": {"a\\"}{": {"x": "\\u5e97 \\\\"}}, "n": 9007199254740993, "d": {"a": {}}}',
}
TOML_FILES = {
    "nothing": "",
    "blanks": "\n\n",
    "no servers": 'model = "x"  # the best\n',
    "no final line end": 'model = "x"',
    "another server": '# mine\n[mcp_servers.other]\ncommand = "npx"\nargs = [\n  "a", # one\n  "[x]",\n]\n',
    "a table after": '[mcp_servers.other]\ncommand = "npx"\n\n# next\n[tui]\nnotifications = true\n',
    "Windows' line ends": '[mcp_servers."其他"]\r\ncommand = "npx"\r\n',
    "dotted keys": 'mcp_servers.other.command = "npx"\n',
    "a text that looks like it": 'note = """\n[mcp_servers.linkfox-amazon-auth]\ncommand = "x"\n"""\n',
    "lists of tables": "[[a]]\nb = 1\n[[a]]\nb = 2021-01-01T00:00:00Z\n",
}
FILES = [
    *(pytest.param("cursor", text, id=f"json: {what}") for what, text in JSON_FILES.items()),
    *(pytest.param("codex", text, id=f"toml: {what}") for what, text in TOML_FILES.items()),
]


def edited(path: Path, host: str, wanted: dict[str, Any] | None) -> str | None:
    """Change a host's file and return its text; None where it is gone."""
    mcp_hosts.change(path, HOSTS[host], wanted, dry_run=False)
    return path.read_bytes().decode() if path.exists() else None


@pytest.mark.parametrize("entry", [WANTED, WINDOWS], ids=["here", "Windows"])
@pytest.mark.parametrize(("host", "text"), FILES)
def test_what_is_put_in_comes_out_byte_for_byte(
    tmp_path: Path, host: str, text: str, entry: dict[str, Any]
) -> None:
    """With every file that was there; twice is as good as once."""
    path = tmp_path / "file"
    path.write_bytes(text.encode())
    changed = edited(path, host, entry)
    assert changed is not None
    form, parent = HOSTS[host].form, HOSTS[host].parent
    assert form.entry_in(changed, parent, NAME) == entry
    left = iter(changed)
    assert all(character in left for character in text), "something was added, and nothing else changed"
    assert edited(path, host, entry) == changed
    assert edited(path, host, None) == text
    assert edited(path, host, None) == text


@pytest.mark.parametrize("host", HOSTS)
def test_a_file_that_was_made_for_it_goes_with_it(tmp_path: Path, host: str) -> None:
    """With its folder made, readable by its owner alone."""
    path = tmp_path / "a new folder" / "file"
    changed = edited(path, host, WANTED)
    assert changed is not None
    read = tomllib.loads(changed) if host == "codex" else json.loads(changed)
    assert read == {HOSTS[host].parent: {NAME: WANTED}}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert edited(path, host, None) is None
    assert edited(path, host, None) is None


@pytest.mark.parametrize("what", ["no servers", "another server", "empty servers", "another server, tabs"])
def test_plain_json_stays_plain_json(tmp_path: Path, what: str) -> None:
    """For hosts that take no comments; everything else in it means what it meant."""
    path = tmp_path / "file"
    path.write_text(JSON_FILES[what])
    before = json.loads(JSON_FILES[what])
    after = json.loads(edited(path, "claude", WANTED) or "")
    before.setdefault("mcpServers", {})[NAME] = WANTED
    assert after == before


def test_what_the_host_or_the_user_added_stays(tmp_path: Path) -> None:
    """An entry is brought up to date where it is; what follows it is not touched when it goes."""
    path = tmp_path / "file"
    path.write_text('{"mcpServers": {"linkfox-amazon-auth": {"command": "old", "env": {"A": "b"}}, "x": {}}}')
    changed = json.loads(edited(path, "claude", WANTED) or "")
    assert changed["mcpServers"][NAME] == {**WANTED, "env": {"A": "b"}}
    assert edited(path, "claude", None) == '{"mcpServers": {"x": {}}}'

    start = '[mcp_servers.linkfox-amazon-auth]\ncommand = "old"\nenabled = true\n'
    below = '[mcp_servers.linkfox-amazon-auth.env]\nA = "b"\n'
    path.write_text(f"a = 1\n\n{start}{below}\n# the next\n[b]\nc = 1\n")
    changed = tomllib.loads(edited(path, "codex", WANTED) or "")
    assert changed["mcp_servers"][NAME] == {**WANTED, "enabled": True, "env": {"A": "b"}}
    assert edited(path, "codex", None) == "a = 1\n\n# the next\n[b]\nc = 1\n"


def test_a_file_that_the_host_wrote_anew_is_taken_as_it_is(tmp_path: Path) -> None:
    """The entry goes; that there were no servers before is not known any more."""
    path = tmp_path / "file"
    path.write_text('{"a": 1}')
    edited(path, "claude", WANTED)
    path.write_text(json.dumps(json.loads(path.read_text()), indent=2))
    assert json.loads(edited(path, "claude", None) or "") == {"a": 1, "mcpServers": {}}


@pytest.mark.parametrize(
    ("host", "content", "why"),
    [
        ("cursor", b'{"mcpServers": {"a": }}', "line 1 is no JSON"),
        ("cursor", b'{\n"mcpServers": {}\n', "no JSON"),
        ("cursor", b"[]", "no JSON object"),
        ("cursor", b"{} {}", "something follows"),
        ("cursor", b'{"mcpServers": []}', "mcpServers is no object"),
        ("cursor", b'{"mcpServers": {}, "mcpServers": {}}', "mcpServers twice"),
        ("cursor", '{"a": "店"}'.encode("utf-16"), "not UTF-8"),
        ("cursor", b"[" * 100_000, "nested too deeply"),
        ("codex", b"a = \n", "no TOML"),
        ("codex", b'mcp_servers = {other = {command = "x"}}\n', "another way"),
        ("codex", b'mcp_servers.linkfox-amazon-auth.command = "x"\n', "another way"),
    ],
)
def test_what_cannot_be_edited_safely_is_left_alone(
    tmp_path: Path, host: str, content: bytes, why: str
) -> None:
    """In words, with what to write by hand."""
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(ClientError) as caught:
        edited(path, host, WANTED)
    assert why in caught.value.message
    assert str(path) in caught.value.message
    assert "mcp_server.py" in caught.value.hint
    assert path.read_bytes() == content
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("text", ["{}", None], ids=["to change", "to remove"])
def test_what_another_program_wrote_meanwhile_stays(tmp_path: Path, text: str | None) -> None:
    """Whether the file was to be changed or to go."""
    path = tmp_path / "file"
    path.write_text('{"another": "server"}')
    with pytest.raises(entry_files.Unreadable, match="another program is changing it"):
        entry_files.replace(path, "what was read", text)
    assert path.read_text() == '{"another": "server"}'
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_a_link_stays_a_link_and_a_mode_a_mode(tmp_path: Path) -> None:
    """Such files are often kept in a folder of dotfiles, and may hold others' keys."""
    kept = tmp_path / "dotfiles.json"
    kept.write_text("{}")
    kept.chmod(0o640)
    path = tmp_path / "mcp.json"
    path.symlink_to(kept)
    edited(path, "cursor", WANTED)
    assert path.is_symlink()
    assert NAME in kept.read_text()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o640


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """With the entry to write by hand."""
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(ClientError) as caught:
        edited(tmp_path / "file" / "mcp.json", "cursor", WANTED)
    assert "cannot be changed" in caught.value.message
    assert "mcp_server.py" in caught.value.hint


@pytest.mark.parametrize(
    ("host", "variables", "file"),
    [
        ("claude", {}, ".claude.json"),
        ("claude", {"CLAUDE_CONFIG_DIR": "/elsewhere"}, "/elsewhere/.claude.json"),
        ("cursor", {}, ".cursor/mcp.json"),
        ("codex", {}, ".codex/config.toml"),
        ("codex", {"CODEX_HOME": "/elsewhere"}, "/elsewhere/config.toml"),
    ],
)
def test_where_a_host_keeps_its_servers(host: str, variables: dict[str, str], file: str) -> None:
    """As their documents say."""
    home = Path("/home/me")
    assert HOSTS[host].file(variables, home) == home / file


@pytest.mark.parametrize(
    ("platform", "file"),
    [
        ("darwin", "Library/Application Support/Claude/claude_desktop_config.json"),
        ("win32", "AppData/Roaming/Claude/claude_desktop_config.json"),
        ("linux", ".config/Claude/claude_desktop_config.json"),
    ],
)
def test_where_claude_desktop_keeps_its_servers(
    monkeypatch: pytest.MonkeyPatch, platform: str, file: str
) -> None:
    """It is another program than Claude Code."""
    monkeypatch.setattr(mcp_hosts.sys, "platform", platform)
    home = Path("/home/me")
    assert HOSTS["claude-desktop"].file({}, home) == home / file


@pytest.fixture
def installing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run install_skill.py in this process and an empty home, with the packages as good as installed."""
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    made: list[Path] = []
    monkeypatch.setattr(mcp_hosts, "ensure_packages", made.append)
    for name in ("LINKFOX_TOOL_GATEWAY", "LINKFOX_AGENT_API_KEY", "CODEX_HOME", "CLAUDE_CONFIG_DIR"):
        monkeypatch.delenv(name, raising=False)

    def call(*words: str) -> dict[str, Any]:
        arguments = Arguments()
        install_skill.declare(arguments)
        return install.install(arguments.parse(words))

    call.made = made  # type: ignore[attr-defined]
    return call


@pytest.mark.parametrize("host", HOSTS)
def test_one_command_lets_a_host_start_the_server(installing: Any, tmp_path: Path, host: str) -> None:
    """Packages first, then the entry; twice changes nothing, and --remove takes it out."""
    told = installing("--mcp", host)
    assert installing.made == [BUNDLE_HERE]
    assert told["mcp"]["changed"] is True
    assert told["mcp"]["entry"] == mcp_hosts.entry(BUNDLE_HERE, may_write=False)
    assert any(note.startswith(f"Restart {HOSTS[host].title}") for note in told["notes"])
    path = Path(told["mcp"]["file"])
    assert path.is_relative_to(tmp_path)
    assert Path(told["mcp"]["entry"]["args"][0]).is_file()
    again = installing("--mcp", host)
    assert (again["mcp"]["changed"], again.get("notes")) == (False, None)
    assert installing("--mcp", host, "--write")["mcp"]["entry"]["args"][1:] == ["--write"]
    assert installing("--mcp", host, "--remove")["mcp"]["changed"] is True
    assert not path.exists()


def test_a_dry_run_installs_and_writes_nothing(installing: Any, tmp_path: Path) -> None:
    """It tells what would be done."""
    told = installing("--mcp", "cursor", "--dry-run")
    assert told["mcp"]["changed"] is True
    assert installing.made == []
    assert list(tmp_path.iterdir()) == []


def test_the_host_starts_the_copy_that_was_installed(installing: Any, tmp_path: Path) -> None:
    """With --into as well; what is left to be done is done."""
    told = installing("--into", "cursor", "--mcp", "cursor")
    copy = tmp_path / ".cursor" / "skills" / NAME
    assert installing.made == [copy]
    assert Path(told["mcp"]["entry"]["args"][0]) == copy / "scripts" / "mcp_server.py"
    assert Path(told["mcp"]["entry"]["args"][0]).is_file()
    assert "next" not in told


def test_settings_of_this_shell_alone_are_told(installing: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host may start the server without them; their values are not written anywhere."""
    monkeypatch.setenv("LINKFOX_AGENT_API_KEY", "a-key-of-the-tests-0123456789")
    told = installing("--mcp", "codex")
    assert "LINKFOX_AGENT_API_KEY may not be set" in " ".join(told["notes"])
    assert "a-key-of" not in json.dumps(told) + Path(told["mcp"]["file"]).read_text()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "Missing: --into or --mcp"),
        (("--mcp", "emacs"), "one of claude, claude-desktop, cursor, codex"),
        (("--into", "cursor", "--write"), "--write is only for use with --mcp"),
        (("--mcp", "cursor", "--with-gateway"), "--with-gateway is only for use with --into"),
        (("--mcp", "cursor", "--remove", "--write"), "do not go together"),
    ],
)
def test_what_goes_together(installing: Any, words: tuple[str, ...], says: str) -> None:
    """Said before anything is done."""
    with pytest.raises(ClientError, match=re.escape(says)):
        installing(*words)

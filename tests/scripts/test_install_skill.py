"""install_skill.py installs, updates and removes what is its own, and touches nothing else."""

import json
import os
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from linkfox_client.commands import install
from linkfox_client.errors import ClientError
from linkfox_client.paths import BUNDLE
from linkfox_client.skill import installation, packaging
from linkfox_client.venv import RECORD

from tests.scripts.conftest import Run
from tests.support.house import Finished

NAME = "linkfox-amazon-auth"
STORE_ALIAS, ADS_ALIAS = "linkfox-amazon-store-auth", "linkfox-amazon-ads-auth"


def good(done: Finished) -> dict[str, Any]:
    """The document of a run that has to succeed."""
    assert done.code == 0, done.stdout
    return done.document


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its content."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A small skill to install, for tests in this process."""
    bundle = tmp_path / "bundle"
    (bundle / "scripts").mkdir(parents=True)
    (bundle / "SKILL.md").write_text('---\nmetadata:\n  version: "1.2.3"\n---\n', encoding="utf-8")
    (bundle / "LICENSE").write_text("MIT", encoding="utf-8")
    for name in ("a.py", "b.py"):
        (bundle / "scripts" / name).write_text(f"# {name}\n", encoding="utf-8")
    return bundle


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder of skills whose name is not made for shells."""
    return tmp_path / "my skills 技能"


def do(root: Path, bundle: Path, **more: bool) -> dict[str, Any]:
    """Install, update or remove in this process."""
    switches = ("with_aliases", "with_gateway", "dry_run", "remove")
    options = {"into": str(root), "mcp": None} | dict.fromkeys(switches, False) | more
    return install.install(SimpleNamespace(**options), bundle)


@pytest.mark.parametrize("host", ["claude", "cursor", "openclaw"])
def test_each_host_has_its_folder(run: Run, tmp_path: Path, host: str) -> None:
    """The skill is installed under its own name, in any spelling of the host's."""
    document = good(run("install_skill.py", "--into", host.upper()))
    assert document["into"] == str(tmp_path / f".{host}" / "skills")
    installed = tree(tmp_path / f".{host}" / "skills" / NAME)
    assert installed["SKILL.md"] == (BUNDLE / "SKILL.md").read_bytes()
    assert {"scripts/login.py", "references/errors.json", "LICENSE"} <= installed.keys()
    assert "quickstart.py --setup-only" in document["next"]


def test_only_what_the_skill_needs_is_installed(run: Run, root: Path) -> None:
    """No gateway, no stand-in, no tests, no environment, no settings, nothing compiled."""
    document = good(run("install_skill.py", "--into", str(root)))
    assert document["withGateway"] is False
    installed = tree(root / NAME)
    tops = {path.partition("/")[0] for path in installed}
    skill = {*packaging.FILES, *packaging.FOLDERS, installation.MANIFEST}
    assert tops == skill | {"gateway"}
    # What local_gateway.py takes is listed there, for a gateway that runs from elsewhere.
    assert [path for path in installed if path.startswith("gateway/")] == ["gateway/cli/commands.json"]
    assert len(installed) <= 160
    assert not list((root / NAME).rglob("*.pyc"))


def test_the_gateway_comes_where_it_is_wanted_and_stays(run: Run, root: Path) -> None:
    """`--with-gateway` brings what local_gateway.py and quickstart.py start; an update keeps it."""
    good(run("install_skill.py", "--into", str(root)))
    document = good(run("install_skill.py", "--into", str(root), "--with-gateway"))
    assert document["withGateway"] is True
    assert "quickstart.py --setup-only" in document["next"]
    whole = tree(root / NAME)
    for path in ("gateway/__main__.py", "amazon_sandbox/__main__.py", "requirements-gateway.txt"):
        assert path in whole
    assert "references/spapi-operations.json" in whole
    assert "scripts/linkfox_client/commands/quickstart.py" in whole
    document = good(run("install_skill.py", "--into", str(root)))
    assert document["withGateway"] is True
    assert document["installed"][0]["remove"] == []
    assert tree(root / NAME) == whole


def test_nothing_old_is_left_of_version_0_1_0(run: Run, root: Path) -> None:
    """All of its files that have moved go; its gateway is brought up to date, and the user's own stays."""
    folder = root / NAME
    paths = (Path(__file__).parent / "installed-0.1.0.txt").read_text(encoding="utf-8").split()
    files = {path: packaging.digest(f"0.1.0 of {path}".encode()) for path in paths}
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(f"0.1.0 of {path}", encoding="utf-8")
    manifest = {"files": {path: [digest] for path, digest in files.items()}}
    (folder / installation.MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    mine = {".env": "LINKFOX_AGENT_API_KEY=mine", "notes.txt": "mine", "scripts/mine.py": "# mine"}
    mine[f".venv/{RECORD}"] = "{}"
    for path, text in mine.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    document = good(run("install_skill.py", "--into", str(root)))
    assert document["withGateway"] is True
    assert document["installed"][0]["kept"] == []
    updated = tree(folder)
    assert {path: updated.pop(path).decode() for path in mine} == mine
    good(run("install_skill.py", "--into", str(root / "new"), "--with-gateway"))
    new = tree(root / "new" / NAME)
    assert updated.keys() == new.keys()
    assert {path for path in new if updated[path] != new[path]} == set()
    folders = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_dir()}
    fresh = {
        path.relative_to(root / "new" / NAME).as_posix()
        for path in (root / "new" / NAME).rglob("*")
        if path.is_dir()
    }
    assert folders - {".venv"} == fresh


def test_a_dry_run_changes_nothing_and_says_what_would_be_done(run: Run, root: Path) -> None:
    """Before an installation, an update and a removal."""
    document = good(run("install_skill.py", "--into", str(root), "--dry-run", "--with-aliases"))
    assert document["dryRun"] is True
    assert [Path(entry["folder"]).name for entry in document["installed"]] == [NAME, STORE_ALIAS, ADS_ALIAS]
    assert "SKILL.md" in document["installed"][0]["add"]
    assert not root.exists()
    good(run("install_skill.py", "--into", str(root)))
    before = tree(root)
    document = good(run("install_skill.py", "--into", str(root), "--dry-run", "--remove"))
    assert "SKILL.md" in document["removed"][0]["remove"]
    assert tree(root) == before


def test_the_document_stays_short(run: Run, root: Path) -> None:
    """However many files there are: agents' harnesses cut long output."""
    for words in ((), ("--remove",)):
        assert len(run("install_skill.py", "--into", str(root), "--with-aliases", *words).stdout) < 8_000


def test_an_update_replaces_what_is_its_own(bundle: Path, root: Path) -> None:
    """New files come, changed ones are replaced, gone ones are removed, with what Python made of them."""
    do(root, bundle)
    compiled = root / NAME / "scripts" / "__pycache__" / "b.cpython-311.pyc"
    compiled.parent.mkdir()
    compiled.write_bytes(b"x")
    (bundle / "scripts" / "a.py").write_text("# newer\n", encoding="utf-8")
    (bundle / "scripts" / "b.py").unlink()
    (bundle / "scripts" / "c.py").write_text("# c\n", encoding="utf-8")
    (entry,) = do(root, bundle)["installed"]
    assert (entry["add"], entry["replace"], entry["remove"]) == (
        ["scripts/c.py"],
        ["scripts/a.py"],
        ["scripts/b.py"],
    )
    assert (root / NAME / "scripts" / "a.py").read_text(encoding="utf-8") == "# newer\n"
    assert not compiled.parent.exists()
    (entry,) = do(root, bundle)["installed"]
    assert (entry["add"], entry["replace"], entry["remove"], entry["unchanged"]) == ([], [], [], 4)


def test_an_update_moves_what_has_moved(bundle: Path, root: Path) -> None:
    """A module that went into a folder, even one of its own name, leaves nothing of itself behind."""
    scripts = bundle / "scripts"
    (scripts / "old").mkdir()
    (scripts / "old" / "moved.py").write_text("# moved\n", encoding="utf-8")
    do(root, bundle)
    compiled = root / NAME / "scripts" / "old" / "__pycache__" / "moved.cpython-311.pyc"
    compiled.parent.mkdir()
    compiled.write_bytes(b"x")
    for former, later in (("old/moved.py", "new/moved.py"), ("b.py", "b/inner.py")):
        (scripts / later).parent.mkdir()
        (scripts / former).rename(scripts / later)
    (scripts / "old").rmdir()
    (entry,) = do(root, bundle)["installed"]
    assert entry["add"] == ["scripts/b/inner.py", "scripts/new/moved.py"]
    assert entry["remove"] == ["scripts/b.py", "scripts/old/moved.py"]
    installed = {
        path.relative_to(root / NAME / "scripts").as_posix() for path in (root / NAME / "scripts").rglob("*")
    }
    assert installed == {"a.py", "b", "b/inner.py", "new", "new/moved.py"}


def test_what_the_user_changed_or_added_stays(bundle: Path, root: Path) -> None:
    """In an update as in a removal; both say so, again and again."""
    do(root, bundle)
    folder = root / NAME
    (folder / "scripts" / "a.py").write_text("# mine\n", encoding="utf-8")
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    (folder / ".env").write_text("mine", encoding="utf-8")
    (folder / "scripts" / "c.py").write_text("# mine, too\n", encoding="utf-8")
    for name in ("a.py", "c.py"):
        (bundle / "scripts" / name).write_text("# newer\n", encoding="utf-8")
    for _ in range(2):
        document = do(root, bundle)
        assert document["installed"][0]["kept"] == ["scripts/a.py", "scripts/c.py"]
        assert document["notes"]
    document = do(root, bundle, remove=True)
    assert document["left"] == {str(folder): [".env", "notes.txt", "scripts"]}
    left = tree(folder)
    assert left == {
        ".env": b"mine",
        "notes.txt": b"mine",
        "scripts/a.py": b"# mine\n",
        "scripts/c.py": b"# mine, too\n",
    }


def test_a_removal_leaves_no_trace_of_its_own(bundle: Path, root: Path) -> None:
    """The folders that it made go, its neighbors stay, and doing it again is no failure."""
    other = root / "other-skill"
    other.mkdir(parents=True)
    (other / "SKILL.md").write_text("other", encoding="utf-8")
    do(root, bundle, with_aliases=True)
    assert len(do(root, bundle, remove=True)["removed"]) == 3
    assert [path.name for path in root.iterdir()] == ["other-skill"]
    assert do(root, bundle, remove=True)["removed"] == []


def test_the_environment_that_its_own_set_up_made_is_removed(bundle: Path, root: Path) -> None:
    """Told beforehand; and then nothing stands in the way of installing again."""
    do(root, bundle)
    environment = root / NAME / ".venv"
    (environment / "bin").mkdir(parents=True)
    (environment / RECORD).write_text("{}", encoding="utf-8")
    (entry,) = do(root, bundle)["installed"]
    assert (entry["remove"], environment.is_dir()) == ([], True)
    (entry,) = do(root, bundle, remove=True, dry_run=True)["removed"]
    assert (entry["remove"][-1], environment.is_dir()) == (".venv/", True)
    assert do(root, bundle, remove=True)["left"] == {}
    assert not (root / NAME).exists()
    assert do(root, bundle)["installed"][0]["add"]


@pytest.mark.parametrize(("system", "gets_along"), [("nt", True), ("posix", False)])
def test_windows_keeps_the_environment_that_is_in_use(
    bundle: Path, root: Path, monkeypatch: pytest.MonkeyPatch, system: str, gets_along: bool
) -> None:
    """There what could not be removed is told as left; elsewhere it is a failure, with the way to go on."""
    do(root, bundle)
    environment = root / NAME / ".venv"
    environment.mkdir()
    (environment / RECORD).write_text("{}", encoding="utf-8")

    def in_use(path: Path, ignore_errors: bool) -> None:
        if not ignore_errors:
            raise PermissionError(13, "Access is denied", str(path))

    monkeypatch.setattr(installation, "os", SimpleNamespace(name=system, path=os.path))
    monkeypatch.setattr(installation.shutil, "rmtree", in_use)
    if gets_along:
        assert do(root, bundle, remove=True)["left"] == {str(root / NAME): [".venv"]}
    else:
        with pytest.raises(ClientError, match="Access is denied"):
            do(root, bundle, remove=True)


@pytest.mark.parametrize("how", ["without the note", "a link"])
def test_an_environment_of_the_users_own_is_left(bundle: Path, root: Path, how: str) -> None:
    """One that something else made, or that lies elsewhere."""
    do(root, bundle)
    environment = root / NAME / ".venv"
    if how == "a link":
        (root / "mine").mkdir()
        (root / "mine" / RECORD).write_text("{}", encoding="utf-8")
        environment.symlink_to(root / "mine")
    else:
        environment.mkdir()
    assert do(root, bundle, remove=True)["left"] == {str(root / NAME): [".venv"]}
    assert environment.is_dir()


def test_aliases_are_kept_up_to_date_once_they_are_there(bundle: Path, root: Path) -> None:
    """An update without the flag brings them along."""
    assert len(do(root, bundle)["installed"]) == 1
    do(root, bundle, with_aliases=True)
    page = (bundle / "SKILL.md").read_text(encoding="utf-8").replace("1.2.3", "1.3.0")
    (bundle / "SKILL.md").write_text(page, encoding="utf-8")
    do(root, bundle)
    for name in packaging.ALIASES:
        assert 'version: "1.3.0"' in (root / name / "SKILL.md").read_text(encoding="utf-8")


def test_an_interrupted_installation_is_done_again(
    bundle: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At every step at which it could have been stopped, in a first installation and in an update."""
    write, remove = installation._write, installation._remove

    class Killed(BaseException):
        """The process ended here."""

    def stop_at(step: int) -> None:
        done = 0

        def until(action: Any) -> Any:
            def call(*arguments: Any) -> None:
                nonlocal done
                if done == step:
                    raise Killed
                done += 1
                action(*arguments)

            return call

        monkeypatch.setattr(installation, "_write", until(write))
        monkeypatch.setattr(installation, "_remove", until(remove))

    versions = [{"a.py": "1", "b.py": "1"}, {"a.py": "2", "c.py": "1"}]
    steps = 0
    for version in versions:
        shutil.rmtree(bundle / "scripts")
        (bundle / "scripts").mkdir()
        for name, text in version.items():
            (bundle / "scripts" / name).write_text(text, encoding="utf-8")
        for step in range(20):
            stop_at(step)
            try:
                do(root, bundle)
            except Killed:
                steps += 1
                continue
            break
        assert {path.name: path.read_text() for path in (root / NAME / "scripts").iterdir()} == version
    monkeypatch.undo()
    assert steps >= 8
    assert do(root, bundle, remove=True)["left"] == {}
    assert not (root / NAME).exists()


def test_a_draft_of_the_manifest_does_not_stand_in_the_way(bundle: Path, root: Path) -> None:
    """What a run left that was killed while it wrote its first file."""
    (root / NAME).mkdir(parents=True)
    (root / NAME / f".{installation.MANIFEST}.new").write_text('{"fil', encoding="utf-8")
    do(root, bundle)
    assert f".{installation.MANIFEST}.new" not in tree(root / NAME)


def occupy(folder: Path, how: str) -> None:
    """Put something in the way of an installation."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    if how == "file":
        folder.write_text("mine", encoding="utf-8")
    elif how == "link":
        (folder.parent / "real").mkdir()
        folder.symlink_to(folder.parent / "real")
    else:
        folder.mkdir()
        text = {"skill": "mine", "broken manifest": "{", "odd manifest": '{"files": {"../x": []}, "b": 1}'}[
            how
        ]
        name = "SKILL.md" if how == "skill" else installation.MANIFEST
        (folder / name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize("name", [NAME, ADS_ALIAS])
@pytest.mark.parametrize("how", ["skill", "file", "link", "broken manifest"])
def test_what_it_did_not_make_is_left_alone(bundle: Path, root: Path, name: str, how: str) -> None:
    """Nothing at all is installed then, not even the others of the three."""
    occupy(root / name, how)
    before = sorted(str(path) for path in root.rglob("*"))
    with pytest.raises(ClientError, match="left alone") as caught:
        do(root, bundle, with_aliases=True)
    assert caught.value.code == "bad_arguments"
    assert sorted(str(path) for path in root.rglob("*")) == before


def test_a_manifest_cannot_lead_out_of_the_folder(bundle: Path, root: Path) -> None:
    """Neither by its paths nor by links that were put in place of folders."""
    victim = root.parent / "victim"
    victim.mkdir()
    (victim / "a.py").write_text("# a.py\n", encoding="utf-8")
    do(root, bundle)
    folder = root / NAME
    shutil.rmtree(folder / "scripts")
    (folder / "scripts").symlink_to(victim)
    manifest = json.loads((folder / installation.MANIFEST).read_text(encoding="utf-8"))
    known = [packaging.digest((victim / "a.py").read_bytes())]
    manifest["files"] |= {"../../victim/a.py": known, str(victim / "a.py"): known}
    (folder / installation.MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    assert do(root, bundle)["installed"][0]["kept"] == ["scripts/a.py", "scripts/b.py"]
    do(root, bundle, remove=True)
    assert tree(victim) == {"a.py": b"# a.py\n"}


def test_it_is_not_installed_into_itself(run: Run, tmp_path: Path) -> None:
    """Neither over its own copy, nor below it, nor around it; a link changes nothing about that."""
    inside = BUNDLE / "skills-of-a-test"
    link = tmp_path / "link"
    link.symlink_to(BUNDLE)
    for into in (inside, link / "skills-of-a-test"):
        done = run("install_skill.py", "--into", str(into))
        assert (done.code, done.error["code"]) == (2, "bad_arguments")
    assert not inside.exists()
    good(run("install_skill.py", "--into", str(tmp_path / "s")))
    own = tmp_path / "s" / NAME / "scripts" / "install_skill.py"
    with pytest.raises(ClientError, match="itself"):
        do(tmp_path / "s", own.parents[1])


def test_a_place_that_cannot_be_written_is_told(bundle: Path, tmp_path: Path) -> None:
    """With the way to go on."""
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(ClientError) as caught:
        do(tmp_path / "file" / "skills", bundle)
    assert caught.value.code == "not_set_up"


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--into", ""),
        ("--into", "a\nb"),
        ("--into", "skills/linkfox-amazon-auth"),
        ("--into", "claude", "--force"),
        ('{"into": 5}',),
        ('{"into": "claude", "remove": "yes"}',),
    ],
)
def test_wrong_arguments_end_with_2(run: Run, tmp_path: Path, words: tuple[str, ...]) -> None:
    """Nothing is made."""
    done = run("install_skill.py", *words)
    assert (done.code, done.error["code"]) == (2, "bad_arguments")
    assert os.listdir(tmp_path) == []  # noqa: PTH208

"""An installed copy of the skill, away from its clone and without the gateway: what works, what it says."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from linkfox_client.paths import BUNDLE, MANIFEST
from linkfox_client.skill import packaging

from tests.scripts.conftest import Run
from tests.support.house import PATIENCE, Finished, House, clean_environment, open_house

NAME = packaging.NAME


@pytest.fixture(scope="module")
def light(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The skill installed without the gateway, in a place whose name is not made for shells."""
    home = tmp_path_factory.mktemp("light")
    root = home / "my skills 技能"
    run_at(
        BUNDLE / "scripts" / "install_skill.py", "--into", str(root), environment=clean_environment(home)
    ).good()
    return root / NAME


def run_at(script: Path, *words: str, environment: Mapping[str, str], flags: Sequence[str] = ()) -> Finished:
    """Run a script of any copy of the skill, in an interpreter of its own with these flags."""
    done = subprocess.run(
        [sys.executable, *flags, str(script), *words],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
    )
    return Finished(script.name, done.returncode, done.stdout, done.stderr)


def test_installed_away_from_its_clone_it_works(light: Path, house: House) -> None:
    """The first call works where the Python has the packages."""
    run_at(light / "scripts" / "authorized_stores.py", environment=house.environment).good()


def test_installed_without_packages_it_names_the_one_command(light: Path, tmp_path: Path) -> None:
    """And that command has what it needs in the installed copy."""
    environment = clean_environment(tmp_path, LINKFOX_AGENT_API_KEY="key", HTTPS_PROXY="http://127.0.0.1:9")
    done = run_at(light / "scripts" / "authorized_stores.py", environment=environment, flags=["-S"])
    assert (done.code, done.error["code"]) == (3, "not_set_up")
    assert "python3 scripts/quickstart.py --setup-only" in done.error["hint"]
    for name in ("scripts/quickstart.py", "requirements.txt"):
        assert (light / name).is_file()


def test_an_installed_copy_can_remove_itself(run: Run, tmp_path: Path) -> None:
    """The clone may be long gone."""
    root = tmp_path / "skills"
    run("install_skill.py", "--into", str(root)).good()
    script = root / NAME / "scripts" / "install_skill.py"
    run_at(script, "--into", str(root), "--remove", environment=clean_environment(tmp_path)).good()
    assert list(root.iterdir()) == []


def test_each_module_of_the_installed_skill_can_be_imported(light: Path) -> None:
    """None of them needs one that comes with the gateway only."""
    scripts = light / "scripts"
    modules = [
        ".".join(path.relative_to(scripts).with_suffix("").parts)
        for path in sorted((scripts / "linkfox_client").rglob("*.py"))
        if path.name != "__init__.py"
    ]
    assert len(modules) > 50
    done = subprocess.run(
        [sys.executable, "-c", f"import importlib\nfor name in {modules}: importlib.import_module(name)"],
        cwd=scripts,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-1000:]


def test_it_holds_each_data_file_that_its_scripts_read(light: Path) -> None:
    """It lacks none, and carries none that only a gateway reads."""
    sources = [path for path in (light / "scripts").rglob("*.py") if path.name != "packaging.py"]
    text = "".join(path.read_text(encoding="utf-8") for path in sources)
    for path in (BUNDLE / "references").glob("*.json"):
        assert (light / "references" / path.name).is_file() == (f'"{path.name}"' in text), path.name


@pytest.mark.parametrize(
    "words",
    [
        ("local_gateway.py", "start", "--sandbox"),
        ("local_gateway.py", "serve"),
        ("local_gateway.py", "add-user", "anna", "--key-file", "key.txt"),
        ("local_gateway.py", "backup", "copy.db"),
        ("quickstart.py",),
        ("quickstart.py", "--keep"),
    ],
)
def test_what_needs_the_gateway_says_how_to_get_it(
    light: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """In one line, with a command that does it."""
    done = run_at(light / "scripts" / words[0], *words[1:], environment=clean_environment(tmp_path))
    assert (done.code, done.error["code"]) == (3, "not_set_up"), done.stdout
    assert done.error["message"] == "This copy of the skill comes without a gateway"
    command = re.findall(r"`(python3 [^`]*--with-gateway)`", done.error["hint"])
    assert command, done.error["hint"]
    assert shlex.split(command[0]) == [
        "python3",
        str(BUNDLE / "scripts" / "install_skill.py"),
        "--into",
        str(light.parent),
        "--with-gateway",
    ]


def test_without_its_clone_it_names_what_a_clone_can_do(light: Path, tmp_path: Path) -> None:
    """The clone from which it was installed may be gone."""
    manifest = json.loads((light / MANIFEST).read_text(encoding="utf-8"))
    moved = tmp_path / "moved"
    shutil.copytree(light, moved / NAME)
    manifest["from"] = str(tmp_path / "gone")
    (moved / NAME / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    done = run_at(
        moved / NAME / "scripts" / "local_gateway.py", "start", environment=clean_environment(tmp_path)
    )
    assert done.error["code"] == "not_set_up"
    assert "a copy of the whole project" in done.error["hint"]
    assert "`python3 scripts/local_gateway.py start`" in done.error["hint"]
    assert "gone" not in done.stdout


def test_without_the_gateway_status_and_help_work(light: Path, tmp_path: Path) -> None:
    """They look, and start nothing."""
    done = run_at(light / "scripts" / "local_gateway.py", "status", environment=clean_environment(tmp_path))
    assert (done.code, done.document["running"]) == (0, False)
    for words in (("local_gateway.py",), ("local_gateway.py", "backup"), ("quickstart.py",)):
        assert (
            run_at(
                light / "scripts" / words[0], *words[1:], "--help", environment=clean_environment(tmp_path)
            ).code
            == 0
        )


def test_the_doctor_of_a_copy_without_the_gateway_is_content(light: Path, tmp_path: Path) -> None:
    """A vault that it has no program for is one that it cannot look at, which is no failure."""
    data_dir = tmp_path / "data"
    data_dir.mkdir(mode=0o700)
    (data_dir / "serve.json").write_text('{"program": ["python3", "gateway/__main__.py"]}', encoding="utf-8")
    done = run_at(
        light / "scripts" / "doctor.py",
        "--offline",
        environment=clean_environment(tmp_path, GATEWAY_DATA_DIR=str(data_dir)),
    )
    (vault,) = [check for check in done.document["checks"] if check["name"] == "vault"]
    assert vault["state"] == "warning"
    assert "--with-gateway" in vault["remedy"]


def test_it_starts_the_gateway_that_was_started_here_before(light: Path, tmp_path: Path) -> None:
    """One that ran from a clone is started again from there, by whatever copy of the skill needs it."""
    with open_house(tmp_path) as house:
        house.stop()
    operating = light / "scripts" / "local_gateway.py"
    try:
        script = light / "scripts" / "authorized_stores.py"
        assert run_at(script, environment=house.environment).good()["sandbox"] is True
        listed = run_at(operating, "list-keys", environment=house.environment).good()
        assert [key["user"] for key in listed["keys"]] == ["owner"]
    finally:
        run_at(operating, "stop", environment=house.environment).good()


def test_a_copy_without_the_gateway_cannot_bring_it(run: Run, light: Path, tmp_path: Path) -> None:
    """Neither anew nor to an installation that has it, which stays as it is; the words name what can."""
    own = light / "scripts" / "install_skill.py"
    other = tmp_path / "other"
    done = run_at(own, "--into", str(other), "--with-gateway", environment=clean_environment(tmp_path))
    assert (done.code, done.error["code"]) == (3, "not_set_up")
    named = f"{shlex.quote(str(BUNDLE / 'scripts' / 'install_skill.py'))} --into {other} --with-gateway"
    assert f"`python3 {named}`" in done.error["hint"]
    assert not other.exists()
    run("install_skill.py", "--into", str(other), "--with-gateway").good()
    before = sorted(str(path) for path in other.rglob("*"))
    done = run_at(own, "--into", str(other), environment=clean_environment(tmp_path))
    assert (done.code, done.error["code"]) == (3, "not_set_up")
    assert "--remove" in done.error["hint"]
    assert sorted(str(path) for path in other.rglob("*")) == before

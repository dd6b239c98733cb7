"""What a newcomer runs first: quickstart.py, as a process, in this checkout."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.house import ROOT, SCRIPTS, clean_environment

WHOLE_TOKEN = re.compile(r"Atz[ar]\|[\w+/=-]{20}|lfx_local_\w{20}")


def quickstart(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run quickstart.py with the home `home`."""
    return subprocess.run(
        [sys.executable, str(SCRIPTS / "quickstart.py"), *arguments],
        env=clean_environment(home),
        cwd=home,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_it_does_the_main_job_and_leaves_nothing(tmp_path: Path) -> None:
    """One document names every step with its masked result; nothing is left in the home."""
    done = quickstart(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    document = json.loads(done.stdout)
    assert document["ok"] is True
    scripts = [step.get("script") for step in document["steps"]]
    for name in ("authorize_url.py", "store_tokens.py", "with_token.py", "ads_resolve_profile.py"):
        assert name in scripts
    assert all(step["seconds"] >= 0 and step["result"] for step in document["steps"])
    assert document["steps"][-1]["result"]["stopped"] is True
    assert WHOLE_TOKEN.search(done.stdout + done.stderr) is None
    assert '"accessToken": "Atza|' in done.stdout, "a mask of a mask shows what the mask shows"
    assert len(done.stdout) < 12_000, "it has to fit an agent's window"
    # Whatever a person's Python launcher keeps in a home is its own affair.
    ours = [tmp_path / name for name in (".cache", ".config", ".local")]
    assert [path for folder in ours for path in folder.rglob("*") if path.is_file()] == []


def test_with_keep_the_scripts_find_the_gateway_by_themselves(tmp_path: Path) -> None:
    """After --keep a script without any setting lists the store; the named command stops the gateway."""
    kept = quickstart(tmp_path, "--keep")
    document = json.loads(kept.stdout)
    assert document["ok"] is True
    assert document["stopWith"] in kept.stderr, "a person who watches is told as well"

    def script(name: str, *arguments: str) -> dict:
        done = subprocess.run(
            [sys.executable, str(SCRIPTS / name), *arguments],
            env=clean_environment(tmp_path),
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        return json.loads(done.stdout)

    try:
        assert script("authorized_stores.py")["total"] == 1
        assert json.loads(quickstart(tmp_path, "--keep").stdout)["ok"] is True, "a second run works"
        assert script("authorized_stores.py")["total"] == 1
    finally:
        words = document["stopWith"].split()
        stopped = script(Path(words[1]).name, *words[2:])
    assert stopped["ok"] is True
    assert script("local_gateway.py", "status", "--sandbox")["running"] is False


def test_a_python_without_venv_is_told_the_remedy(tmp_path: Path) -> None:
    """No ensurepip, as on a bare Debian: exit 3 and the package to install, before anything is made."""
    bundle = tmp_path / "bundle"
    shutil.copytree(SCRIPTS, bundle / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "gateway", bundle / "gateway", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("requirements.txt", "requirements-gateway.txt"):
        shutil.copy(ROOT / name, bundle)
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['ensurepip'] = None")
    done = subprocess.run(
        [sys.executable, str(bundle / "scripts" / "quickstart.py")],
        env=clean_environment(tmp_path, PYTHONPATH=str(tmp_path)),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    error = json.loads(done.stdout)["error"]
    assert (done.returncode, error["code"]) == (3, "not_set_up")
    assert "python3-venv" in error["hint"]
    assert not (bundle / ".venv").exists()

"""An installed copy sets itself up with the one command that the answer names, away from the clone."""

import hashlib
import json
import os
import shlex
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.support.house import SCRIPTS, clean_environment

PATIENCE = 300  # seconds; an environment is made, and the main job is done
WHEEL = "linkfox_packages_of_the_tests-1-py3-none-any.whl"


def make_wheel(folder: Path) -> str:
    """Put a wheel into `folder` that leads to this Python's packages; answer the line that pins it.

    It stands in for the packages, which would have to be downloaded; everything else is real.
    """
    folder.mkdir()
    about = "linkfox_packages_of_the_tests-1.dist-info"
    files = {
        "packages_of_the_tests.pth": sysconfig.get_path("purelib") + "\n",
        f"{about}/METADATA": "Metadata-Version: 2.1\nName: linkfox-packages-of-the-tests\nVersion: 1\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in [*files, f"{about}/RECORD"])
    with zipfile.ZipFile(folder / WHEEL, "w") as wheel:
        for name, content in {**files, f"{about}/RECORD": record}.items():
            wheel.writestr(name, content)
    digest = hashlib.sha256((folder / WHEEL).read_bytes()).hexdigest()
    return f"linkfox-packages-of-the-tests==1 --hash=sha256:{digest}\n"


@pytest.mark.skipif(os.name == "nt", reason="the named command is for a POSIX shell")
def test_the_named_command_sets_an_installed_copy_up(tmp_path: Path) -> None:
    """It makes the copy's own environment, in which all of the main job works; removed, nothing is left."""
    home, root = tmp_path / "home 家", tmp_path / "skills 技能"
    pinned = make_wheel(tmp_path / "wheels")
    # The python3 of somebody who has none of the packages.
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python3").symlink_to(os.path.realpath(sys.executable))
    home.mkdir()
    environment = clean_environment(
        home,
        PIP_NO_INDEX="1",
        PIP_FIND_LINKS=str(tmp_path / "wheels"),
        PATH=os.pathsep.join([str(tmp_path / "bin"), os.environ["PATH"]]),
    )

    def do(command: str) -> dict[str, Any]:
        done = subprocess.run(
            ["sh", "-c", command],
            env=environment,
            cwd=home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    install = f"python3 {shlex.quote(str(SCRIPTS / 'install_skill.py'))} --into {shlex.quote(str(root))}"
    installed = do(f"{install} --with-gateway")
    copy = Path(installed["installed"][0]["folder"])
    (copy / "requirements-gateway.txt").write_text(pinned, encoding="utf-8")
    assert do(installed["next"])["venv"] == str(copy / ".venv")
    assert "next" not in do(install), "it is set up"
    steps = do(f"cd {shlex.quote(str(copy))} && python3 scripts/quickstart.py")["steps"]
    assert {"authorize_url.py", "with_token.py", "ads_resolve_profile.py"} <= {
        step.get("script") for step in steps
    }
    used = do(f"cd {shlex.quote(str(copy))} && python3 scripts/doctor.py --offline || true")["checks"]
    assert ", in .venv," in next(check["detail"] for check in used if check["name"] == "Python")
    left = do(f"{install} --remove")["left"]
    assert left == {str(copy): ["requirements-gateway.txt"]}, "which was changed for this test"

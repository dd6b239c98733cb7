"""A `docker` without an engine: Compose's own program reads the files and knows the flags.

`docker compose exec gateway …` and `run … gateway …` run the command here with the container's variables, its
folders being folders of the test. `up` and `build` have Compose read the files. Everything else fails.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
COMPOSE = os.environ["STAND_IN_COMPOSE"]
TOLD = json.loads(Path(os.environ["STAND_IN_TOLD"]).read_text(encoding="utf-8"))
GATEWAY = [sys.executable, "-I", str(ROOT / "gateway" / "__main__.py")]


def split(words: list[str], known: str) -> tuple[list[str], list[str]]:
    """Return the flags before the first word that is none, with their values, and the rest."""
    flags: list[str] = []
    while words and words[0].startswith("-"):
        flag = words.pop(0)
        found = re.search(
            rf"^ *(?:-\w, )?{re.escape(flag.partition('=')[0])}(?: ([a-z]\w*))?(?=\s)", known, re.M
        )
        found = found or re.search(rf"^ *{re.escape(flag)}, --[\w-]+(?: ([a-z]\w*))?(?=\s)", known, re.M)
        if found is None:
            sys.exit(f"compose knows no {flag}")
        flags.append(flag)
        if found[1] and "=" not in flag:
            flags.append(words.pop(0))
    return flags, words


def asked(*words: str) -> str:
    """Return what Compose prints; end with its own exit code where it fails."""
    done = subprocess.run([COMPOSE, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{words}: {done.stderr}")
    return done.stdout


def here(word: str) -> str:
    """Return a word with the container's folders as they are called here."""
    for name, path in TOLD["places"].items():
        word = re.sub(rf"^{re.escape(name)}(?=/|$)", path, word)
    return word


def main() -> None:
    """Do what the command line says."""
    word, *words = sys.argv[1:]
    if word != "compose":
        sys.exit(f"docker {word} is not played")
    of_all, (command, *words) = split(words, asked("--help"))
    flags, words = split(words, asked(command, "--help"))
    if command in ("up", "build"):
        asked(*of_all, "config", "--quiet")
        return
    if command not in ("exec", "run") or words.pop(0) != "gateway":
        sys.exit(f"docker compose {command} is not played")
    asked(*of_all, "config", "--quiet")
    environment = dict(TOLD["environment"])
    environment |= dict(each.split("=", 1) for i, each in enumerate(flags) if flags[i - 1] == "--env")
    words = [here(each) for each in words]
    if command == "exec" and words[0] == "linkfox-gateway":
        words = words[1:]
    elif command == "exec":
        os.execvpe(words[0], words, environment)
    os.execvpe(GATEWAY[0], [*GATEWAY, *words], environment)


main()

"""A `docker` without an engine: Compose's own program reads the files and knows the flags.

`docker compose exec gateway …` and `run … gateway …` run the command here with the container's variables, its
folders being folders of the test, and `exec postgresql …` a program of PostgreSQL's, whose host is the test's
server. `up`, `build` and `stop` have Compose read the files. Everything else fails.
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
        if word == name or word.startswith(f"{name}/"):
            return path + word.removeprefix(name)
    return word


def database_url() -> str:
    """Return the file with the address that the folder's secrets have, as it is reached from here."""
    user, _, name = Path("secrets/database-url").read_text(encoding="utf-8").strip().partition("@postgresql/")
    path = Path(os.environ["STAND_IN_TOLD"]).with_name("database-url")
    path.write_text(f"{user}@/{name}?host={TOLD['postgresql']['host']}", encoding="utf-8")
    path.chmod(0o600)
    return str(path)


def main() -> None:
    """Do what the command line says."""
    word, *words = sys.argv[1:]
    if word != "compose":
        sys.exit(f"docker {word} is not played")
    of_all, (command, *words) = split(words, asked("--help"))
    _, words = split(words, asked(command, "--help"))
    asked(*of_all, "config", "--quiet")
    services = asked(*of_all, "config", "--services").split()
    if command in ("up", "build", "stop"):
        if not set(words) <= set(services):
            sys.exit(f"not all of {words} are services")
        return
    service = words.pop(0)
    if (command, service) == ("exec", "postgresql"):
        environment = {"PGHOST": TOLD["postgresql"]["host"]}
        os.execve(Path(TOLD["postgresql"]["programs"], words[0]), words, environment)
    if command not in ("exec", "run") or service != "gateway":
        sys.exit(f"docker compose {command} {service} is not played")
    environment = TOLD["environment"] | {"GATEWAY_DATABASE_URL_FILE": database_url()}
    if command == "run":  # a container of its own, whose data folder is a new one
        environment["GATEWAY_DATA_DIR"] = TOLD["places"]["/data"]
    words = [here(each) for each in words]
    if command == "exec" and words[0] == "linkfox-gateway":
        words = words[1:]
    elif command == "exec":
        os.execvpe(words[0], words, environment)
    os.execvpe(GATEWAY[0], [*GATEWAY, *words], environment)


main()

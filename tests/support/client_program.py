"""A program that uses a client library, as a process of its own that tests tell what to do, step by step."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.house import PATIENCE, ROOT, ended_after

PROGRAMS = ROOT / "tests" / "libraries" / "programs"


class Failed(Exception):
    """A step ended with an exception of the library's: `kind` is its class, `told` what a user can read."""

    def __init__(self, answer: dict[str, Any]) -> None:
        super().__init__(answer)
        self.kind, self.code, self.told = answer["error"], answer.get("code"), answer["told"]


@dataclass
class ClientProgram:
    """A running program; each step is a line in and a line out."""

    process: subprocess.Popen[str]

    def do(self, step: str) -> Any:
        """Do one step and return its answer. Raise Failed."""
        self.begin(step)
        return self.end()

    def begin(self, step: str) -> None:
        """Begin a step without waiting for its answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{step}\n")
        self.process.stdin.flush()

    def end(self) -> Any:
        """Wait for the answer of the step that was begun."""
        assert self.process.stdout is not None
        with ended_after(self.process):
            line = self.process.stdout.readline()
        assert line, f"the program ended: {self.process.wait(PATIENCE)}"
        answer = json.loads(line)
        if "error" in answer:
            raise Failed(answer)
        return answer["answer"]


@contextmanager
def client_program(
    *command: str | Path, environment: dict[str, str], folder: Path
) -> Iterator[ClientProgram]:
    """Run a command until its standard input ends; what it logs goes to `folder/program.log`."""
    with (folder / "program.log").open("a") as log:
        process = subprocess.Popen(
            [str(word) for word in command],
            env=environment,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            encoding="utf-8",
        )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield ClientProgram(process)
    finally:
        process.stdin.close()
        process.wait(PATIENCE)
        process.stdout.close()

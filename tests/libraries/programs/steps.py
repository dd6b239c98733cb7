"""Does a program's steps as they are told on standard input, and answers each with a line of JSON."""

import json
import logging
import sys
from collections.abc import Callable, Mapping
from typing import Any


def serve(steps: Mapping[str, Callable[[], Any]]) -> None:
    """Do steps by their names until standard input ends.

    What a library logs at its most talkative goes to standard error, where tests look for secrets.
    """
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, force=True)
    for line in sys.stdin:
        try:
            answer = {"answer": steps[line.strip()]()}
        except Exception as problem:
            told = [str(problem), *(str(getattr(problem, name, "")) for name in ("message", "error_message"))]
            code = getattr(problem, "error_code", None) or getattr(problem, "status", None)
            answer = {"error": type(problem).__name__, "code": code, "told": " ".join(told)}
        print(json.dumps(answer), flush=True)

"""What the audit records has words in every language, so that nobody reads its names on a page."""

import ast
from collections.abc import Iterator

import pytest

from gateway.web.texts import LANGUAGES, Language
from tests.support.markdown import ROOT


def recorded() -> Iterator[str]:
    """Yield the actions that the gateway's code records: `…audit.record(connection, "action", …)`."""
    for path in sorted((ROOT / "gateway").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                if node.func.attr == "record" and ast.unparse(node.func.value).endswith("audit"):
                    assert isinstance(node.args[1], ast.Constant), f"{path}:{node.lineno} names no action"
                    yield str(node.args[1].value)
            elif isinstance(node, ast.Dict):
                for key, value in zip(node.keys, node.values, strict=True):
                    named = isinstance(key, ast.Constant) and key.value == "action"
                    if named and isinstance(value, ast.Constant):
                        yield str(value.value)


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=lambda language: language.code)
def test_every_recorded_action_has_its_words(language: Language) -> None:
    """Changes of every kind; the calls are compared with the documented ones."""
    actions = set(recorded())
    assert len(actions) > 10
    assert actions <= set(language.actions)

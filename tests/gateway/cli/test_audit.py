"""What `audit` says where the two flags of an export are not given together."""

from pathlib import Path

import pytest

from gateway.cli import audit
from gateway.cli.parser import command_parser
from gateway.errors import OperatorError


@pytest.mark.parametrize(
    ("given", "message", "hint"),
    [
        (["--to"], "--to is the file of --export-before, which is missing", "Add --export-before"),
        (["--export-before", "2020-01-01"], "--export-before needs the file", "with --to"),
        (["--export-before", "yesterday", "--to"], "--export-before takes a day as YYYY-MM-DD", "(UTC)"),
    ],
)
def test_half_an_export_is_told_by_what_is_missing(
    given: list[str], message: str, hint: str, tmp_path: Path
) -> None:
    """The flag that was given is not the one that is called wrong, and no file is made."""
    file = tmp_path / "audit.jsonl"
    words = [*given, str(file)] if given[-1] == "--to" else given
    options = command_parser().parse_args(["audit", "--data-dir", str(tmp_path), *words])
    with pytest.raises(OperatorError) as caught:
        audit.run(options)
    assert (caught.value.code, caught.value.message.startswith(message)) == ("bad_arguments", True)
    assert hint in caught.value.hint
    assert not file.exists()

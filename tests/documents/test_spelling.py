"""Words are spelled as in America wherever somebody reads them."""

import re

from tests.support.markdown import ROOT

FOLDERS = ("gateway", "scripts", "amazon_sandbox", "references")
KINDS = (".py", ".md", ".html")
# Python's own names are no words of ours, nor is a state of Amazon's, which is written in capitals.
BRITISH = re.compile(
    r"[Cc]olour|[Bb]ehaviour|[Ff]avour|[Hh]onour|[Nn]eighbour|[Ll]icence|[Cc]atalogue|[Ff]ulfilment|[Jj]udgement"
    r"|\b[Gg]rey\b|\b[Cc]entre|\b[Cc]ancelled\b(?!\()|[Ll]abelled\b"
    r"|(?:[Aa]uthori|[Rr]ecogni|[Oo]rgani|[Ii]nitiali|[Nn]ormali|[Mm]inimi|[Oo]ptimi)s(?:e|ing|ation)"
)


def test_no_word_is_spelled_as_in_britain() -> None:
    """In the documents, the messages and the pages alike."""
    files = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.suffix in KINDS]
    files += ROOT.glob("*.md")
    found = {
        f"{path.relative_to(ROOT)}: {word}"
        for path in files
        for word in BRITISH.findall(path.read_text(encoding="utf-8"))
    }
    assert len(files) > 200
    assert found == set()

"""Links between the documents lead somewhere."""

from pathlib import Path

import pytest

from tests.support.markdown import DOCUMENTS, ROOT, anchors, links, name_of


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_links_within_the_repository_resolve(document: Path) -> None:
    """Every relative link names a file that is there, and every anchor a heading of it."""
    for target in links(document):
        if target.startswith(("https://", "http://")):
            continue
        path, _, anchor = target.partition("#")
        file = (document.parent / path).resolve() if path else document
        assert file.is_file(), f"{name_of(document)} links to {target}"
        assert file.is_relative_to(ROOT)
        if anchor:
            assert anchor in anchors(file), f"{name_of(document)} links to {target}"


def test_documents_link_to_each_other_at_all() -> None:
    """The search for links finds some, so the test above means something."""
    assert sum(len(links(document)) for document in DOCUMENTS) > 40


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_links_to_elsewhere_are_https(document: Path) -> None:
    """No document sends a reader to a plain http address."""
    assert not [target for target in links(document) if target.startswith("http://")]

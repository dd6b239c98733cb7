"""Search whatever a journey left behind for secrets, in every form that a leak usually takes."""

import base64
import json
import urllib.parse
from collections.abc import Iterable, Mapping
from pathlib import Path


def forms(secret: str) -> set[bytes]:
    """The secret in plain, URL-encoded, JSON-escaped and base64 form (each of its three alignments)."""
    raw = secret.encode()
    found = {raw, urllib.parse.quote(secret, safe="").encode(), urllib.parse.quote_plus(secret).encode()}
    found.add(json.dumps(secret)[1:-1].encode())
    for shift in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            # Bytes before the secret shift its alignment; the first and last characters mix with neighbors.
            found.add(encode(b"\0" * shift + raw).rstrip(b"=")[(0, 2, 3)[shift] : -2])
    return found


def leaks(secrets: Mapping[str, str], places: Mapping[str, bytes]) -> list[str]:
    """Name each secret that stands in a place, as `secret in place`; fails with too little to search."""
    assert secrets, "no secret to look for"
    assert all(len(value) >= 20 for value in secrets.values()), "a secret too short to be looked for"
    assert sum(map(len, places.values())) > 10_000, "hardly anything was searched"
    wanted = {name: forms(value) for name, value in secrets.items()}
    return [
        f"{name} in {place}"
        for place, content in places.items()
        for name, spellings in wanted.items()
        if any(spelling in content for spelling in spellings)
    ]


def files_below(folders: Iterable[Path], *, but: Iterable[Path] = ()) -> dict[str, bytes]:
    """The content of every regular file below `folders`, except those in `but`."""
    left_out = set(but)
    return {
        str(path): path.read_bytes()
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path not in left_out
    }

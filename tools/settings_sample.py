"""The sample of all settings, `deploy/settings.env.sample`, from their declarations."""

import re
from collections.abc import Iterable

from gateway.settings.variables import Row

HEAD = """\
# Every setting of the gateway, one NAME=value a line, for Compose, systemd and Kubernetes alike.
# A line that begins with # is not set; what it shows is the default, where there is one. Secrets are not
# here: each stands in a file of its own, which the variable that ends in _FILE names.
# The original is made by tools/generate_docs.py; your copy is yours to change.

GATEWAY_PUBLIC_URL=https://gateway.example.com

# Of Compose alone: a certificate of Caddy's own authority, for a trial without a public name.
#CADDY_TLS=tls internal
"""
SHOWN_ABOVE = {"GATEWAY_PUBLIC_URL"}
_LINK = re.compile(r"\[([^\]]+)\]\([^)]+\)")
# A default that can be written as it stands, rather than one in words.
_VALUE = re.compile(r"`([^`{…]+)`|(\d+)")


def settings_sample(rows: Iterable[Row]) -> str:
    """Return the file: of each setting what it means and, commented out, its default."""
    by_name = {row.name: row for row in rows}
    lines = [HEAD]
    for name, row in by_name.items():
        if name in SHOWN_ABOVE or f"{name}_FILE" in by_name:
            continue
        secret = by_name.get(name.removesuffix("_FILE")) if name.endswith("_FILE") else None
        meaning = f"file that holds: {secret.meaning}" if secret else row.meaning
        value = _VALUE.fullmatch(row.default)
        if row.default and not value:
            meaning += f" (default: {row.default})"
        lines.append("# " + _LINK.sub(r"\1", meaning).replace("`", ""))
        lines.append(f"#{name}={(value[1] or value[2]) if value else ''}\n")
    return "\n".join(lines)

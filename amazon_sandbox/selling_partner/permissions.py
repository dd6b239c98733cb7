"""What a token allows: a store's or the application's own, the scopes granted, restricted data.

The older scope names and the families they serve stand in references/refusals.json.
"""

import json

from amazon_sandbox.business import RestrictedResource
from amazon_sandbox.records import App, Grant
from amazon_sandbox.references import REFERENCES
from amazon_sandbox.selling_partner import published
from amazon_sandbox.selling_partner.published import Operation

_FILE = REFERENCES / "refusals.json"
_SCOPES = {
    path.split("/")[1]: f"sellingpartnerapi::{row['scope']}"
    for row in json.loads(_FILE.read_text("utf-8"))["families"]
    if "scope" in row
    for path in row["paths"]
} | {"applications": "sellingpartnerapi::client_credential:rotation"}


def allows(operation: Operation, app: App, grant: Grant) -> bool:
    """Tell whether tokens of a grant may call an operation.

    A grant that no seller made stands for tokens of the application's own, which fit grantless operations.
    One without scopes is for all that the application may do, one with scopes for their families and for
    those that never had a scope.
    """
    if operation.grantless != (grant.seller_id is None):
        return False
    if operation.family == "sellers" and not app.sellers_role:
        return False
    scope = _SCOPES.get(operation.family)
    return grant.scopes is None or scope is None or scope in grant.scopes


def covers(resource: RestrictedResource, operation: Operation, path: dict[str, str]) -> bool:
    """Tell whether a restricted data token's resource is this call; `{name}` in its path is any value."""
    found = published.find(resource.method, resource.path)
    return (
        found is not None
        and found[0] == operation
        and all(value.startswith("{") or value == path[name] for name, value in found[1].items())
    )

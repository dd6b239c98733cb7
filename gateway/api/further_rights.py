"""What a call of Amazon's wants beside the right `proxy`: data of buyers, and the application's own token."""

from collections.abc import Sequence
from dataclasses import replace

from gateway.asgi.calls import check_rights
from gateway.model import Caller, Region
from gateway.proxy.bearers import Bearer, application
from gateway.proxy.request import ProxyRequest
from gateway.proxy.restricted_data import restricted_elements
from gateway.proxy.spapi_operations import is_of_application


def with_restricted_data(caller: Caller, wanted: ProxyRequest, asked: Sequence[str]) -> ProxyRequest:
    """Return a call with the data of buyers that it brings: those asked for, or that it always brings.

    Whoever did not ask, and has not the right, makes the call as it is. Raise Problem.
    """
    elements = restricted_elements(wanted, asked)
    if asked:
        check_rights(caller, ("personal",))
    elif "personal" not in caller.rights:
        return wanted
    return replace(wanted, restricted=elements)


def as_application(
    caller: Caller, wanted: ProxyRequest, region: Region, store: Bearer | None
) -> Bearer | None:
    """Return who makes the call: the application where it is one of its own, else the store.

    `store`: the one that was named; None where none was. Raise Problem key_lacks_right.
    """
    if not is_of_application(wanted.method, wanted.path.segments):
        return store
    check_rights(caller, ("application",))
    return application(caller, region)

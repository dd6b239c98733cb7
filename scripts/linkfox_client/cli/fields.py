"""One declared argument of a script."""

from collections.abc import Callable
from typing import Any, NamedTuple

from linkfox_client.cli.kinds import Kind


class Field(NamedTuple):
    """One declared argument.

    `hint` says where what is missing is to be had, `mistaken` which flags that there are not mean this one.
    `is_guarded`: it destroys or shows something, so it is never proposed in place of a mistyped word.
    """

    flag: str
    help: str
    kind: Kind
    metavar: str = ""
    required: bool = False
    default: Any = None
    is_switch: bool = False
    is_list: bool = False
    is_positional: bool = False
    hint: str = ""
    is_guarded: bool = False
    mistaken: tuple[str, ...] = ()

    @property
    def read(self) -> Callable[[Any], Any]:
        """What turns a flag's text or a JSON value into the option, or raises `values.Wrong`."""
        return self.kind.read

    @property
    def name(self) -> str:
        """The option's attribute."""
        return option_name(self.flag)

    @property
    def key(self) -> str:
        """The key in the JSON form: `--seller-id` is `sellerId`."""
        return key_of(self.flag)


def option_name(flag: str) -> str:
    """Return the attribute in which a flag's option is found: `--seller-id` is `seller_id`."""
    return flag.lstrip("-").replace("-", "_")


def key_of(flag: str) -> str:
    """Return a flag's key in the JSON form: `--seller-id` is `sellerId`."""
    first, *others = flag.lstrip("-").split("-")
    return first + "".join(word.capitalize() for word in others)

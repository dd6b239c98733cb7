"""What a page is filled with: whom it is for, a page of a list, and the state of a form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gateway.amazon.marketplaces import Marketplace
from gateway.model import Caller, Grant


@dataclass(frozen=True, slots=True)
class BackLink:
    """The way back to the web application that sent a customer; `host`: the application's, for people."""

    address: str
    host: str


@dataclass(frozen=True, slots=True)
class PageContext:
    """Whom a page is for. `form_token` goes into every form of the page; without one it has none.

    `has_session`: somebody has signed in with this browser, so that the overview is of use to them. `back`:
    where the person came from and goes on to instead.
    """

    accept_language: str | None
    caller: Caller | None = None
    form_token: str | None = None
    has_session: bool = False
    back: BackLink | None = None

    @property
    def signed_in_name(self) -> str:
        """The user's name, with the label of the key in brackets where it has one."""
        if self.caller is None:
            return ""
        label = self.caller.key_label
        return f"{self.caller.user_name} ({label})" if label else self.caller.user_name

    @property
    def may_manage(self) -> bool:
        """Whether the caller's key may change anything."""
        return self.caller is not None and "manage" in self.caller.rights


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, and where in the list it is (pages count from 1)."""

    grants: Sequence[Grant]
    total: int
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class FormState:
    """What somebody filled into a form: the values by field, and by field the word for what is wrong."""

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    site: Marketplace | None = None

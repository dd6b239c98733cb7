"""The token of a program under with_token.py, got once or again: Amazon's, or a stand-in for it."""

import os
from abc import ABC, abstractmethod
from types import SimpleNamespace
from typing import Any

from linkfox_client.commands import choice, fresh_token, self_hosted, stand_in, tokens, whereabouts
from linkfox_client.errors import ClientError
from linkfox_client.gateway import settings
from linkfox_client.gateway.client import Gateway
from linkfox_client.secrets.secret import Secret

Fields = dict[str, Any]


def source_of(gateway: Gateway, options: SimpleNamespace) -> "Source":
    """Return where the token comes from that `options` ask for. Raise ClientError."""
    if options.proxy:
        self_hosted.refuse_hosted(gateway, stand_in.HOSTED)
        return StandInToken(gateway, choice.either(gateway, options))
    min_ttl = options.min_ttl
    if options.keep_fresh:
        min_ttl = max(min_ttl or 0, fresh_token.LEAST_LIFE)
    return AmazonsToken(choice.either(gateway, options), min_ttl)


class Source(ABC):
    """Where a program's token comes from. `fields` of one are named as in the answer of storeTokens."""

    other_gateway: str
    """What is said where the settings name another gateway later than at the start."""

    def __init__(self, chosen: choice.Choice) -> None:
        self._chosen = chosen

    @abstractmethod
    def first(self, gateway: Gateway) -> tuple[Fields, whereabouts.Variables]:
        """Return the fields of a token, and the variables that say where it is good. Raise ClientError."""

    @abstractmethod
    def _fetch(self, gateway: Gateway, refused: Secret | None = None) -> Fields:
        """Return the fields of a token, which is another one than was `refused`. Raise ClientError."""

    @abstractmethod
    def _is_the_same(self, gateway: Gateway) -> bool:
        """Tell whether the token of this gateway is good where the first one is."""

    def again(self, refused: Secret | None = None) -> Fields:
        """Return the fields of another token. `refused`: as for `_fetch`. Raise ClientError.

        The gateway is found anew: that of this machine may have been started again, at another port.
        """
        with Gateway(settings.load(os.environ)) as gateway:
            fields = self._fetch(gateway, refused)
            if not self._is_the_same(gateway):
                hint = "Set up the former one again, or end the command and start it again."
                raise ClientError("not_set_up", self.other_gateway, hint)
            return fields


class AmazonsToken(Source):
    """A token of Amazon's; `min_ttl`: as `tokens.fetch` takes it."""

    other_gateway = "The settings name another gateway now than when the command was started"

    def __init__(self, chosen: choice.Choice, min_ttl: int | None) -> None:
        super().__init__(chosen)
        self._min_ttl = min_ttl
        self._sandbox = False

    def first(self, gateway: Gateway) -> tuple[Fields, whereabouts.Variables]:
        """Return a token and where Amazon is, or the stand-in of a sandbox."""
        fields = self._fetch(gateway)
        self._sandbox = gateway.sandbox  # which the answer may have told
        tell = whereabouts.of_profile if "profileId" in self._chosen.which else whereabouts.of_store
        return fields, tell(gateway, fields, self._chosen)

    def _fetch(self, gateway: Gateway, refused: Secret | None = None) -> Fields:
        which = self._chosen.which
        is_profile = "profileId" in which
        path = "/amazonAds" if is_profile else "/spApi"
        if refused is None:
            fields = tokens.fetch(gateway, path, which, self._min_ttl)
        else:
            fields = tokens.fetch_another(gateway, path, which, refused)
        return fields | which if is_profile else fields

    def _is_the_same(self, gateway: Gateway) -> bool:
        """Tell whether it is as real, or as much a sandbox, as the one where the program calls."""
        return gateway.sandbox == self._sandbox


class StandInToken(Source):
    """A stand-in token, for the gateway's own addresses."""

    other_gateway = (
        "The gateway is at another address now than when the command was started, which goes on calling that"
    )

    def __init__(self, gateway: Gateway, chosen: choice.Choice) -> None:
        super().__init__(chosen)
        self._address = gateway.settings.gateway
        self._handle, self._where = whereabouts.at_the_gateway(gateway, chosen)

    def first(self, gateway: Gateway) -> tuple[Fields, whereabouts.Variables]:
        """Return a token and the gateway's addresses."""
        return self._fetch(gateway), self._where

    def _fetch(self, gateway: Gateway, refused: Secret | None = None) -> Fields:
        which = self._chosen.which
        fields = stand_in.fetch(gateway, self._handle, which)
        return fields | which if "profileId" in which else fields

    def _is_the_same(self, gateway: Gateway) -> bool:
        """Tell whether it is at the address that the program calls."""
        return gateway.settings.gateway == self._address

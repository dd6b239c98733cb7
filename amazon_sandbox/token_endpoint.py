"""Login with Amazon's token endpoint, `POST /auth/o2/token`, a form or JSON (references/amazon.md)."""

import re

from amazon_sandbox.faults import TokenChange
from amazon_sandbox.http_messages import Answer, Caller, Request
from amazon_sandbox.known_answers import known
from amazon_sandbox.records import App, Grant
from amazon_sandbox.world import World

PATH = "/auth/o2/token"
_WELL_FORMED_CODE = re.compile(r"[A-Za-z]{20}")
_REQUIRED = {
    "authorization_code": ("code",),
    "refresh_token": ("refresh_token",),
    "client_credentials": ("scope",),
}
_GRANTLESS_SCOPES = frozenset(
    f"sellingpartnerapi::{name}" for name in ("notifications", "migration", "client_credential:rotation")
)


class TokenEndpoint:
    """The endpoint; all three hosts serve the same clients."""

    def __init__(self, world: World) -> None:
        self._world = world

    def identify(self, request: Request) -> Caller:
        """Tell whose code or refresh token is presented."""
        fields = request.fields
        client_id = fields.get("client_id") or None
        code, refresh_token = fields.get("code", ""), fields.get("refresh_token", "")
        owner = self._world.peek_code(code) if code else self._world.grant_of(refresh_token)
        return Caller(
            fields.get("grant_type") or None,
            client_id,
            owner.seller_id if owner else None,
            owner.advertiser_id if owner else None,
            owner.region if owner else None,
            owner.grant_id if isinstance(owner, Grant) else None,
            code or refresh_token or None,
        )

    def answer(self, request: Request, caller: Caller, change: TokenChange | None) -> Answer:
        """Exchange a code, refresh, or hand out a token of the application; `change` alters a good answer."""
        if request.path != PATH or request.method != "POST":
            return known("tokenEndpoint.notFound")
        fields = request.fields
        grant_type = fields.get("grant_type")
        if not grant_type:
            return known("tokenEndpoint.missingParameter", name="grant_type")
        if grant_type not in _REQUIRED:
            return known("tokenEndpoint.unsupportedGrantType")
        for name in (*_REQUIRED[grant_type], "client_id", "client_secret"):
            if not fields.get(name):
                return known("tokenEndpoint.missingParameter", name=name)
        app = self._world.authenticate_client(fields["client_id"], fields["client_secret"])
        if app is None:
            return known("tokenEndpoint.invalidClient")
        if grant_type == "authorization_code":
            return self._exchange(fields, app, change or TokenChange())
        if grant_type == "refresh_token":
            return self._refresh(fields["refresh_token"], app, change or TokenChange())
        return self._grantless(fields["scope"], app, change or TokenChange())

    def _exchange(self, fields: dict[str, str], app: App, change: TokenChange) -> Answer:
        code, redirect_uri = fields["code"], fields.get("redirect_uri") or None
        if redirect_uri is None and app.flow == "ads":
            return known("tokenEndpoint.missingParameter", name="redirect_uri")
        if not _WELL_FORMED_CODE.fullmatch(code):
            return known("tokenEndpoint.codeMalformed")
        grant = self._world.redeem_code(code, app, redirect_uri)
        if grant is None:
            return known("tokenEndpoint.codeRefused")
        refresh_token = self._world.make_refresh_token(grant, change.length)
        granted = {"scope": " ".join(grant.scopes)} if grant.scopes is not None else {}
        return self._good(grant, refresh_token, granted, change)

    def _refresh(self, refresh_token: str, app: App, change: TokenChange) -> Answer:
        presented = self._world.read_refresh_token(refresh_token)
        if presented is None or presented.expired:
            return known("tokenEndpoint.refreshTokenRefused")
        grant = presented.grant
        if grant.client_id != app.client_id:
            return known("tokenEndpoint.unauthorizedClient")
        if change.rotate:
            self._world.void_older_refresh_tokens(grant)
            refresh_token = self._world.make_refresh_token(grant, change.length)
        return self._good(grant, refresh_token, {}, change)

    def _grantless(self, scope: str, app: App, change: TokenChange) -> Answer:
        if scope not in _GRANTLESS_SCOPES:
            return known("tokenEndpoint.invalidScope")
        if app.flow != "spapi":
            return known("tokenEndpoint.unauthorizedClient")
        return self._good(self._world.grantless(app, scope), None, {}, change)

    def _good(
        self, grant: Grant, refresh_token: str | None, granted: dict[str, str], change: TokenChange
    ) -> Answer:
        seconds = self._world.settings.access_token_seconds
        document = {
            "access_token": self._world.make_access_token(grant, change.length),
            **({"refresh_token": refresh_token} if refresh_token else {}),
            "token_type": "bearer",
            "expires_in": int(seconds),
            **granted,
            **change.set,
        }
        return known(
            "tokenEndpoint.ok", {name: document[name] for name in document if name not in change.omit}
        )

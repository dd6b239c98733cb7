"""Answers that are made without checks."""

from gateway.api.answers.accounts import AccountTokens
from gateway.api.answers.base import Answer
from gateway.api.answers.stores import StoreTokens
from gateway.model import Flow, Grant, Tokens
from gateway.tokens.grant_tokens import GrantTokens
from gateway.util.secret import Secret

NOW = 1_800_000_000


def _held(flow: Flow, *, below_minimum: bool) -> GrantTokens:
    grant = Grant(
        id=7,
        user_id=1,
        flow=flow,
        region="EU",
        seller_id="A1" if flow == "spapi" else None,
        name="Name",
        app_id="app",
        marketplace=None,
        central=None,
        status="authorized",
        status_reason=None,
        access_expires_at=NOW + 60,
        refreshed_at=NOW,
        authorized_at=NOW,
        authorization_expires_at=None,
        last_used_at=None,
        requested_scopes=(),
        granted_scopes=None,
        verified=None,
        token_version=1,
        authorized_version=0,
    )
    return GrantTokens(
        grant, Tokens(Secret("Atza|a"), Secret("Atzr|r"), "bearer", NOW + 60), below_minimum=below_minimum
    )


def test_tokens_are_what_the_model_says() -> None:
    """The fields in their order, each of its type, those without anything to say left out."""
    made: list[Answer] = []
    for below_minimum in (False, True):
        store, account = (_held(flow, below_minimum=below_minimum) for flow in ("spapi", "ads"))
        for stand_in in (None, "http://127.0.0.1:8766"):
            made += [StoreTokens.of(store, asked, NOW, stand_in) for asked in ("EU", "FE")]
            made.append(AccountTokens.of(account, "client", NOW, stand_in))
    for answer in made:
        checked = type(answer).model_validate(
            {name: getattr(answer, name) for name in type(answer).model_fields}
        )
        assert checked.model_dump_json() == answer.model_dump_json()
        assert "Atz" not in repr(answer).replace("Secret('***')", "")

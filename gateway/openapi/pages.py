"""What browsers come to: the pages, their forms and the callbacks. People use them; programs use the rest."""

from typing import Any

from gateway.api.fields import LONGEST_NAME
from gateway.openapi.operations import FORM, Operation, page, redirect
from gateway.openapi.reasons import REQUEST_ID, VAULT
from gateway.openapi.shapes import Schema, body, text

TAG = "Pages"
SIGNED_IN: list[dict[str, list[str]]] = [{"session": []}]
TO_SIGN_IN = redirect("To the sign-in page, for somebody who is not signed in")
NEEDED = ("key_lacks_right", *VAULT)
TOKEN_EXAMPLE = "3q2-7wSbEJz0n1L5m8xYpU4vT6rKcHdGfWiQaZoBtNs"  # noqa: S105 (no secret)
HELD_EXAMPLE = "AQExampleOfWhatIsHeld"
FORM_TOKEN = text("The token of the page that the form is on: derived from the cookie")
NAME = text(f"The name that it is to be listed under, 1 to {LONGEST_NAME} characters")
REGION = text("The region", enum=["NA", "EU", "FE"])
RECORD_ID = {
    "name": "record_id",
    "in": "path",
    "required": True,
    "description": "The `authRecordId` of a store or an ads account of the user's",
    "schema": {"type": "string"},
    "example": "7342901846132",
}
ATTEMPT_ID = {
    "name": "attempt_id",
    "in": "path",
    "required": True,
    "description": "The attempt, `authorizationId`",
    "schema": {"type": "string"},
    "example": "4sZ0b1hQxw3Yk9JmT2uVaA",
}


def query(name: str, description: str, example: str, **schema: Any) -> dict[str, Any]:
    """A parameter of the query; whatever is no use there is left alone or told on a page."""
    return {
        "name": name,
        "in": "query",
        "description": description,
        "schema": {"type": "string", **schema},
        "example": example,
    }


def form(
    example: dict[str, str], required: dict[str, Schema], optional: dict[str, Schema] | None = None
) -> dict[str, Any]:
    """A form's body. Each form carries the token; see FORM_TOKEN."""
    schema = body(required) | {"properties": {**required, **(optional or {})}}
    return {"required": True, "content": {FORM: {"schema": schema, "example": example}}}


APPSTORE = {
    "amazon_callback_uri": (
        "Where to answer Amazon: an address of a Seller or Vendor Central",
        "https://sellercentral.amazon.com/apps/authorize/confirm/amzn1.sp.solution.example",
    ),
    "amazon_state": ("What Amazon wants back", "amazonstateexample"),
    "selling_partner_id": ("The seller", "A1SANDBOXNA001"),
}
DRAFT = "`beta` where the application is a draft"
APPSTORE_QUERY = [
    *(query(name, description, example) for name, (description, example) in APPSTORE.items()),
    query("version", DRAFT, "beta"),
]
CALLBACK_QUERY = [
    query("state", "What the consent link carried", "kCkM3fY1rO5bq6wXwYcR0hT8uJ2vN4zL7aS9dE1gIpQ"),
    query("code", "The authorization code", "ANExampleCode"),
    query("error", "Why the person or Amazon refused (RFC 6749 section 4.1.2.1)", "access_denied"),
    query("error_description", "The same in words", "The consent was refused"),
]
CALLBACK_ANSWERS = {"303": redirect("To the page that tells how it ended, or asks first")}
CALLBACK_TEXT = "Once the state is used the work goes on, whether the browser waits or not."


def _authorizing(path: str, what: str, more: dict[str, Schema]) -> tuple[Operation, Operation]:
    """The form for a store or an ads account, and what it leads to."""
    shown = Operation(
        "get",
        f"/{path}/authorize",
        f"{path}_form",
        TAG,
        f"Ask for what is needed to authorize {what}",
        {"200": page("The form."), "303": TO_SIGN_IN},
        reasons=("not_found", *NEEDED),
        parameters=[query("again", "The `authRecordId` of one to authorize again", "7342901846132")],
        security=SIGNED_IN,
        pages=True,
    )
    sent = Operation(
        "post",
        f"/{path}/authorize",
        f"{path}_authorize",
        TAG,
        f"Make a consent link for {what}",
        {
            "200": page("The page with the link to Amazon."),
            "303": TO_SIGN_IN,
            "400": page("The form again, with what is wrong in it."),
        },
        reasons=("bad_parameter", "form_refused", "not_found", "app_not_configured", *NEEDED),
        request=form(
            {"token": TOKEN_EXAMPLE, "name": "My Store 我的店铺", "region": "NA"},
            {"token": FORM_TOKEN, "name": NAME},
            {
                "region": REGION | {"description": "Needed but for `again`"},
                "again": text("The `authRecordId` of one to authorize again"),
                **more,
            },
        ),
        security=SIGNED_IN,
        pages=True,
    )
    return shown, sent


OPERATIONS = (
    Operation(
        "get",
        "/",
        "overview",
        TAG,
        "Show the user's stores, ads accounts and what happened lately",
        {"200": page("The overview."), "303": TO_SIGN_IN},
        reasons=NEEDED,
        parameters=[
            query("stores", "The page of the stores, from 1", "1"),
            query("accounts", "The page of the ads accounts, from 1", "1"),
            query("notice", "`removed` says so above the lists", "removed"),
        ],
        security=SIGNED_IN,
        pages=True,
    ),
    Operation(
        "get",
        "/signin",
        "sign_in_page",
        TAG,
        "Ask for the API key",
        {"200": page("The form."), "303": redirect("On, for somebody who is signed in already")},
        reasons=VAULT,
        parameters=[query("next", "The page of this gateway to go to afterwards", "/stores/authorize")],
        pages=True,
    ),
    Operation(
        "post",
        "/signin",
        "sign_in",
        TAG,
        "Begin a session with an API key",
        {"303": redirect("To the page that was wanted, with the session's cookie")},
        reasons=(
            "bad_parameter",
            "unauthorized",
            "key_lacks_right",
            "form_refused",
            "too_many_failures",
            *VAULT,
        ),
        request=form(
            {"token": TOKEN_EXAMPLE, "key": "lfx_local_example", "next": "/"},
            {"token": FORM_TOKEN, "key": text("The API key", format="password")},
            {"next": text("The page of this gateway to go to afterwards")},
        ),
        pages=True,
    ),
    Operation(
        "post",
        "/signout",
        "sign_out",
        TAG,
        "End the session",
        {"303": redirect("To the sign-in page")},
        reasons=("bad_parameter", "form_refused", *VAULT),
        request=form({"token": TOKEN_EXAMPLE}, {"token": FORM_TOKEN}),
        security=SIGNED_IN,
        pages=True,
    ),
    *_authorizing(
        "stores",
        "a store",
        {"marketplace": text("The site, a country code"), "vendor": text("`yes` for Vendor Central")},
    ),
    *_authorizing("accounts", "an ads account", {}),
    Operation(
        "get",
        "/remove/{record_id}",
        "removal_form",
        TAG,
        "Ask whether a store or an ads account is really to be removed",
        {"200": page("The question."), "303": TO_SIGN_IN},
        reasons=("not_found", *NEEDED),
        parameters=[RECORD_ID],
        security=SIGNED_IN,
        pages=True,
    ),
    Operation(
        "post",
        "/remove/{record_id}",
        "remove",
        TAG,
        "Remove a store or an ads account",
        {"303": redirect("To the overview, or to the sign-in page")},
        reasons=("bad_parameter", "form_refused", "not_found", *NEEDED),
        parameters=[RECORD_ID],
        request=form({"token": TOKEN_EXAMPLE}, {"token": FORM_TOKEN}),
        security=SIGNED_IN,
        pages=True,
    ),
    Operation(
        "get",
        "/spApi/oauth/login",
        "appstore_login",
        TAG,
        "Take a seller who comes from Amazon's Appstore",
        {"303": redirect("To the page that asks before anything is bound to a user")},
        description="The application's Login URI.",
        reasons=("appstore_refused",),
        parameters=APPSTORE_QUERY,
        pages=True,
    ),
    Operation(
        "get",
        "/appstore",
        "appstore_question",
        TAG,
        "Ask whether a seller from the Appstore is to be connected",
        {"200": page("The question."), "303": TO_SIGN_IN},
        reasons=("appstore_refused", *NEEDED),
        parameters=APPSTORE_QUERY,
        security=SIGNED_IN,
        pages=True,
    ),
    Operation(
        "post",
        "/appstore",
        "appstore_connect",
        TAG,
        "Make a state for that seller and the link back to Amazon",
        {
            "200": page("The page with the link to Amazon."),
            "303": TO_SIGN_IN,
            "400": page("The question again, with what is wrong in it."),
        },
        reasons=("bad_parameter", "appstore_refused", "form_refused", "app_not_configured", *NEEDED),
        request=form(
            {
                "token": TOKEN_EXAMPLE,
                "name": "My Store 我的店铺",
                **{name: example for name, (_, example) in APPSTORE.items()},
            },
            {
                "token": FORM_TOKEN,
                "name": NAME,
                **{name: text(description) for name, (description, _) in APPSTORE.items()},
            },
            {"version": text(DRAFT)},
        ),
        security=SIGNED_IN,
        pages=True,
    ),
    Operation(
        "get",
        "/spApi/oauth/callback",
        "store_callback",
        TAG,
        "Take a browser that comes back from Seller or Vendor Central",
        CALLBACK_ANSWERS,
        description=CALLBACK_TEXT,
        reasons=VAULT,
        parameters=[
            query("spapi_oauth_code", "The authorization code, as the SP-API calls it", "ANExampleCode"),
            query("selling_partner_id", "The seller who agreed", "A1SANDBOXNA001"),
            *CALLBACK_QUERY,
        ],
        pages=True,
    ),
    Operation(
        "get",
        "/amazonAds/oauth/callback",
        "account_callback",
        TAG,
        "Take a browser that comes back from the Ads consent page",
        CALLBACK_ANSWERS,
        description=CALLBACK_TEXT,
        reasons=VAULT,
        parameters=CALLBACK_QUERY,
        pages=True,
    ),
    Operation(
        "get",
        "/oauth/result",
        "callback_problem",
        TAG,
        "Tell why a callback could not be matched to an authorization",
        {},
        reasons=("state_unknown", "state_used", "expired", "not_found"),
        parameters=[query("problem", "Why", "expired", enum=["state_unknown", "state_used", "expired"])],
        pages=True,
    ),
    Operation(
        "get",
        "/oauth/result/{attempt_id}",
        "result",
        TAG,
        "Tell how an authorization ended",
        {"200": page("How it ended, or that it has not yet.")},
        reasons=("not_found", *VAULT),
        parameters=[ATTEMPT_ID],
        pages=True,
    ),
    Operation(
        "get",
        "/oauth/confirm/{attempt_id}",
        "confirmation_question",
        TAG,
        "Ask whether this user may have access",
        {"200": page("The question."), "303": redirect("To the result, where it has ended")},
        reasons=("confirmation_ended", "not_found", *VAULT),
        parameters=[ATTEMPT_ID, query("held", "What the callback brought, encrypted", HELD_EXAMPLE)],
        pages=True,
    ),
    Operation(
        "post",
        "/oauth/confirm/{attempt_id}",
        "confirm",
        TAG,
        "Take the person's word",
        {"303": redirect("To the result")},
        reasons=(
            "bad_parameter",
            "confirmation_ended",
            "confirmation_forged",
            "state_unknown",
            "expired",
            "not_found",
            *VAULT,
        ),
        parameters=[ATTEMPT_ID],
        request=form(
            {"held": HELD_EXAMPLE, "csrfToken": TOKEN_EXAMPLE, "decision": "confirm"},
            {
                "held": text("What the callback brought, encrypted"),
                "csrfToken": text("The token of the question's page"),
                "decision": text("The answer", enum=["confirm", "cancel"]),
            },
        ),
        pages=True,
    ),
    Operation(
        "get",
        "/pages/style.css",
        "stylesheet",
        TAG,
        "Serve the pages' one stylesheet",
        {
            "200": {
                "description": "The stylesheet.",
                "headers": REQUEST_ID,
                "content": {"text/css": {"schema": text("CSS")}},
            }
        },
        pages=True,
    ),
)

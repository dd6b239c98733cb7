"""Which reasons of references/errors.json belong together: a call names them by these groups."""

# What any request can come to before its function, and what any call can.
REQUEST_ERRORS = ("host_not_allowed", "body_too_large", "internal")
VAULT_ERRORS = ("vault_unavailable", "vault_failed")
CALL_ERRORS = (
    *("bad_parameter", "unauthorized", "key_lacks_right", "too_many_failures"),
    *VAULT_ERRORS,
    *("origin_not_allowed", *REQUEST_ERRORS),
)
# What asking Amazon for a token can come to, whosever refresh token it is.
TOKEN_ERRORS = (
    "suspended_app",
    "app_not_configured",
    "scope_refused",
    "request_refused",
    "amazon_failed",
    "amazon_throttled",
    "not_stored",
)
# What reading or refreshing a token can come to.
REFRESH_ERRORS = (
    "not_found",
    "store_revoked",
    "grant_of_another_client",
    "tokens_damaged",
    "refusal_in_doubt",
    *TOKEN_ERRORS,
)
IMPORT_ERRORS = (
    "import_refused",
    "import_of_another_client",
    "app_credentials",
    "completion_delayed",
    *TOKEN_ERRORS,
)
STORE_IMPORT_ERRORS = ("import_wrong_region", *IMPORT_ERRORS)
COMPLETION_ERRORS = (
    "not_found",
    "state_unknown",
    "state_used",
    "code_taken",
    "expired",
    "completion_delayed",
)
# What an attempt can end with; `authorizationStatus` tells it in its own `reason`.
ATTEMPT_REASONS = (
    "access_denied",
    "not_confirmed",
    "expired",
    "interrupted",
    "code_missing",
    "consent_failed",
    "seller_missing",
    "code_refused",
    "wrong_seller",
    "removed_meanwhile",
    "connected_elsewhere",
    "app_changed",
    "app_credentials",
    "app_not_configured",
    "scope_refused",
    "exchange_failed",
    "not_stored",
)

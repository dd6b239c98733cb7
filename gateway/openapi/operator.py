"""What operators and their tools come to."""

from typing import Any

from gateway.openapi.operations import JSON, Operation
from gateway.openapi.reasons import REQUEST_ID, VAULT
from gateway.openapi.records import SANDBOX
from gateway.openapi.shapes import Schema, flag, integer, list_of, record, ref, text

TAG = "Operation"


def _answer(description: str, schema: Schema, example: Any = None) -> dict[str, Any]:
    shown = {} if example is None else {"example": example}
    return {
        "description": description,
        "headers": REQUEST_ID,
        "content": {JSON: {"schema": schema, **shown}},
    }


def _readiness(status: str) -> Schema:
    """What `/readyz` answers. `attention` goes to operators, and holds only what there is."""
    attention = record(
        {},
        optional={
            "needsReauthorization": integer("Authorizations that have to be given again", minimum=1),
            "authorizationsEnding": integer("Authorizations that end within 30 days", minimum=1),
            "suspendedApps": {
                "type": "object",
                "description": "Why Amazon refuses an application, by `spapi` and `ads`",
                "additionalProperties": {"type": "string"},
                "propertyNames": {"enum": ["spapi", "ads"]},
            },
            "clientSecrets": list_of(ref("SecretWarning"), "Client secrets that grow old", minItems=1),
            "noticesWaiting": integer("Notices that the webhook has not taken yet", minimum=1),
        },
        description="What somebody should look after",
    )
    checks = {
        "database": flag("The database answers"),
        "masterKey": flag("The vault opens with the master key"),
        "applications": flag("At least one Amazon application is set"),
    }
    return record(
        {"status": text("In a word", enum=[status]), "checks": record(checks, description="Each check")},
        optional={"attention": attention, "sandbox": SANDBOX},
    )


READY_EXAMPLE = {
    "status": "ready",
    "checks": {"database": True, "masterKey": True, "applications": True},
    "attention": {"needsReauthorization": 1},
}

OPERATIONS = (
    Operation(
        "get",
        "/healthz",
        "healthz",
        TAG,
        "Tell whether the gateway takes requests",
        {
            "200": _answer(
                "It does.",
                record({"status": text("Always the same", enum=["ok"])}, optional={"sandbox": SANDBOX}),
                {"status": "ok"},
            )
        },
        description="No key is needed.",
    ),
    Operation(
        "get",
        "/readyz",
        "readyz",
        TAG,
        "Tell whether the gateway can be worked with",
        {
            "200": _answer("It can.", _readiness("ready"), READY_EXAMPLE),
            "503": _answer("It cannot: one of the checks is false.", _readiness("not_ready")),
        },
        description="No key is needed; on loopback, or with a key that may `manage`, it tells more.",
        reasons=VAULT,
        security=[{}, {"apiKey": ["manage"]}],
    ),
    Operation(
        "get",
        "/metrics",
        "metrics",
        TAG,
        "Answer the metrics of this gateway",
        {
            "200": {
                "description": "Metrics whose names begin with `linkfox_`, for a Prometheus to scrape.",
                "headers": REQUEST_ID,
                "content": {"text/plain": {"schema": text("The Prometheus text format 0.0.4")}},
            }
        },
        description="On loopback no key is needed, but to what came through a proxy.",
        reasons=("unauthorized", "key_lacks_right", *VAULT),
        security=[{}, {"apiKey": ["manage"]}],
    ),
    Operation(
        "get",
        "/openapi.json",
        "openapi",
        TAG,
        "Answer this document",
        {"200": _answer("An OpenAPI 3.1 document.", {"type": "object"})},
        description="No key is needed.",
    ),
)

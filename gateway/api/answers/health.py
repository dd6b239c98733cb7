"""What the gateway answers of its own state."""

from typing import Literal

from pydantic import Field

from gateway.api.answers.base import Absent, Answer, PositiveCount, Record, extra
from gateway.api.answers.grants import ENDING_DAYS, SecretWarning
from gateway.model import Flow
from gateway.monitoring.readiness import Reason
from gateway.util.version import version


class Health(Answer):
    """That the gateway takes requests."""

    status: Literal["ok"] = Field(description="Always the same")
    version: str = Field(description="That of the gateway", examples=[version()])


class Checks(Record):
    """What was looked at, and whether it can be worked with."""

    database: bool = Field(description="The database answers", examples=[True])
    writable: bool = Field(
        description="The database takes writes, as the last refused one and a probe now and then tell",
        examples=[True],
    )
    master_key: bool = Field(
        description="The master key opens the vault of this gateway; while the database does not answer, "
        "whether it did when last seen",
        examples=[True],
    )
    applications: bool = Field(description="At least one Amazon application is set", examples=[True])
    read_replica: bool | Absent = extra(
        "Lists are read from the read replica, where one is set; without it they come from the primary"
    )


class Attention(Record):
    """What somebody should look after; only what there is."""

    needs_reauthorization: PositiveCount | Absent = extra("Authorizations that have to be given again")
    authorizations_ending: PositiveCount | Absent = extra(
        f"Authorizations that end within {ENDING_DAYS} days"
    )
    suspended_apps: dict[Flow, str] | Absent = extra(
        "Why Amazon refuses an application, by `spapi` and `ads`"
    )
    client_secrets: list[SecretWarning] | Absent = extra(
        "Client secrets that grow old", json_schema_extra={"minItems": 1}
    )
    notices_waiting: PositiveCount | Absent = extra("Notices that the webhook has not taken yet")
    master_key_seals: PositiveCount | Absent = extra(
        "How many values the master key has sealed, once a new one is advised"
    )
    failing_jobs: list[str] | Absent = extra(
        "What the gateway does by itself and keeps failing, by its name in the log",
        json_schema_extra={"minItems": 1},
    )
    cannot_write: str | Absent = extra("Why the database takes no writes")
    clock_off: dict[Literal["amazon", "database"], int] | Absent = extra(
        "By how many seconds the clock of the gateway's machine is ahead of others, where that is far off"
    )


class Readiness(Answer):
    """Whether the gateway can be worked with."""

    status: Literal["ready"] = Field(description="In a word", examples=["ready"])
    checks: Checks = Field(description="Each check")
    attention: Attention | Absent = extra("What somebody should look after")


class Unreadiness(Readiness):
    """That the gateway cannot be worked with."""

    status: Literal["not_ready"] = Field(  # type: ignore[assignment]
        description="In a word", examples=["not_ready"]
    )
    reasons: list[Reason] = Field(
        description="Why not: `stopping` (it serves on for a moment, and wants no more traffic), "
        "`database_unavailable`, `cannot_write`, `master_key_refused`, `no_application`",
        examples=[["stopping"]],
        min_length=1,
    )

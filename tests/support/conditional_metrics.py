"""The metrics that a gateway tells under a condition alone, with the labels that they then have."""

CONDITIONAL: dict[str, dict[str, str]] = {
    # Where its date is set.
    "linkfox_client_secret_age_days": {"flow": "spapi"},
    # With GATEWAY_DATABASE_READ_URL.
    "linkfox_read_replica_lag_seconds": {},
    # With GATEWAY_BACKUP_FOLDER.
    "linkfox_backup_age_seconds": {},
    # Once the other clock was seen.
    "linkfox_clock_offset_seconds": {"against": "amazon"},
}

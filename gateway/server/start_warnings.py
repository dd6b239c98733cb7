"""What a start says in the log that somebody should look at, though it serves all the same."""

import logging

from gateway.server.connection_limits import MOST_CONNECTIONS, RESERVED_DESCRIPTORS, connections_within
from gateway.settings.cautions import cautions
from gateway.settings.settings import Settings
from gateway.util import events

log = logging.getLogger(__name__)

# Most systems give as many, or more; with fewer a handful of silent clients is felt.
FEW_DESCRIPTORS = 1024


def warn_at_start(settings: Settings) -> None:
    """Say which files others can read, which settings are doubtful, and whether files may be few."""
    for path in settings.readable_files:
        events.warning(log, "secret_readable", file=path)
    for caution in cautions(settings):
        events.warning(
            log, "setting_doubtful", setting=caution.setting, error=caution.message, hint=caution.remedy
        )
    warn_of_few_descriptors()


def warn_of_few_descriptors() -> None:
    """Say in the log where the limit of open files lets only few connections be open."""
    try:
        import resource
    except ImportError:  # Windows
        return
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit != resource.RLIM_INFINITY and limit < FEW_DESCRIPTORS:
        needed = MOST_CONNECTIONS + RESERVED_DESCRIPTORS
        hint = f"Raise it to {needed}: `ulimit -n {needed}`, or LimitNOFILE={needed} of systemd."
        events.warning(log, "few_descriptors", limit=limit, connections=connections_within(limit), hint=hint)

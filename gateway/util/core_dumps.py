"""Core dumps: a picture of the process's memory, with the master key and tokens in it, left in its folder."""

from contextlib import suppress


def switch_off() -> None:
    """Let this process, and those that it starts, leave none (setrlimit(2), RLIMIT_CORE).

    The hard limit goes down, too, so nothing that is loaded later can switch them on again. A handler that
    the system pipes dumps into is told the limit; systemd-coredump and apport keep nothing then. Windows has
    no such limit.
    """
    try:
        import resource
    except ImportError:
        return
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

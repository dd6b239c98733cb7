"""The signals that end the process, from its first moment until uvicorn takes them over."""

import signal


class Stopped(BaseException):
    """A signal asked the process to end."""


class EndingSignals:
    """Raises Stopped wherever the process is when one comes.

    Python loses an exception that is raised inside a destructor, so each signal is kept as well: `check`
    raises for one that was lost. Else the process would begin to serve, and nobody would end it.
    """

    def __init__(self) -> None:
        self._came = False

    def take(self) -> None:
        """Let each of them raise Stopped from now on."""
        for number in _ending_signals():
            signal.signal(number, self._stop)
        if hasattr(signal, "SIGHUP"):
            # There is nothing to reload yet, and that is no reason to end.
            signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def check(self) -> None:
        """Raise Stopped where one has come."""
        if self._came:
            raise Stopped

    @staticmethod
    def ignore() -> None:
        """Let none of them do anything from now on: a second Ctrl+C must not interrupt the cleaning up."""
        for number in _ending_signals():
            signal.signal(number, signal.SIG_IGN)

    def _stop(self, _number: int, _frame: object) -> None:
        self._came = True
        raise Stopped


def _ending_signals() -> list[signal.Signals]:
    names = ("SIGINT", "SIGTERM", "SIGBREAK")
    return [getattr(signal, name) for name in names if hasattr(signal, name)]

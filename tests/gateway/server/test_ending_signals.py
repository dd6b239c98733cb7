"""A signal that asks the process to end is never lost."""

import signal
from collections.abc import Iterator

import pytest

from gateway.server.ending_signals import EndingSignals, Stopped

NAMES = [name for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name)]


@pytest.fixture
def signals() -> Iterator[EndingSignals]:
    """The signals, taken as `serve` takes them; what was there before comes back afterwards."""
    before = {name: signal.getsignal(getattr(signal, name)) for name in NAMES}
    taken = EndingSignals()
    taken.take()
    yield taken
    for name, handler in before.items():
        signal.signal(getattr(signal, name), handler)


@pytest.mark.parametrize("name", NAMES)
def test_a_signal_stops_what_is_under_way(signals: EndingSignals, name: str) -> None:
    """Wherever the process is."""
    signals.check()
    with pytest.raises(Stopped):
        signal.raise_signal(getattr(signal, name))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_signal_inside_a_destructor_is_seen_afterwards(signals: EndingSignals) -> None:
    """Python prints what a destructor raises, and goes on."""

    class Dying:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGTERM)

    dying = Dying()
    del dying
    with pytest.raises(Stopped):
        signals.check()


def test_while_cleaning_up_none_of_them_interrupts(signals: EndingSignals) -> None:
    """A second Ctrl+C."""
    signals.ignore()
    signal.raise_signal(signal.SIGINT)
    signals.check()

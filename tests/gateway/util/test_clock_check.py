"""This machine's clock, compared with others."""

import logging

import pytest

from gateway.util.clock_check import FAR_OFF, ClockCheck

NOON = 1_704_110_400  # Mon, 01 Jan 2024 12:00:00 GMT


def test_what_is_far_off_is_told_once_until_it_is_right(caplog: pytest.LogCaptureFixture) -> None:
    """Each other clock for itself; what an answer's way takes is no matter."""
    now = [float(NOON)]
    clocks = ClockCheck(lambda: now[0])
    with caplog.at_level(logging.INFO):
        clocks.compare_header("amazon", "Mon, 01 Jan 2024 12:00:00 GMT")
        assert (clocks.offsets, clocks.far_off) == ({"amazon": 0}, {})
        now[0] -= FAR_OFF + 1
        for _ in range(2):
            clocks.compare_header("amazon", "Mon, 01 Jan 2024 12:00:00 GMT")
        clocks.compare("database", now[0] - FAR_OFF)
        assert clocks.far_off == {"amazon": -FAR_OFF - 1}
        now[0] = NOON
        clocks.compare_header("amazon", "Mon, 01 Jan 2024 12:00:00 GMT")
    assert clocks.far_off == {}
    assert [record.getMessage() for record in caplog.records] == [
        f"clock_off against=amazon offsetSeconds={-FAR_OFF - 1}",
        "clock_right_again against=amazon offsetSeconds=0",
    ]


@pytest.mark.parametrize(
    "date", [None, "", "yesterday", "Mon, 99 Jan 2024 12:00:00 GMT", "1704110400", "é" * 9]
)
def test_what_is_no_date_says_nothing(date: str | None) -> None:
    """Whatever stands between may send anything."""
    clocks = ClockCheck(lambda: NOON)
    clocks.compare_header("amazon", date)
    assert clocks.offsets == {}

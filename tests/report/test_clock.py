"""Stretches of time as people read them."""

import pytest

from hwdoctor.report.clock import about, clock


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (7.4, "0:07"), (59.6, "1:00"), (750, "12:30"), (3723, "1:02:03"), (-3, "0:00")],
)
def test_a_running_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.04, "0 s"),
        (3.21, "3.2 s"),
        (9.96, "10 s"),
        (45.4, "45 s"),
        (89.4, "89 s"),
        (90, "2 min"),
        (725, "12 min"),
        (3599, "1 h"),
        (4800, "1 h 20 min"),
        (90000, "25 h"),
    ],
)
def test_about_how_long(seconds: float, text: str) -> None:
    assert about(seconds) == text

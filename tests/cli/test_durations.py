"""Stretches of time on the command line: what is meant, and what is refused."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwdoctor.cli.durations import LONGEST_SECONDS, seconds_of


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("10m", 600),
        ("90s", 90),
        ("1h30m", 5400),
        ("1h", 3600),
        ("1h1m1s", 3661),
        ("600", 600),
        ("0", 0),
        ("0s", 0),
        ("1.5h", 5400),
        ("2.5", 2.5),
        (" 10m ", 600),
        ("10M", 600),
        ("90m", 5400),
    ],
)
def test_what_is_meant(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "m",
        "ten minutes",
        "-5m",
        "10 m",
        "5m1h",
        "1h30",
        "10mm",
        "nan",
        "inf",
        "1e3",
        "0x10",
        "1_000",
        "٣m",
        "10d",
        "999h",
        "99999999999999999999h",
        "10m\x1b[2J",
    ],
)
def test_what_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write 10m, 90s, 1h30m"):
        seconds_of(text)


@given(st.text(alphabet="0123456789.hmsHMS -+e", max_size=12))
def test_anything_is_a_time_or_refused(text: str) -> None:
    try:
        seconds = seconds_of(text)
    except ValueError:
        return
    assert 0 <= seconds <= LONGEST_SECONDS
    assert math.isfinite(seconds)


@given(st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_what_is_written_is_read(hours: int, minutes: int, seconds: int) -> None:
    assert seconds_of(f"{hours}h{minutes}m{seconds}s") == 3600 * hours + 60 * minutes + seconds

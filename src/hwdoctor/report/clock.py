"""Stretches of wall-clock time as a person reads them: on a running clock, and about how long."""

from typing import Final

_MINUTE: Final = 60
_HOUR: Final = 3600
_PRECISE: Final = 9.95  # seconds; below, a tenth of a second is worth telling
_MINUTES_FROM: Final = 90  # seconds; up to here, seconds are how people count


def clock(seconds: float) -> str:
    """`0:07`, `12:30`, `1:02:03`."""
    minutes, rest = divmod(max(0, round(seconds)), _MINUTE)
    hours, minutes = divmod(minutes, _MINUTE)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def about(seconds: float) -> str:
    """Two digits in the unit that fits: `3.2 s`, `45 s`, `12 min`, `1 h 20 min`."""
    if seconds < _PRECISE:
        return f"{seconds:.1f} s".replace(".0 s", " s")
    if seconds < _MINUTES_FROM:
        return f"{seconds:.0f} s"
    minutes = round(seconds / _MINUTE)
    if minutes < _MINUTE:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, _MINUTE)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"

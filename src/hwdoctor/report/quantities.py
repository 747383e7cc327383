"""Numbers as a person reads them. Never used for anything that a program reads."""

from typing import Final

_UNITS: Final = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
_STEP: Final = 1024


def size(count_bytes: int) -> str:
    """Bytes with three digits at most: `23.4 GiB`, `512 MiB`."""
    value = float(count_bytes)
    unit = 0
    while abs(value) >= _STEP and unit < len(_UNITS) - 1:
        value /= _STEP
        unit += 1
    digits = f"{value:.1f}".removesuffix(".0") if abs(value) < 100 else f"{value:.0f}"
    return f"{digits} {_UNITS[unit]}"


def counted(number: float, noun: str, plural: str | None = None) -> str:
    """`1 core`, `2 cores`, `1.5 cores`."""
    form = noun if number == 1 else plural or f"{noun}s"
    return f"{number:g} {form}"

"""Numbers as a person reads them. Never used for anything that a program reads."""

from collections.abc import Sequence
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


_PREFIXES: Final = ("", "k", "M", "G", "T", "P")
# Units that carry a prefix themselves, by the name that results use.
_SYMBOLS: Final = {"bytes/s": "B/s", "flop/s": "FLOP/s", "FLOP/s": "FLOP/s", "OP/s": "OP/s"}


def rate(value: float, unit: str) -> str:
    """Three significant digits: `151 M options/s`, `37.4 GB/s`."""
    place = 0
    while abs(value) >= 1000 and place < len(_PREFIXES) - 1:
        value /= 1000
        place += 1
    prefix = _PREFIXES[place]
    if unit in _SYMBOLS:
        return f"{value:.3g} {prefix}{_SYMBOLS[unit]}"
    return f"{value:.3g} {prefix} {unit}" if prefix else f"{value:.3g} {unit}"


def duration(seconds: float, *, like: float | None = None) -> str:
    """Three significant digits in the unit that fits (or that fits `like`): `1.23 ms`."""
    fitted = seconds if like is None else like
    for limit, factor, unit in ((1e-6, 1e9, "ns"), (1e-3, 1e6, "us"), (1.0, 1e3, "ms")):
        if fitted < limit:
            return f"{_three_digits(seconds * factor)} {unit}"
    return f"{_three_digits(seconds)} s"


def _three_digits(value: float) -> str:
    """Without an exponent, which `g` writes from 1000 on."""
    return f"{value:.3g}" if abs(value) < 999.5 else f"{value:.0f}"


def counted(number: float, noun: str, plural: str | None = None) -> str:
    """`1 core`, `2 cores`, `1.5 cores`."""
    form = noun if number == 1 else plural or f"{noun}s"
    return f"{number:g} {form}"


MOST_NAMED: Final = 6
"""Longer lists are counted instead."""


def named(names: Sequence[str]) -> str:
    """The configurations of cells: `jax-cuda, torch-cuda (12 cells)`; many are only counted."""
    different = sorted(set(names))
    cells = counted(len(names), "cell")
    if len(different) > MOST_NAMED:
        return cells
    more = f" ({cells})" if len(names) > len(different) else ""
    return f"{', '.join(different)}{more}"

"""Caches of a Mac: those of each level of cores, or an Intel Mac's.

`hw.l1dcachesize` and its like are the slowest level's on Apple silicon; they are read on Intel
alone, whose cores are equal.
"""

from collections.abc import Mapping
from typing import Final, Literal

from hwdoctor.model import Cache
from hwdoctor.probing.interpret.apple_chip import Chip
from hwdoctor.probing.interpret.apple_tiers import Tiers, is_placeholder
from hwdoctor.probing.interpret.reading import positive_number

Kind = Literal["data", "instruction", "unified"]

_CACHES: Final[tuple[tuple[str, int, Kind], ...]] = (
    ("l1dcachesize", 1, "data"),
    ("l1icachesize", 1, "instruction"),
    ("l2cachesize", 2, "unified"),
    ("l3cachesize", 3, "unified"),
)
_MOST_TIERS: Final = 8


def from_sysctl(values: Mapping[str, str], chip: Chip | None, tiers: Tiers) -> tuple[Cache, ...]:
    """Every cache whose size was printed, the fastest cores first."""
    if chip is not None and chip.vendor == "Intel":
        return _of("hw.", values, None)
    found: tuple[Cache, ...] = ()
    for number, tier in enumerate(tiers[:_MOST_TIERS]):
        name = None if len(tiers) < 2 or is_placeholder(tier) else tier.name
        found += _of(f"hw.perflevel{number}.", values, name)
    return found


def _of(prefix: str, values: Mapping[str, str], tier: str | None) -> tuple[Cache, ...]:
    shared = positive_number(values.get(f"{prefix}cpusperl2"))
    return tuple(
        Cache(
            level=level,
            kind=kind,
            size_bytes=size,
            shared_by=shared if level == 2 else None,
            tier=tier,
        )
        for key, level, kind in _CACHES
        if (size := positive_number(values.get(prefix + key)))
    )

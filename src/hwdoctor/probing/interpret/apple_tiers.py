"""Groups of equal cores on a Mac, from three sources that each name them differently.

* `hw.perflevelN.*` is the truth: level 0 is the fastest, whatever it is called.
* "10 (4 Super and 6 Efficiency)" is system_profiler's text.
* `proc 12:8:4` is its JSON, whose order of fields changed twice.

A count is never taken from the chip's name. Where the sources leave a count or the order of the
fields open, it stays unknown.
"""

import re
from collections.abc import Mapping

from hwdoctor.model import Tier
from hwdoctor.probing.interpret.apple_chip import Chip
from hwdoctor.probing.interpret.reading import name_of, positive_number, whole_number

Tiers = tuple[Tier, ...]

_LEVEL = re.compile(r"^hw\.perflevel(\d)\.")
_MOST_LEVELS = 8
_COUNTED = re.compile(r"(\d{1,4})\s+([A-Za-z]{3,20})")
_TEXT_TOTAL = re.compile(r"^\s*(\d{1,4})\s*(?:\(([^)]*)\))?\s*$")
_PROC = re.compile(r"^\s*(?:proc\s+)?(\d{1,4}(?::\d{1,4}){0,3})\s*$")
_PLACEHOLDER = "perflevel"


def from_sysctl(values: Mapping[str, str], chip: Chip | None, total: int | None) -> Tiers:
    """The levels sysctl shows; empty where it does not show how many there are."""
    seen = [int(match[1]) for key in values if (match := _LEVEL.match(key))]
    declared = positive_number(values.get("hw.nperflevels"))
    levels = declared or (max(seen) + 1 if seen else 0)
    if levels > _MOST_LEVELS or (seen and max(seen) >= levels):
        return ()
    tiers = tuple(_level(values, number, levels, chip) for number in range(levels))
    return tiers if declared or _are_all(tiers, chip, total) else ()


def _are_all(tiers: Tiers, chip: Chip | None, total: int | None) -> bool:
    """Whether an excerpt that does not say how many levels there are shows all of them."""
    counts = [tier.cores for tier in tiers]
    if total is not None and None not in counts:
        return sum(count or 0 for count in counts) == total
    if len(tiers) < 2:
        return False
    # Nothing is slower than Efficiency; from M5 on, two levels may be the first two of three.
    return bool(chip and chip.has_two_kinds) or tiers[-1].name == "Efficiency"


def _level(values: Mapping[str, str], number: int, levels: int, chip: Chip | None) -> Tier:
    prefix = f"hw.perflevel{number}."
    name = name_of(values.get(prefix + "name"))
    keys = ["physicalcpu", "physicalcpu_max"]
    if name != "Standard" and levels > 1:
        keys.append("logicalcpu")  # Apple's cores have one thread each; Intel's are "Standard"
    cores = next((n for key in keys if (n := positive_number(values.get(prefix + key)))), None)
    if name is None and levels == 2 and chip and chip.has_two_kinds:
        name = ("Performance", "Efficiency")[number]  # macOS 12 shows levels without names
    return Tier(name=name or f"{_PLACEHOLDER}{number}", cores=cores)


def from_text(value: str | None) -> tuple[int | None, Tiers]:
    """`10 (8 performance and 2 efficiency)`: the total, and the tiers where they add up."""
    match = _TEXT_TOTAL.match(value or "")
    if match is None:
        return None, ()
    total = positive_number(match[1])
    counted = [(int(count), word.capitalize()) for count, word in _COUNTED.findall(match[2] or "")]
    tiers = tuple(Tier(name=word, cores=count) for count, word in counted if count)
    return total, tiers if _adds_up(tiers, total) else ()


def from_translated(value: str | None, chip: Chip | None) -> tuple[int | None, Tiers]:
    """`8 (4 Leistung und 4 Effizienz)`: the order of the kinds is the same in every language.

    Names are only certain on chips whose cores are of two kinds, the faster of which comes first.
    """
    match = _TEXT_TOTAL.match(value or "")
    if match is None:
        return None, ()
    total = positive_number(match[1])
    counts = [int(count) for count in re.findall(r"\d{1,4}", match[2] or "")]
    if chip is None or not chip.has_two_kinds or len(counts) != 2 or sum(counts) != total:
        return total, ()
    names = ("Performance", "Efficiency")
    return total, tuple(Tier(name=n, cores=c) for n, c in zip(names, counts, strict=True))


def from_processors(
    value: str | int | None, macos: int | None, chip: Chip | None
) -> tuple[int | None, Tiers]:
    """`number_processors` of SPHardwareDataType: the total, and the tiers where they are certain.

    Args:
        value: `proc 8:4:4`, `proc 18:6:0:12`, a plain number, or nothing.
        macos: the major version that fixes the order of four fields, where known.
        chip: for the name of the fastest cores where the fields give none.
    """
    match = _PROC.match(str(value)) if value is not None else None
    if match is None:
        return None, ()
    total, *counts = (whole_number(field) or 0 for field in match[1].split(":"))
    names = _field_names(counts, macos, chip)
    if counts and sum(counts) != total:
        return None, ()
    if not counts or names is None:
        return total or None, ()
    named = [Tier(name=name, cores=n) for name, n in zip(names, counts, strict=True) if n]
    return total or None, tuple(sorted(named, key=lambda tier: _SPEED[tier.name]))


_SPEED = {"Super": 0, "Performance": 1, "Efficiency": 2}


def _field_names(counts: list[int], macos: int | None, chip: Chip | None) -> tuple[str, ...] | None:
    match len(counts), macos:
        case 2, _ if chip is None or chip.family is None or chip.has_two_kinds:
            return "Performance", "Efficiency"  # the form of macOS 15 and older
        case 3, 27:
            return "Super", "Performance", "Efficiency"
        case 3, 26:
            fastest = _fastest_name(counts, chip)
            return (fastest, "Efficiency", "Performance") if fastest else None
    return None


def _fastest_name(counts: list[int], chip: Chip | None) -> str | None:
    """Name the first field of macOS 26: the fastest level, whatever the chip calls it."""
    if counts[2] or (chip and chip.family == "M5"):
        return "Super"
    return "Performance" if chip and chip.has_two_kinds else None


def _adds_up(tiers: Tiers, total: int | None) -> bool:
    return bool(tiers) and sum(tier.cores or 0 for tier in tiers) == total


def merged(first: Tiers, *others: Tiers) -> Tiers:
    """The first source's tiers, its gaps filled from sources that agree with what it does say."""
    for other in others:
        if not first:
            first = other
        elif len(first) == len(other) and all(map(_agree, first, other)):
            first = tuple(map(_filled, first, other))
    return first


def _agree(a: Tier, b: Tier) -> bool:
    return (a.cores is None or b.cores is None or a.cores == b.cores) and (
        is_placeholder(a) or is_placeholder(b) or a.name == b.name
    )


def _filled(a: Tier, b: Tier) -> Tier:
    return Tier(
        name=b.name if is_placeholder(a) else a.name, cores=b.cores if a.cores is None else a.cores
    )


def is_placeholder(tier: Tier) -> bool:
    """Whether the level is known by its number only."""
    return tier.name.startswith(_PLACEHOLDER)


def macos_of(os_version: str | None, firmware: str | None) -> int | None:
    """The macOS generation that wrote a report, from its version or else its firmware's.

    iBoot 18000 came with macOS 26 and 20457 with macOS 27, as recorded; no others are assumed.
    """
    major = whole_number((os_version or "").split(".")[0])
    if major is not None:
        return major
    return {"18000": 26, "20457": 27}.get((firmware or "").split(".")[0])

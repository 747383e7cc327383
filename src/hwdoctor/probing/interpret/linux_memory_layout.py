"""Linux: caches and memory nodes, as sysfs shows them, or as lscpu does where it is exact.

lscpu since 2.34 adds up all caches of a level, which on a processor with two kinds of cores or of
cache slices cannot be taken apart again: only its older form (one cache) and a level with a
single cache are read.
"""

import re
from collections.abc import Iterator
from typing import Final, Literal

from hwdoctor.model import Cache, Tier
from hwdoctor.probing.interpret.lscpu import Lscpu, cpu_list
from hwdoctor.probing.interpret.reading import bytes_of, positive_number
from hwdoctor.probing.source import Source

Kind = Literal["data", "instruction", "unified"]

_FOLDER: Final = "/sys/devices/system/cpu/cpu0/cache/index[0-9]*"
_NODES: Final = "/sys/devices/system/node"
_KINDS: Final[dict[str, Kind]] = {
    "Data": "data",
    "Instruction": "instruction",
    "Unified": "unified",
}
_OF_LSCPU: Final[tuple[tuple[str, int, Kind], ...]] = (
    ("L1d cache", 1, "data"),
    ("L1i cache", 1, "instruction"),
    ("L2 cache", 2, "unified"),
    ("L3 cache", 3, "unified"),
    ("L4 cache", 4, "unified"),
)
_MOST_LEVELS: Final = 8
_ONE_OF_MANY: Final = re.compile(r"^\d{1,9}[KM]$")
_THE_ONLY_ONE: Final = re.compile(r"^(\d{1,9}(?:[.,]\d{1,3})? [KMG]iB) \(1 instance\)$")
_NODE_PROCESSORS: Final = re.compile(r"^NUMA node(\d{1,4}) CPU\(s\)$")


def caches(source: Source, lscpu: Lscpu, tiers: tuple[Tier, ...]) -> tuple[Cache, ...]:
    """What the first processor has, from the smallest level up."""
    tier = _tier_of_the_first(source, tiers)
    shown = tuple(_from_sysfs(source, tier))
    if not shown and len(tiers) < 2:
        shown = tuple(_from_lscpu(lscpu))
    return tuple(sorted(shown, key=lambda cache: (cache.level, cache.kind)))


def _from_sysfs(source: Source, tier: str | None) -> Iterator[Cache]:
    for path in source.files(f"{_FOLDER}/level"):
        folder = path.rpartition("/")[0]
        level = positive_number(source.value(path))
        kind = _KINDS.get(source.value(f"{folder}/type") or "")
        size = bytes_of(source.value(f"{folder}/size"))
        if level is None or level > _MOST_LEVELS or kind is None or not size:
            continue
        shared = cpu_list(source.value(f"{folder}/shared_cpu_list"))
        yield Cache(
            level=level,
            kind=kind,
            size_bytes=size,
            shared_by=len(shared) if shared else None,
            tier=tier,
        )


def _tier_of_the_first(source: Source, tiers: tuple[Tier, ...]) -> str | None:
    """The kind of processor 0, where its kind lists its members."""
    if len(tiers) != 2:
        return None
    for folder, tier in zip(("cpu_core", "cpu_atom"), tiers, strict=True):
        if 0 in (cpu_list(source.file(f"/sys/devices/{folder}/cpus")) or ()):
            return tier.name
    return None


def _from_lscpu(lscpu: Lscpu) -> Iterator[Cache]:
    for key, level, kind in _OF_LSCPU:
        stated = lscpu.values.get(key, "")
        single = _THE_ONLY_ONE.match(stated)
        if single or _ONE_OF_MANY.match(stated):
            size = bytes_of(single[1] if single else stated)
            if size:
                yield Cache(level=level, kind=kind, size_bytes=size)


def numa_nodes(source: Source, lscpu: Lscpu, started_with: int | None) -> int | None:
    """Nodes that have processors; nodes of memory alone (a GPU's, an expander's) are none."""
    with_processors = cpu_list(source.file(f"{_NODES}/has_cpu"))
    if with_processors:
        return len(with_processors)
    online = cpu_list(source.file(f"{_NODES}/online"))
    if online and len(online) == 1:
        return 1
    stated = positive_number(lscpu.values.get("NUMA node(s)"))
    listed = [value for key, value in lscpu.values.items() if _NODE_PROCESSORS.match(key)]
    if stated is not None and stated == len(listed):
        return sum(cpu_list(value) is not None for value in listed) or None
    return 1 if stated == 1 else started_with

"""Linux: which processors share a core, and which cores are of another kind.

Intel names the kinds in `cpu_core` and `cpu_atom`; older kernels leave only siblings and clocks
to tell them by. Arm tells them by part number. Speed decides the order, the fastest first.
"""

from collections import Counter

import msgspec

from hwdoctor.model import Tier
from hwdoctor.probing.interpret import arm_parts
from hwdoctor.probing.interpret.cpuinfo import Cpuinfo
from hwdoctor.probing.interpret.lscpu import Lscpu, cpu_list
from hwdoctor.probing.interpret.reading import positive_number, whole_number
from hwdoctor.probing.source import Source

_CPU = "/sys/devices/system/cpu"
_SIBLINGS = ("thread_siblings_list", "core_cpus_list")
PERFORMANCE, EFFICIENCY = "Performance", "Efficiency"


class Topology(msgspec.Struct, frozen=True):
    """Processors that are on, and the processors that share a core with each."""

    online: frozenset[int] | None
    siblings: dict[int, frozenset[int]]

    def cores(self, processors: frozenset[int] | None) -> int | None:
        """Cores that these processors belong to; None unless all of them were recorded."""
        if not processors or not all(number in self.siblings for number in processors):
            return None
        return len({self.siblings[number] & processors for number in processors})


class Kind(msgspec.Struct, frozen=True):
    """A design of core and how many there are of it."""

    name: str
    cores: int | None
    speed: float


def topology(source: Source) -> Topology:
    """Read sysfs' cpu folders."""
    online = cpu_list(source.file(f"{_CPU}/online"))
    siblings: dict[int, frozenset[int]] = {}
    for name in _SIBLINGS:
        for path, text in source.files(f"{_CPU}/cpu[0-9]*/topology/{name}").items():
            listed, number = cpu_list(text), _number(path)
            if listed and number is not None and number in listed:
                siblings.setdefault(number, listed)
    return Topology(online, siblings or _by_core_id(source))


def _by_core_id(source: Source) -> dict[int, frozenset[int]]:
    """Core numbers repeat from package to package: both numbers, or nothing."""
    members: dict[tuple[str, str], set[int]] = {}
    for path, core in source.files(f"{_CPU}/cpu[0-9]*/topology/core_id").items():
        number = _number(path)
        package = source.value(path.replace("core_id", "physical_package_id"))
        if number is None or package is None:
            return {}
        members.setdefault((package, core.strip()), set()).add(number)
    return {number: frozenset(group) for group in members.values() for number in group}


def intel_tiers(source: Source, shape: Topology) -> tuple[Tier, ...]:
    """Performance and efficiency cores of a hybrid processor; nothing for any other."""
    fast = cpu_list(source.file("/sys/devices/cpu_core/cpus"))
    slow = cpu_list(source.file("/sys/devices/cpu_atom/cpus"))
    if fast is None or slow is None:
        fast, slow = _split_by_siblings(source, shape)
    if not fast or not slow:
        return ()
    return (
        Tier(name=PERFORMANCE, cores=shape.cores(fast)),
        Tier(name=EFFICIENCY, cores=shape.cores(slow)),
    )


def _split_by_siblings(
    source: Source, shape: Topology
) -> tuple[frozenset[int] | None, frozenset[int] | None]:
    """Cores with two threads and cores with one, where their clocks differ as well."""
    if not shape.online or shape.cores(shape.online) is None:
        return None, None
    double = frozenset(n for n in shape.online if len(shape.siblings[n]) > 1)
    single = shape.online - double
    clocks = _clocks(source)
    fast = {clocks[n] for n in double if n in clocks}
    slow = {clocks[n] for n in single if n in clocks}
    if not fast or not slow or max(slow) >= min(fast):
        return None, None
    return double, single


def _clocks(source: Source) -> dict[int, int]:
    """Base clock of each processor, or its highest where no base is told."""
    for name in ("base_frequency", "cpuinfo_max_freq"):
        clocks: dict[int, int] = {}
        for path, text in source.files(f"{_CPU}/cpufreq/policy*/{name}").items():
            hertz = positive_number(text)
            for number in _policy_members(source, path.rpartition("/")[0]):
                if hertz:
                    clocks[number] = hertz
        if clocks:
            return clocks
    return {}


def _policy_members(source: Source, policy: str) -> frozenset[int]:
    for name in ("affected_cpus", "related_cpus"):
        members = cpu_list(source.file(f"{policy}/{name}"))
        if members:
            return members
    return frozenset()


def arm_kinds(source: Source, cpuinfo: Cpuinfo, lscpu: Lscpu) -> tuple[Kind, ...]:
    """The designs of an Arm chip; counts only where every processor was listed."""
    identifiers = cpuinfo.identifiers()
    if not identifiers:
        return _kinds_of_lscpu(lscpu)
    cores = [arm_parts.core(*pair) for pair in identifiers]
    names = [
        core.name or f"{i:#04x}/{p:#05x}" for core, (i, p) in zip(cores, identifiers, strict=True)
    ]
    counted = Counter(names)
    whole = cpuinfo.complete and len(names) == len(cpuinfo.numbers)
    capacities = _capacities(source)
    kinds = []
    for name, count in counted.items():
        numbers = [n for n, other in zip(cpuinfo.numbers, names, strict=False) if other == name]
        speed = max((capacities.get(number, 0) for number in numbers), default=0)
        kinds.append(Kind(name, count if whole else None, speed))
    return _sorted(kinds)


def _kinds_of_lscpu(lscpu: Lscpu) -> tuple[Kind, ...]:
    named = [group for group in lscpu.groups if group.name]
    # Counts that do not fit the number of processors: a kind may have been cut off.
    if len(named) < 2 or len(named) != len(lscpu.groups) or lscpu.physical_cores is None:
        return ()
    return _sorted([Kind(group.name or "", group.cores, group.maximum_mhz or 0) for group in named])


def _sorted(kinds: list[Kind]) -> tuple[Kind, ...]:
    """By recorded speed where all kinds have one and they differ, else by design."""
    known = all(kind.speed for kind in kinds)
    return tuple(
        sorted(
            kinds,
            key=lambda kind: (kind.speed if known else 0, arm_parts.rank(kind.name), kind.name),
            reverse=True,
        )
    )


def _capacities(source: Source) -> dict[int, float]:
    """Relative speed of each processor: the scheduler's capacity, else the highest clock."""
    found = {
        number: float(capacity)
        for path, text in source.files(f"{_CPU}/cpu[0-9]*/cpu_capacity").items()
        if (number := _number(path)) is not None and (capacity := positive_number(text))
    }
    return found or {number: float(hertz) for number, hertz in _clocks(source).items()}


def _number(path: str) -> int | None:
    """The processor's number in `/sys/devices/system/cpu/cpu12/...`."""
    return whole_number(path.removeprefix(f"{_CPU}/cpu").partition("/")[0])

"""What cgroups, version 1 and 2, leave to a process: processors, quota and memory.

The limits of the process's own cgroup and of all its parents hold together, so the smallest
counts. Shares and weights are no limits. "No limit" has many spellings: `max`, -1, and a number
larger than any machine.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

import msgspec

from hwdoctor.probing.interpret.lscpu import cpu_list
from hwdoctor.probing.interpret.reading import positive_number
from hwdoctor.probing.source import Source

# Version 1 says "none" by the largest multiple of the page size below 2**63.
_NO_LIMIT_BYTES = 1 << 60
_MOUNT = re.compile(r"^(?:/[\w.,-]+)*?/cgroup(?:/(?:unified|(?:cpu|cpuacct|cpuset|memory|,)+))?$")
_VERSION_1 = ("cpu", "cpuacct", "cpuset", "memory")


class Limits(msgspec.Struct, frozen=True):
    """The smallest of each limit that was recorded; None: no limit, or nothing recorded."""

    quota_cores: float | None
    cpuset: frozenset[int] | None
    memory_bytes: int | None
    seen: bool
    """Whether anything was recorded that could have limited the processors."""


def limits(source: Source) -> Limits:
    """Every limit at the process's own cgroup and above it."""
    paths = _own_paths(source)
    quotas = list(_quotas(source, paths))
    cpusets = [cpus for _, text in _files(source, paths, _CPUSETS) if (cpus := cpu_list(text))]
    memory = [n for _, text in _files(source, paths, _MEMORY) if (n := _bytes(text))]
    return Limits(
        quota_cores=min((quota for quota in quotas if quota is not None), default=None),
        cpuset=frozenset.intersection(*cpusets) if cpusets else None,
        memory_bytes=min(memory, default=None),
        seen=bool(quotas or cpusets),
    )


_CPUSETS = ("cpuset.cpus.effective", "cpuset.effective_cpus", "cpuset.cpus")
_MEMORY = ("memory.max", "memory.limit_in_bytes")


def _own_paths(source: Source) -> dict[str, str]:
    """Controller to path from /proc/self/cgroup; version 2 stands under the empty name."""
    paths = {}
    for line in (source.file("/proc/self/cgroup") or "").splitlines():
        parts = line.strip().split(":", 2)
        if len(parts) == 3 and parts[0].isdecimal():
            for controller in parts[1].split(","):
                paths[controller] = parts[2]
    return paths


def _files(
    source: Source, paths: dict[str, str], names: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    """Folder and content of the recorded files of these names that hold for the process."""
    own = {paths[name] for name in ("", *_VERSION_1) if name in paths}
    for name in names:
        recorded = {path.rpartition("/")[0]: text for path, text in source.named(name).items()}
        found = {folder: text for folder, text in recorded.items() if "cgroup" in folder}
        known = bool(own) or _is_chain(sorted(found, key=len))
        for folder, text in found.items():
            if _MOUNT.match(folder) or (known and (not own or _holds(folder, own))):
                yield folder, text


def _is_chain(folders: list[str]) -> bool:
    """One group and its parents: where nothing tells the process's own, it is the lowest."""
    return all(low.startswith(f"{high}/") for high, low in pairwise(folders))


def _holds(folder: str, own: set[str]) -> bool:
    """Whether a recorded cgroup folder is the process's own or one of its parents.

    In a container the files lie at the root of the mount, whatever path the process shows.
    """
    return any(
        folder.endswith(ancestor) for path in own for ancestor in _ancestors(path) if ancestor
    )


def _ancestors(path: str) -> list[str]:
    parts = [part for part in path.split("/") if part]
    return ["".join(f"/{part}" for part in parts[:count]) for count in range(1, len(parts) + 1)]


def _quotas(source: Source, paths: dict[str, str]) -> Iterator[float | None]:
    for _, text in _files(source, paths, ("cpu.max",)):
        quota, period = [*text.split(), "", ""][:2]
        yield _quota(quota, period)
    for folder, quota in _files(source, paths, ("cpu.cfs_quota_us",)):
        yield _quota(quota.strip(), (source.file(f"{folder}/cpu.cfs_period_us") or "").strip())


def _quota(quota: str, period: str) -> float | None:
    """Cores' worth of time per period; None for `max` and -1."""
    amount, per = positive_number(quota), positive_number(period)
    return amount / per if amount and per else None


def _bytes(text: str) -> int | None:
    number = positive_number(text)
    return number if number is not None and number < _NO_LIMIT_BYTES else None

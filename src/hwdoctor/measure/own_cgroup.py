"""How often our own cgroup's processor quota ran out, counted by the kernel.

A quota may stand at our cgroup or at any of its parents, and being throttled at one of them is
enough, so all are added. Version 1 mounts each controller apart and counts nanoseconds, version
2 has one tree and counts microseconds. Whatever cannot be read is None, never zero.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

MOUNT = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")
_CPU_MOUNTS = ("cpu", "cpu,cpuacct", "cpuacct,cpu")
"""Version 1: folders under which distributions mount the `cpu` controller."""


@dataclass(frozen=True, kw_only=True)
class Throttling:
    """Counters since the cgroups were made."""

    periods: int
    seconds: float | None


def throttling(mount: Path = MOUNT, membership: Path = MEMBERSHIP) -> Throttling | None:
    """The sum over our own cgroup and its parents; None: no counter can be read."""
    counters = [text for text in map(_statistics, _folders(mount, membership)) if text]
    periods = [_whole(found.get("nr_throttled")) for found in counters]
    known = [number for number in periods if number is not None]
    if not known:
        return None
    seconds = [_seconds(found) for found in counters]
    waited = [number for number in seconds if number is not None]
    return Throttling(periods=sum(known), seconds=sum(waited) if waited else None)


def _folders(mount: Path, membership: Path) -> Iterator[Path]:
    """The folder of our own cgroup and of each parent, in the tree that has the quota.

    In a container the membership may name a path of the host's that is not mounted here; the
    group itself is then at the root of the mount.
    """
    own = _own_paths(membership)
    if (mount / "cgroup.controllers").exists():
        root, path = mount, own.get("", "/")
    else:
        roots = (mount / name for name in _CPU_MOUNTS)
        root = next((folder for folder in roots if folder.is_dir()), mount)
        path = own.get("cpu", "/")
    for ancestor in _ancestors(path):
        yield root / ancestor


def _ancestors(path: str) -> list[str]:
    """`.`, `a`, `a/b` for `/a/b`; nothing that could leave the mount."""
    parts = [part for part in PurePosixPath(path).parts if part not in ("/", "..")]
    return ["/".join(parts[:count]) or "." for count in range(len(parts) + 1)]


def _own_paths(membership: Path) -> dict[str, str]:
    """Controller to path; version 2 stands under the empty name."""
    paths: dict[str, str] = {}
    for line in _text(membership).splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        paths.update(dict.fromkeys(controllers.split(","), path))
    return paths


def _statistics(folder: Path) -> Mapping[str, str]:
    lines = (line.partition(" ") for line in _text(folder / "cpu.stat").splitlines())
    return {name: value.strip() for name, _, value in lines}


def _seconds(found: Mapping[str, str]) -> float | None:
    for name, per_second in (("throttled_usec", 1e6), ("throttled_time", 1e9)):
        number = _whole(found.get(name))
        if number is not None:
            return number / per_second
    return None


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""

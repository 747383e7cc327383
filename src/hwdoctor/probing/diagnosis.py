"""Why a child died: signals by name, and memory told from every other cause.

A process rarely dies of memory by name: the kernel kills it, an allocator aborts, or an
exception ends it. Each of those looks like something else unless it is asked for here.
"""

import re
import signal
import sys
from pathlib import Path

_OUT_OF_MEMORY = re.compile(
    r"bad_alloc|MemoryError|RESOURCE_EXHAUSTED"
    r"|(?i:cannot allocate memory|can't allocate memory|out of memory|failed to allocate)"
)
_COUNTER_FILES = (
    # Every kill by the kernel, whether a cgroup or the whole machine ran out.
    ("/proc/vmstat", "oom_kill"),
    ("/sys/fs/cgroup/memory.events", "oom_kill"),
    ("/sys/fs/cgroup/memory/memory.oom_control", "oom_kill"),
)


def limit_data(pid: int, limit_bytes: int) -> None:
    """Limit the private memory a process may ask for, where the system can do so.

    RLIMIT_DATA and not RLIMIT_AS: frameworks reserve gigabytes of address space that they never
    touch, and look crashed when that is refused.
    """
    if sys.platform != "linux":
        return
    import resource

    try:
        hard = resource.prlimit(pid, resource.RLIMIT_DATA)[1]
        ceiling = limit_bytes if hard == resource.RLIM_INFINITY else min(hard, limit_bytes)
        resource.prlimit(pid, resource.RLIMIT_DATA, (ceiling, ceiling))
    except (OSError, ValueError):
        # Already over, or not permitted: resident memory is watched all the same.
        return


def oom_kills() -> tuple[int, ...]:
    """Counters of the kernel's out-of-memory kills, as many as can be read here."""
    return tuple(_counter(Path(path), name) for path, name in _COUNTER_FILES)


def died_of_memory(
    returncode: int | None, stderr: str, limit_bytes: int | None, kills_before: tuple[int, ...]
) -> bool:
    """Whether lack of memory is what ended a child that no limit of ours has ended."""
    if returncode == -signal.SIGKILL:
        kills = zip(kills_before, oom_kills(), strict=True)
        return any(now > before for before, now in kills)
    return bool(returncode) and limit_bytes is not None and bool(_OUT_OF_MEMORY.search(stderr))


def signal_name(returncode: int | None) -> str | None:
    """`SIGSEGV` for -11; None for a process that was not ended by a signal."""
    if returncode is None or returncode >= 0:
        return None
    try:
        return signal.Signals(-returncode).name
    except ValueError:
        return f"signal {-returncode}"


def _counter(path: Path, name: str) -> int:
    try:
        lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return 0
    for line in lines:
        key, _, value = line.partition(" ")
        if key == name and value.strip().isdigit():
            return int(value)
    return 0

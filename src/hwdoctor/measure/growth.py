"""Does each call leave the process larger? Told from allocators that only warm up.

First a look that costs nothing: memory before and after the samples were taken. Most kernels
come back to where they were. What grew is called again, in rounds, with the garbage collected
and free memory given back before each reading: a cache, a pool or an arena reaches its size and
one round stays level; what leaks grows in every round, by about the same amount. So allocators
that keep what they have (PyTorch's, XLA's, MLX's, the C library's) are not accused.

Anonymous memory counts, swapped out or not: mapped files come and go with the page cache.
"""

import ctypes
import gc
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

SUSPICIOUS_BYTES = 4 * 2**20
"""Growth over all samples below this is within what heaps and page tables round to."""
ROUNDS = 6
LEAST_CALLS_PER_ROUND = 2
EVENNESS = 0.25
"""The smallest growth of a round over the largest: a leak is steady."""
SHARE_OF_OUTPUTS = 0.01
"""A call that leaves less than this part of its outputs behind is not told from noise."""

_ROLLUP = Path("/proc/self/smaps_rollup")
_STATUS = Path("/proc/self/status")

Reading = Mapping[str, int]
"""Bytes in use, by `host` and `device`."""


@dataclass(frozen=True, kw_only=True)
class Leak:
    """Memory that calls left behind."""

    place: str
    bytes_per_call: float
    calls: int

    @property
    def reason(self) -> str:
        """A sentence for the outcome."""
        return (
            f"leaks {_size(self.bytes_per_call)} of {self.place} memory per call: it grew in each "
            f"of {ROUNDS} rounds, {self.calls} calls together, with garbage collected in between"
        )


def leak(
    call: Callable[[], object],
    read: Callable[[], Reading],
    before: Reading,
    *,
    calls: int,
    output_bytes: int,
) -> Leak | None:
    """What `call` leaks, or None.

    Args:
        call: one complete call.
        read: memory in use, after garbage was collected.
        before: a reading from before the samples were taken.
        calls: how many calls it took to take them.
        output_bytes: size of what one call returns.
    """
    last = read()
    suspects = [place for place in last if last[place] - before.get(place, 0) >= SUSPICIOUS_BYTES]
    if not suspects:
        return None
    per_round = max(LEAST_CALLS_PER_ROUND, calls // ROUNDS)
    grown: dict[str, list[int]] = {place: [] for place in suspects}
    for _ in range(ROUNDS):
        for _ in range(per_round):
            call()
        now = read()
        for place in suspects:
            grown[place].append(now.get(place, 0) - last[place])
        last = now
        if not any(_steady(rises) for rises in grown.values()):
            return None
    return _largest(grown, ROUNDS * per_round, output_bytes)


def _largest(grown: Mapping[str, list[int]], calls: int, output_bytes: int) -> Leak | None:
    leaks = [
        Leak(place=place, bytes_per_call=sum(rises) / calls, calls=calls)
        for place, rises in grown.items()
        if _steady(rises)
    ]
    worst = max(leaks, key=lambda found: found.bytes_per_call, default=None)
    if worst is None or worst.bytes_per_call < SHARE_OF_OUTPUTS * output_bytes:
        return None
    return worst


def _steady(rises: list[int]) -> bool:
    return min(rises) > 0 and min(rises) >= EVENNESS * max(rises)


def set_imports_aside() -> None:
    """What a framework's import made stays: the collector need not go through it every time.

    A full collection takes a tenth of a second after `import torch`, and next to nothing so.
    """
    gc.freeze()


def settled_host_bytes() -> int:
    """Memory that this process really needs now: garbage collected, free heap given back."""
    gc.collect()
    _trim_heap()
    return _anonymous_bytes()


def _trim_heap() -> None:
    """Ask the C library to give back what is free (glibc; others do it by themselves or never)."""
    if sys.platform != "linux":
        return
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _anonymous_bytes() -> int:
    """From the page tables where the kernel adds them up: its quick counters lag behind."""
    exact = _fields(_ROLLUP)
    if "Anonymous" in exact:
        return exact["Anonymous"] - exact.get("LazyFree", 0) + exact.get("Swap", 0)
    quick = _fields(_STATUS)
    if "RssAnon" in quick:
        return quick["RssAnon"] + quick.get("VmSwap", 0)
    import psutil

    return int(psutil.Process().memory_info().rss)


def _fields(path: Path) -> dict[str, int]:
    """Fields of the form `Name:  123 kB`, in bytes."""
    try:
        lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return {}
    words = (line.split() for line in lines)
    return {
        found[0].rstrip(":"): int(found[1]) * 1024
        for found in words
        if len(found) == 3 and found[2] == "kB" and found[1].isdecimal()
    }


def _size(count: float) -> str:
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= scale:
            return f"{count / scale:.1f} {unit}"
    return f"{count:.0f} B"

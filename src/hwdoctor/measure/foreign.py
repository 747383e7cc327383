"""Processor time that others took while a cell ran: as a series, so that a burst is seen.

An average over a cell hides a program that starts midway and takes a core from half the samples.
So the system's busy time is read a few times a second, less what our own processes used, and the
worst second is kept. Only processors that this program may run on are counted: on a machine that
is shared by processor sets, the neighbours' are not ours to lose.

What a hypervisor took away counts as busy: it is time that we did not get.
"""

import os
import resource
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

STATISTICS = Path("/proc/stat")
WINDOW_SECONDS = 1.0
LEAST_SECONDS = 0.2
"""The kernel counts processor time in hundredths of a second: shorter spans tell nothing."""

Point = tuple[float, float]
"""(seconds on a steady clock, processor seconds of others so far)"""


@dataclass(frozen=True, kw_only=True)
class Usage:
    """Processor seconds used until one moment."""

    at: float
    """Seconds on a steady clock."""
    busy: float
    """Of everybody, on the processors that we may use."""
    own: Mapping[int, float]
    """Of our own processes, by process id."""


class ForeignLoad:
    """Processor time of others, as a series of points."""

    def __init__(self, read: Callable[[Iterable[int]], Usage] | None = None) -> None:
        self._read = read or read_usage
        self._lock = threading.Lock()
        self._last: Usage | None = None
        self._points: list[Point] = []

    def look(self, pids: Iterable[int]) -> None:
        """Take a reading; `pids` are our own processes besides this one."""
        with self._lock:
            usage = self._read(pids)
            before = self._points[-1][1] if self._points else 0.0
            self._points.append((usage.at, before + _others(self._last, usage)))
            self._last = usage

    def worst(self, since: float, until: float) -> float | None:
        """Cores that others kept busy in the worst second between two moments."""
        with self._lock:
            points = [point for point in self._points if since <= point[0] <= until]
        return worst_rate(points)


def _others(last: Usage | None, now: Usage) -> float:
    """Processor seconds that were not ours between two readings.

    A process of ours that ended in between took its last bit with it, or its parent has it: the
    error is a fraction of one reading. Errors of the clock are left in, to even out.
    """
    if last is None:
        return 0.0
    ours = sum(seconds - last.own.get(pid, 0.0) for pid, seconds in now.own.items())
    return (now.busy - last.busy) - ours


def worst_rate(points: Sequence[Point], window: float = WINDOW_SECONDS) -> float | None:
    """The steepest rise over at least `window` seconds, or over all of a shorter series."""
    if len(points) < 2 or points[-1][0] - points[0][0] < LEAST_SECONDS:
        return None
    span = min(window, points[-1][0] - points[0][0])
    rates: list[float] = []
    end = 0
    for began, before in points:
        while end < len(points) and points[end][0] - began < span:
            end += 1
        if end == len(points):
            break
        at, after = points[end]
        rates.append((after - before) / (at - began))
    return max([0.0, *rates])


def read_usage(pids: Iterable[int]) -> Usage:
    """A reading of this machine."""
    own = {os.getpid(): _self_seconds()}
    for pid in pids:
        seconds = _process_seconds(pid)
        if seconds is not None:
            own[pid] = seconds
    return Usage(at=time.monotonic(), busy=busy_seconds(), own=own)


def usable_cpus() -> frozenset[int] | None:
    """Numbers of the processors that we may run on; None: the system has no such list."""
    if not hasattr(os, "sched_getaffinity"):
        return None
    return frozenset(os.sched_getaffinity(0))


def busy_seconds(statistics: Path = STATISTICS, usable: frozenset[int] | None = None) -> float:
    """Processor seconds of everybody since start-up, on the processors that we may use."""
    try:
        text = statistics.read_text(encoding="ascii", errors="replace")
    except OSError:
        return _busy_seconds_elsewhere()
    return busy_in(text, usable_cpus() if usable is None else usable)


def busy_in(text: str, usable: frozenset[int] | None) -> float:
    """What /proc/stat says (proc(5)): user, nice, system, irq, softirq and steal.

    Time of guests is in user and nice already.
    """
    ticks = 0
    for line in text.splitlines():
        name, *fields = line.split()
        if not name.startswith("cpu") or not name[3:].isdecimal():
            continue
        if usable is None or int(name[3:]) in usable:
            user, nice, system, _idle, _iowait, *rest = (int(field) for field in fields[:8])
            ticks += user + nice + system + sum(rest)
    return ticks / os.sysconf("SC_CLK_TCK")


def _busy_seconds_elsewhere() -> float:
    """Systems without /proc."""
    import psutil

    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0))


def _self_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _process_seconds(pid: int) -> float | None:
    """Of a process and of every child it has waited for."""
    import psutil

    try:
        times = psutil.Process(pid).cpu_times()
    except (psutil.Error, OSError):
        return None
    return float(times.user + times.system + times.children_user + times.children_system)

"""Energy of a call, from counters that the machine keeps anyway; None where there is none.

* `rapl`: the processor packages (Intel and AMD), files of the kernel that often only root may
  read. Memory modules and the rest of the board are not in it.
* `nvml`: the GPU's board.

Both count everything: idle power, and whoever else is at work. A Mac tells nothing without
root (`powermetrics`), a TPU nothing at all. The worker reads the counter right before and right
after it takes samples; power over that time, times the time of a call, is a call's energy.
"""

import os
import re
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

POWERCAP = Path("/sys/class/powercap")
# `intel-rapl:0` is a package of either vendor; `intel-rapl:0:0` a part of it; `intel-rapl-mmio`
# shows the same packages once more (docs.kernel.org/power/powercap).
_ZONE = re.compile(r"intel-rapl:\d+")
MICROJOULE = 1e-6
MOST_WATTS = 2000.0
"""No package takes more: after a time in which one could have gone round the counter twice, its
reading is worth nothing."""


@dataclass(frozen=True, kw_only=True)
class Spent:
    """Energy over a span of time."""

    joules: float
    seconds: float
    source: str

    def per_call(self, samples_seconds: Sequence[float]) -> float | None:
        """Joules of one call, when the span held nothing but calls."""
        if not samples_seconds or self.seconds <= 0:
            return None
        return self.joules / self.seconds * statistics.fmean(samples_seconds)


class Counter(Protocol):
    """Something that counts energy."""

    source: str
    least_seconds: float
    """Shorter spans than this say more about the counter than about the energy."""

    def read(self) -> tuple[float, ...] | None:
        """The counter's values now, in joules; None: they cannot be read."""

    def between(
        self, first: Sequence[float], last: Sequence[float], seconds: float
    ) -> float | None:
        """Joules between two readings."""


class Rapl:
    """The kernel's counters of the processor packages."""

    source = "rapl"
    least_seconds = 0.1  # the counter is renewed about every millisecond

    def __init__(self, root: Path = POWERCAP) -> None:
        self._zones = [zone for zone in sorted(_entries(root)) if _is_package(zone)]
        self._ranges = [_joules(zone / "max_energy_range_uj") for zone in self._zones]

    def read(self) -> tuple[float, ...] | None:
        """One value a package."""
        values = [_joules(zone / "energy_uj") for zone in self._zones]
        known = tuple(value for value in values if value is not None)
        return known if known and len(known) == len(values) else None

    def between(
        self, first: Sequence[float], last: Sequence[float], seconds: float
    ) -> float | None:
        """Joules of all packages; a counter that went round once is understood."""
        total = 0.0
        for before, after, span in zip(first, last, self._ranges, strict=True):
            if span is not None and seconds > span / MOST_WATTS:
                return None
            if after < before and span is None:
                return None
            total += after - before + (span or 0.0 if after < before else 0.0)
        return total


class Nvml:
    """The GPU board's counter, renewed some ten times a second."""

    source = "nvml"
    least_seconds = 1.0

    def __init__(self, joules: Callable[[], float | None]) -> None:
        self._joules = joules

    def read(self) -> tuple[float, ...] | None:
        """One value."""
        value = self._joules()
        return None if value is None else (value,)

    def between(
        self, first: Sequence[float], last: Sequence[float], seconds: float
    ) -> float | None:
        """Joules; a counter that went backwards was started anew and tells nothing."""
        return last[0] - first[0] if seconds > 0 and last[0] >= first[0] else None


class Meter:
    """Reads a counter at the beginning and at the end of a span."""

    def __init__(
        self, counter: Counter | None, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._counter = counter
        self._clock = clock
        self._first: tuple[float, ...] | None = None
        self._began = 0.0

    def start(self) -> None:
        """The span begins."""
        self._first = self._counter.read() if self._counter is not None else None
        self._began = self._clock()

    def stop(self) -> Spent | None:
        """The span ends; None: it cannot be told what it took."""
        seconds = self._clock() - self._began
        if self._counter is None or self._first is None or seconds < self._counter.least_seconds:
            return None
        last = self._counter.read()
        joules = None if last is None else self._counter.between(self._first, last, seconds)
        if joules is None or joules <= 0:  # a counter that stands still counts nothing
            return None
        return Spent(joules=joules, seconds=seconds, source=self._counter.source)


def meter(device: str) -> Meter:
    """What measures the energy of a configuration's device, in the worker itself."""
    if device == "cpu":
        return Meter(Rapl())
    if device in ("cuda", "gpu") and sys.platform != "darwin":
        from hwdoctor.measure import nvml

        gpu = nvml.find(os.environ)
        return Meter(None if gpu is None else Nvml(gpu.joules))
    return Meter(None)


def _is_package(zone: Path) -> bool:
    return bool(_ZONE.fullmatch(zone.name)) and _text(zone / "name").startswith("package-")


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _joules(path: Path) -> float | None:
    text = _text(path)
    return int(text) * MICROJOULE if text.isdecimal() else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""

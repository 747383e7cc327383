"""What a GPU did while a cell ran on it, gathered from looks a few times a second.

A reading after the cell says "idle" of whatever was there. Clocks and reasons for slowing down
count while samples are taken, memory all the time. Our own processes are the worker's tree;
where none of them is in NVML's list, its ids are of another namespace and nobody is accused.
"""

import statistics
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from hwdoctor.measure.nvml import GpuProcess

SEEN_AT_LEAST = 2
"""Looks that must agree: drivers report a hardware slow-down also for the moment in which they
change the clock (docs.nvidia.com/datacenter/dcgm, DCGM_FI_DEV_CLOCK_THROTTLE_REASONS)."""


class Questions(Protocol):
    """What is asked of a GPU (`nvml.Gpu`)."""

    def clock_mhz(self) -> float | None:
        """The clock of the multiprocessors."""

    def temperature_celsius(self) -> float | None:
        """Of the chip."""

    def throttle_reasons(self) -> frozenset[str] | None:
        """Why the clocks are not higher."""

    def processes(self) -> tuple[GpuProcess, ...] | None:
        """Everybody who computes there."""

    def busy_percent(self) -> dict[int, float] | None:
        """Share of the GPU's time, by process id."""

    def close(self) -> None:
        """No more questions."""


@dataclass(frozen=True, kw_only=True)
class GpuSeen:
    """The sum of all looks; None: never told."""

    first_clock_mhz: float | None = None
    first_temperature_celsius: float | None = None
    clock_mhz: float | None = None
    temperature_celsius: float | None = None
    throttle_reasons: tuple[str, ...] = ()
    foreign_processes: int | None = None
    foreign_busy_percent: float | None = None
    peak_bytes: int | None = None


class GpuWatch:
    """Gathers looks; may be asked for the result at any time, from another thread too."""

    def __init__(self, gpu: Questions) -> None:
        self._gpu = gpu
        self._lock = threading.Lock()
        self._first: tuple[float | None, float | None] | None = None
        self._clocks: list[float] = []
        self._temperatures: list[float] = []
        self._reasons: dict[str, int] = {}
        self._foreign: list[int] = []
        self._foreign_busy: list[float] = []
        self._peaks: list[int] = []

    def look(self, own: Collection[int], *, sampling: bool) -> None:
        """Ask everything once.

        Args:
            own: process ids of the worker and its descendants.
            sampling: whether samples are being taken at this moment.
        """
        clock, temperature = self._gpu.clock_mhz(), self._gpu.temperature_celsius()
        reasons = self._gpu.throttle_reasons() if sampling else None
        processes = self._gpu.processes()
        mine = [process for process in processes or () if process.pid in own]
        strangers = _strangers(processes or (), mine) if mine else []
        busy = self._gpu.busy_percent() if sampling and strangers else None
        with self._lock:
            if self._first is None:
                self._first = (clock, temperature)
            self._note_memory(mine)
            if sampling:
                self._note(clock, temperature, reasons)
                if mine:
                    self._foreign.append(len(strangers))
                    share = _busy_share(strangers, mine, busy)
                    if share is not None:
                        self._foreign_busy.append(share)

    def close(self) -> None:
        """No more looks."""
        self._gpu.close()

    def seen(self) -> GpuSeen:
        """What the looks have shown so far."""
        with self._lock:
            first_clock, first_temperature = self._first or (None, None)
            return GpuSeen(
                first_clock_mhz=first_clock,
                first_temperature_celsius=first_temperature,
                clock_mhz=statistics.median(self._clocks) if self._clocks else None,
                temperature_celsius=max(self._temperatures, default=None),
                throttle_reasons=tuple(
                    sorted(name for name, looks in self._reasons.items() if looks >= SEEN_AT_LEAST)
                ),
                foreign_processes=max(self._foreign, default=None),
                foreign_busy_percent=max(self._foreign_busy, default=None),
                peak_bytes=max(self._peaks, default=None),
            )

    def _note(
        self, clock: float | None, temperature: float | None, reasons: frozenset[str] | None
    ) -> None:
        if clock is not None:
            self._clocks.append(clock)
        if temperature is not None:
            self._temperatures.append(temperature)
        for name in (reasons or frozenset()) - {"idle"}:
            self._reasons[name] = self._reasons.get(name, 0) + 1

    def _note_memory(self, mine: Sequence[GpuProcess]) -> None:
        used = [process.used_bytes for process in mine if process.used_bytes is not None]
        if used:
            self._peaks.append(sum(used))


def _busy_share(
    strangers: Sequence[GpuProcess],
    mine: Sequence[GpuProcess],
    busy: dict[int, float] | None,
) -> float | None:
    """The strangers' share of the GPU's time; None: this list knows none of the same ids.

    Where it knows ours, a stranger that is not in it has done nothing.
    """
    if not strangers:
        return 0.0
    known = busy or {}
    if not any(process.pid in known for process in (*mine, *strangers)):
        return None
    return sum(known.get(process.pid, 0.0) for process in strangers)


def _strangers(processes: Sequence[GpuProcess], mine: Sequence[GpuProcess]) -> list[GpuProcess]:
    """Those who share our GPU, or our slice of it, and are not ours."""
    slices = {process.slice_id for process in mine}
    own = {process.pid for process in mine}
    return [
        process for process in processes if process.pid not in own and process.slice_id in slices
    ]

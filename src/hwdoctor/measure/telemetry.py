"""The state of the machine before and after a cell, cheaply read; what cannot be read is None.

What happens in between is gathered by `watch`; here it is joined with the reading afterwards.
"""

import os
import resource
import sys
import time
from collections.abc import Mapping

import msgspec
import psutil

from hwdoctor.measure.foreign import busy_seconds, usable_cpus
from hwdoctor.measure.gpu_watch import GpuWatch
from hwdoctor.measure.host_state import host_state
from hwdoctor.measure.own_cgroup import throttling
from hwdoctor.measure.watch import Seen, Watch
from hwdoctor.model import Telemetry

NVIDIA_DEVICES = ("cuda", "gpu")
"""Devices of configurations that NVML may know (`gpu` is MLX's: Apple's on a Mac)."""


class Window:
    """The time around one cell: its beginning, and on asking, its end."""

    def __init__(self) -> None:
        """Read the state of the machine now."""
        self.before = _now(None)
        self._began = time.monotonic()
        self._busy = busy_seconds()
        self._own = _own_seconds()

    def end(self) -> Telemetry:
        """Read it again; processor time that is not ours is others'."""
        elapsed = time.monotonic() - self._began
        foreign = (busy_seconds() - self._busy) - (_own_seconds() - self._own)
        return _now(round(max(0.0, foreign) / elapsed, 3) if elapsed > 0 else None)


def watch(device: str, environment: Mapping[str, str]) -> Watch:
    """What looks at the machine during a cell.

    Args:
        device: of the configuration.
        environment: the worker's: its variables choose among several GPUs.
    """
    if device not in NVIDIA_DEVICES or sys.platform == "darwin":
        return Watch()
    return Watch(lambda: _gpu_watch(environment))


def _gpu_watch(environment: Mapping[str, str]) -> GpuWatch | None:
    from hwdoctor.measure import nvml

    gpu = nvml.find(environment)
    return None if gpu is None else GpuWatch(gpu)


def with_gpu_before(before: Telemetry, seen: Seen) -> Telemetry:
    """The reading before a cell, with the GPU's first one."""
    return msgspec.structs.replace(
        before,
        gpu_clock_mhz=seen.gpu.first_clock_mhz,
        gpu_temperature_celsius=seen.gpu.first_temperature_celsius,
    )


def with_seen(after: Telemetry, seen: Seen) -> Telemetry:
    """The reading after a cell, with what was seen during it."""
    gpu = seen.gpu
    return msgspec.structs.replace(
        after,
        foreign_cpu_cores_worst=seen.foreign_cpu_cores_worst,
        gpu_clock_mhz=gpu.clock_mhz,
        gpu_temperature_celsius=gpu.temperature_celsius,
        gpu_throttle_reasons=gpu.throttle_reasons,
        gpu_foreign_processes=gpu.foreign_processes,
        gpu_foreign_busy_percent=gpu.foreign_busy_percent,
    )


def _now(foreign_cpu_cores: float | None) -> Telemetry:
    memory, swap = psutil.virtual_memory(), psutil.swap_memory()
    state, throttled, cpus = host_state(), throttling(), usable_cpus()
    return Telemetry(
        load_average=_load(),
        cpu_mhz=state.cpu_mhz,
        temperature_celsius=state.temperature_celsius,
        thermal_pressure=state.thermal_pressure,
        power_mode=state.power_mode,
        throttled_periods=throttled.periods if throttled else None,
        throttled_seconds=throttled.seconds if throttled else None,
        heat_throttle_events=state.heat_throttle_events,
        governor=state.governor,
        turbo=state.turbo,
        on_battery=_on_battery(),
        usable_cpus=len(cpus) if cpus is not None else os.cpu_count(),
        foreign_cpu_cores=foreign_cpu_cores,
        swap_used_bytes=int(swap.used),
        available_bytes=int(memory.available),
    )


def _own_seconds() -> float:
    """Processor seconds of this process and of every descendant that it has waited for."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def _on_battery() -> bool | None:
    battery = psutil.sensors_battery() if hasattr(psutil, "sensors_battery") else None
    return None if battery is None else not battery.power_plugged


def _load() -> float | None:
    try:
        return round(os.getloadavg()[0], 2)
    except OSError:
        return None

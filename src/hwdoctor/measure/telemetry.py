"""The state of the machine before and after a cell, cheaply read; what cannot be read is None."""

import os
import resource
import time
from pathlib import Path

import psutil

from hwdoctor.model import Telemetry


class Window:
    """The time around one cell: its beginning, and on asking, its end."""

    def __init__(self) -> None:
        """Read the state of the machine now."""
        self.before = _now(None)
        self._began = time.monotonic()
        self._busy = _busy_seconds()
        self._own = _own_seconds()

    def end(self) -> Telemetry:
        """Read it again; processor time that is not ours is others'."""
        elapsed = time.monotonic() - self._began
        foreign = (_busy_seconds() - self._busy) - (_own_seconds() - self._own)
        return _now(round(max(0.0, foreign) / elapsed, 3) if elapsed > 0 else None)


def _now(foreign_cpu_cores: float | None) -> Telemetry:
    memory, swap = psutil.virtual_memory(), psutil.swap_memory()
    return Telemetry(
        load_average=_load(),
        cpu_mhz=_cpu_mhz(),
        temperature_celsius=_temperature(),
        throttled_periods=_throttled_periods(),
        governor=_governor(),
        on_battery=_on_battery(),
        foreign_cpu_cores=foreign_cpu_cores,
        swap_used_bytes=int(swap.used),
        available_bytes=int(memory.available),
    )


def _busy_seconds() -> float:
    """Processor seconds of all processes since start-up; a hypervisor's theft counts as busy."""
    times = psutil.cpu_times()
    idle = times.idle + getattr(times, "iowait", 0.0)
    guest = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)  # in user, nice
    return float(sum(times) - idle - guest)


def _own_seconds() -> float:
    """Processor seconds of this process and of every descendant that it has waited for."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def _governor() -> str | None:
    try:
        return Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor").read_text().strip()
    except OSError:
        return None


def _on_battery() -> bool | None:
    battery = psutil.sensors_battery() if hasattr(psutil, "sensors_battery") else None
    return None if battery is None else not battery.power_plugged


def _load() -> float | None:
    try:
        return round(os.getloadavg()[0], 2)
    except OSError:
        return None


def _cpu_mhz() -> float | None:
    """The mean of what /proc/cpuinfo says at this moment."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return None
    values = [float(line.split(":")[1]) for line in lines if line.startswith("cpu MHz")]
    return round(sum(values) / len(values), 1) if values else None


def _temperature() -> float | None:
    zones = sorted(Path("/sys/class/thermal").glob("thermal_zone*/temp"))
    readings = [_integer(zone) for zone in zones]
    known = [reading / 1000 for reading in readings if reading is not None]
    return max(known) if known else None


def _throttled_periods() -> int | None:
    for name in ("/sys/fs/cgroup/cpu.stat", "/sys/fs/cgroup/cpu/cpu.stat"):
        try:
            lines = Path(name).read_text().splitlines()
        except OSError:
            continue
        for line in lines:
            if line.startswith("nr_throttled "):
                return int(line.split()[1])
    return None


def _integer(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None

"""The state of the machine before and after a cell, cheaply read; what cannot be read is None."""

import os
from pathlib import Path

from hwdoctor.model import Telemetry


def now() -> Telemetry:
    """Read the state of the machine now."""
    import psutil

    memory, swap = psutil.virtual_memory(), psutil.swap_memory()
    return Telemetry(
        load_average=_load(),
        cpu_mhz=_cpu_mhz(),
        temperature_celsius=_temperature(),
        throttled_periods=_throttled_periods(),
        swap_used_bytes=int(swap.used),
        available_bytes=int(memory.available),
    )


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

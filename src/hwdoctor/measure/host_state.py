"""What decides how fast the processor runs at this moment: governor, turbo, heat, power mode.

Linux tells by files, macOS by `pmset`, which costs some ten milliseconds a call and is asked
outside of every measurement. Nothing here is ever set, needs more than a reader's rights, or is
guessed: what a system does not tell is None.
"""

import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hwdoctor.probing.interpret import apple_state

PMSET_SECONDS = 5.0
"""It answers at once or not at all."""


@dataclass(frozen=True, kw_only=True)
class HostState:
    """The state of the processor's clocks and supply."""

    governor: str | None = None
    turbo: bool | None = None
    cpu_mhz: float | None = None
    temperature_celsius: float | None = None
    heat_throttle_events: int | None = None
    thermal_pressure: str | None = None
    power_mode: str | None = None


def host_state() -> HostState:
    """Of this machine, now."""
    return mac_state(_pmset_texts()) if sys.platform == "darwin" else linux_state()


def linux_state(root: Path = Path("/")) -> HostState:
    """What the files below `root` tell."""
    cpus = root / "sys/devices/system/cpu"
    return HostState(
        governor=_text(cpus / "cpu0/cpufreq/scaling_governor"),
        turbo=_turbo(cpus),
        cpu_mhz=_cpu_mhz(root / "proc/cpuinfo"),
        temperature_celsius=_temperature(root / "sys/class/thermal"),
        heat_throttle_events=_heat_throttle_events(cpus),
        power_mode=_text(root / "sys/firmware/acpi/platform_profile"),
    )


def mac_state(texts: Iterable[str]) -> HostState:
    """What `pmset -g` and `pmset -g therm` printed."""
    texts = tuple(texts)
    low_power = apple_state.low_power_mode(texts)
    return HostState(
        thermal_pressure=apple_state.thermal(texts),
        power_mode=None if low_power is None else "low-power" if low_power else "normal",
    )


def _pmset_texts() -> list[str]:
    texts = []
    for arguments in (["-g"], ["-g", "therm"]):
        try:
            done = subprocess.run(
                ["pmset", *arguments],
                capture_output=True,
                text=True,
                errors="replace",
                stdin=subprocess.DEVNULL,
                timeout=PMSET_SECONDS,
                check=False,
            )
        except (OSError, subprocess.SubprocessError):
            continue
        texts.append(done.stdout)
    return texts


def _turbo(cpus: Path) -> bool | None:
    """Intel's driver has a switch that forbids it, the others one that allows it."""
    forbidden = _number(cpus / "intel_pstate/no_turbo")
    if forbidden is not None:
        return forbidden == 0
    allowed = _number(cpus / "cpufreq/boost")
    return None if allowed is None else allowed == 1


def _cpu_mhz(cpuinfo: Path) -> float | None:
    """The mean of what /proc/cpuinfo says at this moment."""
    lines = (_text(cpuinfo) or "").splitlines()
    values = [line.partition(":")[2] for line in lines if line.startswith("cpu MHz")]
    try:
        clocks = [float(value) for value in values]
    except ValueError:
        return None
    return round(sum(clocks) / len(clocks), 1) if clocks else None


def _temperature(zones: Path) -> float | None:
    """The hottest zone."""
    readings = [_number(zone) for zone in zones.glob("thermal_zone*/temp")]
    known = [reading / 1000 for reading in readings if reading is not None]
    return max(known) if known else None


def _heat_throttle_events(cpus: Path) -> int | None:
    """The sum over all cores; threads of one core show the same count, which does no harm."""
    files = cpus.glob("cpu[0-9]*/thermal_throttle/core_throttle_count")
    known = [count for count in map(_number, files) if count is not None]
    return sum(known) if known else None


def _number(path: Path) -> int | None:
    text = _text(path)
    try:
        return None if text is None else int(text)
    except ValueError:
        return None


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip() or None
    except OSError:
        return None

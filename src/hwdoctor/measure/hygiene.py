"""Was the machine quiet while a cell was measured? What disturbed it is told, never kept silent.

The readings before and after a cell are compared, with what was seen in between; a polluted
cell is measured again, and if it stays polluted, its outcome is `unstable`: it has samples, and
it is never ranked (at size smoke, which is never quoted, it is kept and marked).

A standing condition is another matter: on battery or in low power mode every try gives the same
number, and the number is true of that condition. It is kept, and marked at every size.
"""

from collections.abc import Callable, Mapping

import msgspec

from hwdoctor.model import Outcome, Telemetry

# A cell is disturbed when others took this much of a core on average while it ran. Interrupts,
# this program and a desktop stay below; a compiler, a backup or another benchmark do not.
FOREIGN_CORES = 0.35
# In the worst second while samples were taken: half a core is what one busy process gets of a
# machine that is full already.
BURST_CORES = 0.5
# On machines of many cores a few busy ones elsewhere take little away.
FOREIGN_SHARE = 0.02
BURST_SHARE = 0.03
# Being kept waiting for a smaller part of the time is this program's own looking at the cell.
THROTTLED_SHARE = 0.01
# The control kernel may differ by this much before and after: single readings of a few
# milliseconds scatter by up to a tenth on virtual machines.
CONTROL_RATIO = 1.3
SWAP_GROWTH_BYTES = 64 * 2**20
# The board or its surroundings hold the clock down. `power-cap` is none of these: a board at its
# own power limit runs as fast as it ever does under that load; nor are set clocks.
SLOWED_GPU = frozenset({"hw-slowdown", "sw-thermal", "hw-thermal", "power-brake"})
GPU_SHARE_PERCENT = 3.0
"""Strangers that take less of the GPU's time than this do no harm: a desktop, an idle notebook."""
NOMINAL = "nominal"
LOW_POWER = ("low-power", "quiet")
"""macOS's mode, and those of Linux's platform profiles that lower the clocks."""
ATTEMPTS: Mapping[str, int] = {"smoke": 2, "small": 3, "full": 3}


def disturbances(outcome: Outcome) -> tuple[str, ...]:
    """What disturbed a measurement, in words; empty: nothing that could be seen."""
    before, after = outcome.telemetry_before, outcome.telemetry_after
    found = [
        busy_elsewhere(after) or _burst(after),
        _control(outcome),
        _throttled(before, after, outcome.duration_seconds),
        _hot(before, after),
        _switched(before, after),
        _swapped(before, after),
        _slowed_gpu(after),
        _shared_gpu(after),
    ]
    return tuple(text for text in found if text is not None)


def conditions(outcome: Outcome) -> tuple[str, ...]:
    """What lowered the machine's speed steadily; trying again would not change it."""
    after = outcome.telemetry_after
    found = []
    if after.power_mode in LOW_POWER:
        found.append("low power mode was on")
    if after.on_battery:
        found.append("the machine ran on battery")
    return tuple(found)


def measured_quietly(attempt: Callable[[int], Outcome], size: str) -> Outcome:
    """Repeat `attempt` until nothing disturbed it; what stays disturbed is `unstable`.

    Only a measurement that was taken (`ok`) can be polluted: what is wrong, skipped or broken is
    so on a busy machine too. The smoke size is for a first look and must come to an end on a
    busy machine: there the measurement is kept, with what disturbed it.
    """
    attempts = ATTEMPTS[size]
    for number in range(1, attempts + 1):
        outcome = msgspec.structs.replace(attempt(number), attempt=number)
        if outcome.outcome != "ok":
            return outcome
        pollution = disturbances(outcome)
        outcome = msgspec.structs.replace(outcome, pollution=pollution + conditions(outcome))
        if not pollution:
            return outcome
    if size == "smoke":
        return outcome
    reason = f"disturbed in each of {attempts} tries: {'; '.join(pollution)}"
    return msgspec.structs.replace(outcome, outcome="unstable", reason=reason)


def busy_elsewhere(after: Telemetry) -> str | None:
    """Whether other processes took too much of the time that a reading looks back on."""
    cores = after.foreign_cpu_cores
    if cores is None or cores < max(FOREIGN_CORES, FOREIGN_SHARE * (after.usable_cpus or 0)):
        return None
    return f"other processes kept {cores:.1f} cores busy"


def _burst(after: Telemetry) -> str | None:
    cores = after.foreign_cpu_cores_worst
    if cores is None or cores < max(BURST_CORES, BURST_SHARE * (after.usable_cpus or 0)):
        return None
    return f"other processes kept {cores:.1f} cores busy for a while, as samples were taken"


def _control(outcome: Outcome) -> str | None:
    before, after = outcome.control_before_seconds, outcome.control_after_seconds
    if not before or not after:
        return None
    ratio = max(before, after) / min(before, after)
    if ratio < CONTROL_RATIO:
        return None
    return f"fixed work took {ratio:.2f} times as long {'after' if after > before else 'before'}"


def _throttled(before: Telemetry, after: Telemetry, seconds: float) -> str | None:
    first, last = before.throttled_periods, after.throttled_periods
    if first is None or last is None or last <= first:
        return None
    if before.throttled_seconds is not None and after.throttled_seconds is not None:
        waited = after.throttled_seconds - before.throttled_seconds
        if waited < THROTTLED_SHARE * seconds:
            return None
    return f"the cgroup's quota ran out in {last - first} periods"


def _hot(before: Telemetry, after: Telemetry) -> str | None:
    first, last = before.heat_throttle_events, after.heat_throttle_events
    if first is not None and last is not None and last > first:
        return f"cores lowered their clocks for heat {last - first} times"
    pressure = {state for state in (before.thermal_pressure, after.thermal_pressure) if state}
    if pressure - {NOMINAL}:
        return f"thermal pressure: {', '.join(sorted(pressure - {NOMINAL}))}"
    return None


def _switched(before: Telemetry, after: Telemetry) -> str | None:
    """What decides on the clocks was changed in the middle of it."""
    for name, field in (
        ("power supply", "on_battery"),
        ("power mode", "power_mode"),
        ("clock governor", "governor"),
        ("turbo switch", "turbo"),
    ):
        first, last = getattr(before, field), getattr(after, field)
        if first is not None and last is not None and first != last:
            return f"the {name} was changed meanwhile"
    return None


def _swapped(before: Telemetry, after: Telemetry) -> str | None:
    first, last = before.swap_used_bytes, after.swap_used_bytes
    if first is None or last is None or last - first < SWAP_GROWTH_BYTES:
        return None
    return f"{(last - first) / 2**20:.0f} MiB were swapped out"


def _slowed_gpu(after: Telemetry) -> str | None:
    slowed = sorted(SLOWED_GPU.intersection(after.gpu_throttle_reasons))
    return f"the GPU was slowed down: {', '.join(slowed)}" if slowed else None


def _shared_gpu(after: Telemetry) -> str | None:
    """Somebody else computed on the GPU; where nobody tells how much, they may have."""
    count, share = after.gpu_foreign_processes, after.gpu_foreign_busy_percent
    if not count:
        return None
    who = "another process" if count == 1 else f"{count} other processes"
    if share is None:
        return f"the GPU is held by {who} too, and how much is computed there is not told"
    if share < GPU_SHARE_PERCENT:
        return None
    return f"the GPU was used by {who} too, for up to {share:.0f} % of the time"

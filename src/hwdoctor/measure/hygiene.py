"""Was the machine quiet while a cell was measured? What disturbed it is told, never kept silent.

The readings before and after a cell are compared; a polluted cell is measured again, and if it
stays polluted, its outcome is `unstable`: it has samples, and it is never ranked (at size smoke,
which is never quoted, it is kept and marked).
"""

from collections.abc import Callable, Mapping

import msgspec

from hwdoctor.model import Outcome, Telemetry

# A cell is disturbed when others took this much of a core on average while it ran. Interrupts,
# this program and a desktop stay below; a compiler, a backup or another benchmark do not.
FOREIGN_CORES = 0.35
# The control kernel may differ by this much before and after: single readings of a few
# milliseconds scatter by up to a tenth on virtual machines.
CONTROL_RATIO = 1.3
SWAP_GROWTH_BYTES = 64 * 2**20
ATTEMPTS: Mapping[str, int] = {"smoke": 2, "small": 3, "full": 3}


def disturbances(outcome: Outcome) -> tuple[str, ...]:
    """What disturbed a measurement, in words; empty: nothing that could be seen."""
    before, after = outcome.telemetry_before, outcome.telemetry_after
    found = [
        _foreign(after),
        _control(outcome),
        _throttled(before, after),
        _swapped(before, after),
        _slowed_gpu(after),
    ]
    return tuple(text for text in found if text is not None)


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
        if not pollution:
            return outcome
    outcome = msgspec.structs.replace(outcome, pollution=pollution)
    if size == "smoke":
        return outcome
    reason = f"disturbed in each of {attempts} tries: {'; '.join(pollution)}"
    return msgspec.structs.replace(outcome, outcome="unstable", reason=reason)


def _foreign(after: Telemetry) -> str | None:
    cores = after.foreign_cpu_cores
    if cores is None or cores < FOREIGN_CORES:
        return None
    return f"other processes kept {cores:.1f} cores busy"


def _control(outcome: Outcome) -> str | None:
    before, after = outcome.control_before_seconds, outcome.control_after_seconds
    if not before or not after:
        return None
    ratio = max(before, after) / min(before, after)
    if ratio < CONTROL_RATIO:
        return None
    return f"fixed work took {ratio:.2f} times as long {'after' if after > before else 'before'}"


def _throttled(before: Telemetry, after: Telemetry) -> str | None:
    first, last = before.throttled_periods, after.throttled_periods
    if first is None or last is None or last <= first:
        return None
    return f"the cgroup's quota ran out in {last - first} periods"


def _swapped(before: Telemetry, after: Telemetry) -> str | None:
    first, last = before.swap_used_bytes, after.swap_used_bytes
    if first is None or last is None or last - first < SWAP_GROWTH_BYTES:
        return None
    return f"{(last - first) / 2**20:.0f} MiB were swapped out"


def _slowed_gpu(after: Telemetry) -> str | None:
    if not after.gpu_throttle_reasons:
        return None
    return f"the GPU was slowed down: {', '.join(after.gpu_throttle_reasons)}"

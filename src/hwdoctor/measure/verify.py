"""The judge: is what a kernel returned right, of the right type, and on the right device?

Every check answers with values, never with an exception: a wrong answer is a finding about the
configuration, and what is wrong is never ranked.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from hwdoctor.backends import Runtime
from hwdoctor.backends.base import HostArray
from hwdoctor.measure import placement
from hwdoctor.model import OutcomeKind, OutputError, Precision
from hwdoctor.workloads import Arrays, HostArrays, Task, Tolerance

CORNER_ITEMS = 1024
"""Leading items that are always verified: workloads put their corner cases first."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What was found: `ok`, `wrong-result`, `fell-back`, or `failed` for what came too late."""

    outcome: OutcomeKind
    reason: str | None = None
    errors: tuple[OutputError, ...] = ()

    @property
    def worst(self) -> OutputError | None:
        """The output that uses up most of its tolerance."""
        if not self.errors:
            return None
        return max(self.errors, key=_used_up)


def check_placement(outputs: Arrays, runtime: Runtime, task: Task) -> Verdict:
    """Names, types and devices of what the kernel returned.

    A kernel that answers from another device than the configuration names has fallen back; one
    that computed in another type than asked is wrong however close its numbers are.
    """
    missing = sorted(set(task.tolerances) - set(outputs))
    if missing:
        return Verdict(outcome="wrong-result", reason=f"no output named {', '.join(missing)}")
    for name in task.tolerances:
        where = placement.location(task, runtime, name, outputs[name])
        wanted = placement.wanted_location(task, runtime, name)
        if where != wanted:
            asker = "configuration names" if wanted == runtime.device else "task asks for the"
            return Verdict(
                outcome="fell-back", reason=f"{name} lies on {where!r}, the {asker} {wanted!r}"
            )
    for name in task.tolerances:
        dtype = runtime.dtype(outputs[name])
        wanted = placement.wanted_dtype(task, runtime, name)
        if _is_real(dtype) and dtype != wanted:
            return Verdict(outcome="wrong-result", reason=f"{name} is {dtype}, asked for {wanted}")
    return Verdict(outcome="ok")


def check_values(
    outputs: HostArrays, reference: HostArrays, task: Task, precision: Precision
) -> Verdict:
    """Every output against its float64 reference, in its own unit."""
    errors = tuple(
        _judge(name, np.asarray(outputs[name]), reference, tolerance, precision)
        for name, tolerance in task.tolerances.items()
    )
    bad = [error for error in errors if not error.ok]
    if not bad:
        return Verdict(outcome="ok", errors=errors)
    worst = max(bad, key=_used_up)
    shown = "not a number" if worst.largest_error is None else f"{worst.largest_error:.2g}"
    return Verdict(
        outcome="wrong-result",
        reason=(
            f"{worst.output}: largest error {shown} {worst.unit}, tolerance {worst.tolerance:g}"
        ),
        errors=errors,
    )


def choose_items(items: int, wanted: int | None, seed: int) -> HostArray | None:
    """Which items to verify: the corner cases and a seeded sample of the rest; None: all."""
    if wanted is None or wanted >= items:
        return None
    corners = min(CORNER_ITEMS, wanted)
    rest = np.random.default_rng(seed).choice(items - corners, wanted - corners, replace=False)
    return np.concatenate([np.arange(corners), np.sort(rest) + corners])


def in_judged_terms(task: Task, inputs: HostArrays, outputs: HostArrays) -> HostArrays:
    """The outputs as the task wants them judged."""
    return outputs if task.judged_as is None else task.judged_as(inputs, outputs)


def take(arrays: Mapping[str, Any], chosen: HostArray | None) -> dict[str, HostArray]:
    """The chosen items of every array along its first axis."""
    if chosen is None:
        return {name: np.asarray(array) for name, array in arrays.items()}
    return {name: np.asarray(array)[chosen] for name, array in arrays.items()}


def _judge(
    name: str, value: HostArray, reference: HostArrays, tolerance: Tolerance, precision: Precision
) -> OutputError:
    limit = tolerance.limits[precision]
    expected = np.asarray(reference[name])
    if value.shape != expected.shape:
        return OutputError(
            output=f"{name} (shape {value.shape}, expected {expected.shape})",
            largest_error=None,
            tolerance=limit,
            unit=tolerance.unit,
            ok=False,
        )
    divisor = tolerance.scale_in(precision)
    scale = np.asarray(reference[divisor] if divisor else 1.0)
    share = tolerance.outliers.get(precision, 0.0)
    largest = _largest_error(value.astype(np.float64), expected.astype(np.float64), scale, share)
    return OutputError(
        output=name,
        largest_error=largest,
        tolerance=limit,
        unit=tolerance.unit,
        ok=largest is not None and largest <= limit,
    )


def _largest_error(
    value: HostArray, expected: HostArray, scale: HostArray, outliers: float
) -> float | None:
    """Largest scaled error but for outliers; None if NaN or infinity stand where none should."""
    if value.size == 0:
        return None  # nothing was computed: there is nothing to be right about
    same = (value == expected) | (np.isnan(value) & np.isnan(expected))
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        error = np.where(same, 0.0, np.abs(value - expected) / scale)
    if not bool(np.isfinite(error).all()):
        return None
    left_out = int(outliers * error.size)
    if left_out == 0:
        return float(error.max())
    return float(np.partition(error, error.size - 1 - left_out, axis=None)[-1 - left_out])


def _is_real(dtype: str) -> bool:
    return "float" in dtype


def _used_up(error: OutputError) -> float:
    if error.largest_error is None:
        return float("inf")
    return error.largest_error / error.tolerance

"""What one side of a comparison has measured of each cell, as a time that can be divided.

Two rows meet only if they are of the same benchmark at the same parameters, in the same version
and over the same amount of work. What was not measured, or went wrong, stays as the reason why
there is nothing to divide.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from hwdoctor.model import Outcome
from hwdoctor.results.asv_files import AsvRow
from hwdoctor.results.result_set import ResultSet
from hwdoctor.results.together import obstacle, undisturbed
from hwdoctor.verdicts.proof import SHORTEST_CALL_SECONDS, explained, moment
from hwdoctor.verdicts.statistics import Estimate, Interval, assumed_scatter, estimate

_TIMES = frozenset({"time", "timeraw"})
_QUOTED = re.compile(r"'([^'\\]*)'")


class Key(NamedTuple):
    """Which cell: rows of two sides meet here."""

    benchmark: str
    parameters: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One cell on one side."""

    problem: tuple[str | None, int | None] = (None, None)
    """Version of the benchmark and items of a call; None: not told."""
    seconds: Estimate | None = None
    """Time per call; for a throughput the time per unit of work."""
    bounds: Interval | None = None
    """An interval that came with the file, where there are no samples."""
    obstacle: str | None = None
    """Why there is nothing to compare; None: there is."""
    broken: bool = False
    """It was tried and went wrong, as opposed to left out."""
    fixed_work_seconds: tuple[float, ...] = ()
    """The control kernel before and after each process."""


def measured(
    results: ResultSet, machine: str, floors: Mapping[str, float]
) -> tuple[dict[Key, Measured], int]:
    """Every cell of a machine, and how many rows are neither times nor throughputs.

    Args:
        results: that hold rows of this machine.
        machine: its name in the files.
        floors: noise floors that were measured on it, by size.
    """
    ours = _of_outcomes(
        [saved.outcome for saved in results.outcomes if saved.machine == machine], floors
    )
    stems = {saved.stem for saved in results.outcomes if saved.machine == machine}
    # Our own runs stand in ASV's files too, with less detail: there the side-car counts.
    others = [
        row
        for row in results.asv_rows
        if row.machine == machine and row.source.removesuffix(".json") not in stems
    ]
    timed = [row for row in others if _direction(row) is not None]
    return {**_of_asv_rows(timed), **ours}, len(others) - len(timed)


def _of_outcomes(outcomes: Iterable[Outcome], floors: Mapping[str, float]) -> dict[Key, Measured]:
    """The latest run of each cell."""
    runs: dict[Key, dict[str, list[Outcome]]] = {}
    for outcome in outcomes:
        given = outcome.parameters
        named = {
            "configuration": given.configuration,
            "precision": given.precision,
            "size": given.size,
        }
        key = Key(outcome.benchmark, tuple(sorted(named.items())))
        runs.setdefault(key, {}).setdefault(outcome.run, []).append(outcome)
    return {key: _of_run(max(by_run.values(), key=_latest), floors) for key, by_run in runs.items()}


def _latest(outcomes: Sequence[Outcome]) -> datetime:
    return max(moment(outcome.started_at) for outcome in outcomes)


def _of_run(outcomes: Sequence[Outcome], floors: Mapping[str, float]) -> Measured:
    capsule, size = outcomes[0].capsule, outcomes[0].parameters.size
    problem = (capsule.workload_version, capsule.items)
    bad = obstacle(outcomes)
    if bad is not None:
        why = f"{bad.outcome}: {explained(bad)}"
        return Measured(problem=problem, obstacle=why, broken=bad.outcome != "skipped")
    outcomes = undisturbed(outcomes)
    samples = [outcome.samples_seconds for outcome in outcomes]
    if not all(samples) or not _plausible(sample for group in samples for sample in group):
        return Measured(problem=problem, obstacle="no usable samples")
    return Measured(
        problem=problem,
        seconds=estimate(samples, assumed=assumed_scatter(size, floors.get(size))),
        fixed_work_seconds=tuple(
            seconds
            for outcome in outcomes
            for seconds in (outcome.control_before_seconds, outcome.control_after_seconds)
            if seconds is not None
        ),
    )


def _of_asv_rows(rows: Iterable[AsvRow]) -> dict[Key, Measured]:
    """The latest row of each cell."""
    latest: dict[Key, AsvRow] = {}
    for row in rows:
        parameters = {name: _unquoted(value) for name, value in row.parameters.items()}
        key = Key(row.benchmark, tuple(sorted(parameters.items())))
        before = latest.get(key)
        if before is None or (before.started_at_ms or 0) <= (row.started_at_ms or 0):
            latest[key] = row
    return {key: _of_row(row) for key, row in latest.items()}


def _of_row(row: AsvRow) -> Measured:
    problem = (row.version, None)
    if row.state == "null":
        return Measured(problem=problem, obstacle="failed", broken=True)
    if row.value is None:
        return Measured(problem=problem, obstacle="skipped, or not selected")
    direction = _direction(row)
    assert direction is not None
    values = list(row.samples) or [row.value]
    if not _plausible(values):
        return Measured(problem=problem, obstacle="not a plausible value")
    seconds = estimate([[value**direction for value in values]])
    bounds = row.interval_99
    if bounds is None or not _plausible(bounds):
        return Measured(problem=problem, seconds=seconds)
    low, high = sorted(bound**direction for bound in bounds)
    return Measured(problem=problem, seconds=seconds, bounds=(low, high))


def _direction(row: AsvRow) -> int | None:
    """1 for a time, -1 for a throughput, None for anything else."""
    unit = (row.unit or "").strip().lower()
    if row.kind in _TIMES or unit in {"s", "seconds"}:
        return 1
    if row.kind is None and not unit and row.benchmark.rpartition(".")[2].startswith("time"):
        return 1  # without benchmarks.json the name is all there is, and ASV goes by it too
    return -1 if unit.endswith("/s") else None


def _plausible(values: Iterable[float]) -> bool:
    """Positive, finite, and neither it nor its reciprocal beyond all measure."""
    return all(SHORTEST_CALL_SECONDS <= value <= 1 / SHORTEST_CALL_SECONDS for value in values)


def _unquoted(text: str) -> str:
    """The text that a `repr` of a plain string stands for; anything else as it is."""
    match = _QUOTED.fullmatch(text)
    return match[1] if match else text


Cells = Mapping[Key, Measured]

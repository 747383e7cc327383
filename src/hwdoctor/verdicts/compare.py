"""Two or more sets of results against a baseline: what is faster, slower, the same, or unknown.

A cell is `faster` or `slower` if its ratio is beyond the noise floor and beyond what chance
brings about among as many cells (a suite of a hundred cells, each judged at 95 %, would raise
five alarms a night). It is the `same` if the whole interval lies within the floor. Whatever is
neither is `ambiguous`, and what must not be divided is `incomparable`.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import get_args

import numpy as np

from hwdoctor.model.comparison import (
    CellVerdict,
    ComparedCell,
    Comparison,
    ComparisonSummary,
)
from hwdoctor.results.printable import printable
from hwdoctor.verdicts.measured import Key, Measured
from hwdoctor.verdicts.sides import Side
from hwdoctor.verdicts.statistics import Deviations, Interval, interval_of, ratio

NOISE_FLOOR = 0.05
"""Relative change below which two runs are not told apart, as long as nobody has measured how
much this machine's runs differ by themselves."""
FALSE_ALARMS = 0.05
"""Accepted probability of a false alarm in a whole comparison, over all its cells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """One cell of one side against the baseline."""

    key: Key
    ratio: float | None = None
    interval: Interval | None = None
    deviations: Deviations | None = None
    reason: str | None = None
    broken: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """The published document, and what only an exit code needs."""

    document: Comparison
    broken: tuple[str, ...]
    """Cells that worked on the baseline and were tried in vain on another side."""

    @property
    def anything_compared(self) -> bool:
        """Whether there is at least one ratio."""
        return any(cell.ratio is not None for cell in self.document.cells)


def compare(
    all_sides: Sequence[Side], baseline: Side, *, noise_floor: float = NOISE_FLOOR
) -> Compared:
    """Compare every side with the baseline."""
    others = [side for side in all_sides if side is not baseline]
    changes = {side.name: _changes(side, baseline) for side in others}
    cells: list[ComparedCell] = []
    summary: list[ComparisonSummary] = []
    for name, changed in changes.items():
        count = sum(1 for change in changed if change.ratio is not None)
        judged = [_cell(name, change, noise_floor, count) for change in changed]
        cells += judged
        summary.append(_summary(name, changed, judged))
    broken = [change.key.benchmark for changed in changes.values() for change in changed
              if change.broken]  # fmt: skip
    return Compared(
        document=Comparison(
            baseline=baseline.name,
            machines=tuple(side.described for side in all_sides),
            cells=tuple(cells),
            summary=tuple(summary),
        ),
        broken=tuple(dict.fromkeys(broken)),
    )


def _changes(side: Side, baseline: Side) -> list[_Change]:
    keys = sorted({*side.cells, *baseline.cells})
    return [_change(key, side.cells.get(key), baseline.cells.get(key)) for key in keys]


def _change(key: Key, here: Measured | None, there: Measured | None) -> _Change:
    obstacle = _obstacle(here, there)
    if obstacle is not None or here is None or there is None:
        broken = here is not None and here.broken and there is not None and not there.obstacle
        return _Change(key=key, reason=obstacle, broken=broken)
    assert here.seconds is not None
    assert there.seconds is not None
    found = ratio(here.seconds, there.seconds)
    deviations = None
    if here.seconds.deviations is not None and there.seconds.deviations is not None:
        deviations = here.seconds.deviations - there.seconds.deviations
    return _Change(
        key=key,
        ratio=found.value,
        interval=found.interval or _from_bounds(here, there),
        deviations=deviations,
    )


def _obstacle(here: Measured | None, there: Measured | None) -> str | None:
    """Why these two must not be divided; outcomes first, then what was measured."""
    if here is None:
        return "not measured here"
    if there is None:
        return "not measured on the baseline"
    if here.obstacle and there.obstacle:
        same = here.obstacle == there.obstacle
        return here.obstacle if same else f"{here.obstacle}; on the baseline {there.obstacle}"
    if here.obstacle or there.obstacle:
        return here.obstacle or f"on the baseline {there.obstacle}"
    if here.problem[0] != there.problem[0]:
        return f"version {here.problem[0]} here, {there.problem[0]} on the baseline"
    if here.problem[1] != there.problem[1]:
        return f"{here.problem[1]} items here, {there.problem[1]} on the baseline"
    return None


def _from_bounds(here: Measured, there: Measured) -> Interval | None:
    """From the intervals in the files, as wide as they can make it."""
    if here.bounds is None or there.bounds is None:
        return None
    return here.bounds[0] / there.bounds[1], here.bounds[1] / there.bounds[0]


def _cell(name: str, change: _Change, floor: float, comparisons: int) -> ComparedCell:
    verdict, reason = _verdict(change, floor, comparisons)
    return ComparedCell(
        benchmark=printable(change.key.benchmark),
        parameters={printable(k): printable(v) for k, v in change.key.parameters},
        machine=name,
        ratio=change.ratio,
        interval=change.interval,
        verdict=verdict,
        reason=printable(reason) if reason else None,
    )


def _verdict(change: _Change, floor: float, comparisons: int) -> tuple[CellVerdict, str | None]:
    if change.ratio is None:
        return "incomparable", change.reason
    if change.interval is None:
        return "ambiguous", "too few samples for an interval"
    low, high = change.interval
    band = 1 + floor
    if 1 / band <= low and high <= band:
        return "same", None
    if 1 / band <= change.ratio <= band:
        return "ambiguous", "within the noise floor, but the interval is wider"
    if not _beyond_chance(change, comparisons):
        return "ambiguous", "not beyond chance"
    return ("slower" if change.ratio > 1 else "faster"), None


def _beyond_chance(change: _Change, comparisons: int) -> bool:
    """Bonferroni: each cell gets its share of the false alarms that all may raise together."""
    assert change.ratio is not None
    assert change.interval is not None
    if change.deviations is None:
        # The interval of a file is as wide as two 99 % intervals can make it.
        return not change.interval[0] <= 1 <= change.interval[1]
    quantile = NormalDist().inv_cdf(1 - FALSE_ALARMS / (2 * max(comparisons, 1)))
    return abs(math.log(change.ratio)) > quantile * float(np.std(change.deviations))


def _summary(
    name: str, changes: Sequence[_Change], cells: Sequence[ComparedCell]
) -> ComparisonSummary:
    counted = Counter(cell.verdict for cell in cells)
    counts: Mapping[CellVerdict, int] = {v: counted[v] for v in get_args(CellVerdict)}
    comparable = [change for change in changes if change.ratio is not None]
    if not comparable:
        return ComparisonSummary(machine=name, counts=dict(counts))
    mean = math.exp(sum(math.log(c.ratio) for c in comparable if c.ratio) / len(comparable))
    known = [change.deviations for change in comparable if change.deviations is not None]
    every = len(known) == len(comparable)
    return ComparisonSummary(
        machine=name,
        geometric_mean_ratio=mean,
        interval=interval_of(mean, np.mean(known, axis=0)) if every else None,
        counts=dict(counts),
    )

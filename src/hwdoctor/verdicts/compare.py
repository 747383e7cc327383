"""Two or more sets of results against a baseline: what is faster, slower, the same, or unknown.

A cell is `faster` or `slower` if its ratio is beyond the noise floor and beyond what chance
brings about among as many cells (a suite of a hundred cells, each judged at 95 %, would raise
five alarms a night). It is the `same` if the whole interval lies within the floor. Whatever is
neither is `ambiguous`, and what must not be divided is `incomparable`.
"""

import functools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import get_args

from hwdoctor.model.comparison import (
    CellVerdict,
    ComparedCell,
    Comparison,
    ComparisonSummary,
)
from hwdoctor.results.printable import printable
from hwdoctor.verdicts.measured import Key, Measured
from hwdoctor.verdicts.moderation import UNKNOWN, Scatter, suite_scatter
from hwdoctor.verdicts.sides import Side
from hwdoctor.verdicts.statistics import Interval, Ratio, mean_ratio, ratio

NOISE_FLOOR = 0.05
"""Relative change below which two runs are not told apart, as long as nobody has measured how
much this machine's runs differ by themselves (`hwdoctor bench --noise`)."""
FALSE_ALARMS = 0.05
"""Accepted probability of a false alarm in a whole comparison, over all its cells."""
CHANGED_MACHINE = 1.1
"""Fixed work that takes this much longer or shorter on the same hardware: the machine itself is
not what it was, and cells may differ by as much without being any different."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """One cell of one side against the baseline."""

    key: Key
    ratio: Ratio | None = None
    bounds: Interval | None = None
    """From intervals in the files, where there are no samples."""
    reason: str | None = None
    broken: bool = False

    @property
    def interval(self) -> Interval | None:
        """That of the samples, else that of the files."""
        return (self.ratio.interval if self.ratio else None) or self.bounds


@dataclass(frozen=True, slots=True, kw_only=True)
class _Yardstick:
    """Which differences between two sides mean nothing."""

    floors: Mapping[str | None, float]
    """By size; under None what is assumed where none was measured."""
    cells: int
    """How many are judged together."""
    fixed_work_ratio: float | None
    """Of the control kernel, on the same hardware."""

    def floor(self, key: Key) -> float:
        """Relative change that a cell must exceed."""
        size = dict(key.parameters).get("size")
        return self.floors.get(size, self.floors[None])

    @property
    def drift(self) -> float:
        """What fixed work changed by, turned round to be at least 1."""
        changed = self.fixed_work_ratio or 1.0
        return max(changed, 1 / changed)


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
    """Compare every side with the baseline.

    Args:
        all_sides: the baseline among them.
        baseline: what all others are divided by.
        noise_floor: relative; assumed where it was not measured on the machines concerned.
    """
    cells: list[ComparedCell] = []
    summary: list[ComparisonSummary] = []
    broken: list[str] = []
    for side in all_sides:
        if side is baseline:
            continue
        changes = _changes(side, baseline)
        yardstick = _yardstick(side, baseline, changes, noise_floor)
        judged = [_cell(side.name, change, yardstick) for change in changes]
        cells += judged
        summary.append(_summary(side.name, changes, judged, yardstick))
        broken += [change.key.benchmark for change in changes if change.broken]
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
    suite = suite_scatter([_own_scatter(key, side, baseline) for key in keys])
    return [_change(key, side.cells.get(key), baseline.cells.get(key), suite) for key in keys]


def _own_scatter(key: Key, side: Side, baseline: Side) -> Scatter:
    """Of a cell's processes on both sides, which are taken to scatter alike."""
    found = (each.cells.get(key) for each in (side, baseline))
    known = (cell.seconds.own for cell in found if cell is not None and cell.seconds is not None)
    return functools.reduce(Scatter.pooled_with, known, UNKNOWN)


def _change(
    key: Key, here: Measured | None, there: Measured | None, suite: Scatter | None
) -> _Change:
    obstacle = _obstacle(here, there)
    if obstacle is not None or here is None or there is None:
        broken = here is not None and here.broken and there is not None and not there.obstacle
        return _Change(key=key, reason=obstacle, broken=broken)
    assert here.seconds is not None
    assert there.seconds is not None
    return _Change(
        key=key,
        ratio=ratio(here.seconds, there.seconds, suite=suite),
        bounds=_from_bounds(here, there),
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


def _yardstick(
    side: Side, baseline: Side, changes: Sequence[_Change], assumed: float
) -> _Yardstick:
    return _Yardstick(
        floors=_floors(side, baseline, assumed),
        cells=sum(1 for change in changes if change.ratio is not None),
        fixed_work_ratio=_fixed_work_ratio(side, baseline),
    )


def _floors(side: Side, baseline: Side, assumed: float) -> Mapping[str | None, float]:
    """Measured on the one machine that both are, or on each of two."""
    floors: dict[str | None, float] = {None: assumed}
    for size in {*side.floors, *baseline.floors}:
        known = [each.floors[size] for each in (side, baseline) if size in each.floors]
        complete = len(known) > 1 or _same_hardware(side, baseline)
        floors[size] = max(known if complete else [*known, assumed])
    return floors


def _same_hardware(side: Side, baseline: Side) -> bool:
    here, there = side.described.fingerprint, baseline.described.fingerprint
    return here is not None and here == there


def _fixed_work_ratio(side: Side, baseline: Side) -> float | None:
    """None across machines, where it says nothing about change."""
    if not _same_hardware(side, baseline):
        return None
    here, there = (
        [s for cell in each.cells.values() for s in cell.fixed_work_seconds if s > 0]
        for each in (side, baseline)
    )
    return median(here) / median(there) if here and there else None


def _cell(name: str, change: _Change, yardstick: _Yardstick) -> ComparedCell:
    verdict, reason = _verdict(change, yardstick)
    return ComparedCell(
        benchmark=printable(change.key.benchmark),
        parameters={printable(k): printable(v) for k, v in change.key.parameters},
        machine=name,
        ratio=change.ratio.value if change.ratio else None,
        interval=change.interval,
        verdict=verdict,
        reason=printable(reason) if reason else None,
    )


def _verdict(change: _Change, yardstick: _Yardstick) -> tuple[CellVerdict, str | None]:
    if change.ratio is None:
        return "incomparable", change.reason
    if change.interval is None:
        return "ambiguous", "too few samples for an interval"
    low, high = change.interval
    value, band = change.ratio.value, 1 + yardstick.floor(change.key)
    if 1 / band <= low and high <= band:
        return "same", None
    if 1 / band <= value <= band:
        return "ambiguous", "within the noise floor, but the interval is wider"
    if not _beyond_chance(change, yardstick.cells):
        return "ambiguous", "not beyond chance"
    if yardstick.drift > CHANGED_MACHINE and max(value, 1 / value) <= band * yardstick.drift:
        return "ambiguous", f"fixed work itself changed by a factor of {yardstick.drift:.2f}"
    return ("slower" if value > 1 else "faster"), None


def _beyond_chance(change: _Change, comparisons: int) -> bool:
    """Bonferroni: each cell gets its share of the false alarms that all may raise together."""
    assert change.ratio is not None
    if change.ratio.error is None:
        # The interval of a file is as wide as two 99 % intervals can make it.
        return change.bounds is not None and not change.bounds[0] <= 1 <= change.bounds[1]
    return change.ratio.beyond_chance(FALSE_ALARMS / max(comparisons, 1))


def _summary(
    name: str, changes: Sequence[_Change], cells: Sequence[ComparedCell], yardstick: _Yardstick
) -> ComparisonSummary:
    counted = Counter(cell.verdict for cell in cells)
    comparable = [change for change in changes if change.ratio is not None]
    ratios = [change.ratio for change in comparable if change.ratio is not None]
    mean = mean_ratio(ratios) if ratios else None
    sizes = {dict(change.key.parameters).get("size") for change in comparable}
    fixed = yardstick.fixed_work_ratio
    return ComparisonSummary(
        machine=name,
        geometric_mean_ratio=mean.value if mean else None,
        interval=mean.interval if mean else None,
        counts={verdict: counted[verdict] for verdict in get_args(CellVerdict)},
        noise_floor=max((yardstick.floor(change.key) for change in comparable), default=None),
        noise_floor_measured=bool(sizes) and sizes <= yardstick.floors.keys() - {None},
        fixed_work_ratio=None if fixed is None else float(f"{fixed:.4g}"),
    )

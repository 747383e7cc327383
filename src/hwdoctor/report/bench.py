"""A sitting that is over: what was measured, how well it is known, and what stands in its way.

A summary, not a verdict: rows are in the order of their times, and what is fastest *and proven*
is for `recommend` to say.
"""

from __future__ import annotations

import math
import re
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.console import Group, RenderableType
from rich.text import Text

from hwdoctor.report.console import words
from hwdoctor.report.quantities import duration, named, rate, size
from hwdoctor.report.sheet import Column, Indented, Sheet
from hwdoctor.results.together import obstacle, undisturbed
from hwdoctor.verdicts.statistics import assumed_scatter, estimate, suite_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from hwdoctor.measure.cell import Cell
    from hwdoctor.model import Outcome
    from hwdoctor.verdicts.moderation import Scatter

    Measured = Sequence[tuple[Cell, Sequence[Outcome]]]

TENTHS_BELOW: Final = 9.5  # percent
_NUMBER: Final = re.compile(r"[0-9][0-9.,]*")
_DISTURBED: Final = "*"
_UNSTABLE: Final = "?"
_LEGEND: Final = {
    _DISTURBED: "* disturbed: measure again when nothing else runs",
    _UNSTABLE: "? unstable: disturbed in every try, never ranked; measure again",
}


def summary(machine: str, measured: Measured) -> RenderableType:
    """A block per workload, its tasks and precisions fastest first; then what was not run."""
    tried = [_Line.of(cell, outcomes) for cell, outcomes in measured if _tried(outcomes)]
    suite = suite_of(line.groups for line in tried if line.counts)
    parts: list[RenderableType] = [words(f"measured on {machine}", "label")]
    for title, lines in _grouped(tried, lambda c: f"{c.workload}, {c.size}").items():
        parts += [Text(), words(title, "label"), _sheet(lines, suite)]
    parts += _not_run([(cell, out) for cell, out in measured if out and not _tried(out)])
    legend = [Text(text, "doubt") for mark, text in _LEGEND.items() if mark in {*_marks(tried)}]
    return Group(*parts, *([Text(), *legend] if legend else []))


def _tried(outcomes: Sequence[Outcome]) -> bool:
    return bool(outcomes) and outcomes[0].outcome != "skipped"


@dataclass(frozen=True)
class _Line:
    """A cell, and those of its processes that its figures are of."""

    cell: Cell
    outcomes: Sequence[Outcome]
    shown: Sequence[Outcome]
    """The undisturbed ones where the cell counts, the disturbed ones where it is unstable."""
    obstacle: Outcome | None
    """Why it does not count; None: it does."""

    @classmethod
    def of(cls, cell: Cell, outcomes: Sequence[Outcome]) -> _Line:
        against = obstacle(outcomes)
        shown: Sequence[Outcome] = () if against else undisturbed(outcomes)
        if against is not None and against.outcome == "unstable":
            shown = outcomes
        return cls(cell, outcomes, [one for one in shown if one.samples_seconds], against)

    @property
    def counts(self) -> bool:
        return self.obstacle is None and bool(self.shown)

    @property
    def mark(self) -> str:
        if self.obstacle is not None:
            return _UNSTABLE
        return _DISTURBED if any(one.pollution for one in self.shown) else ""

    @property
    def groups(self) -> list[Sequence[float]]:
        return [one.samples_seconds for one in self.shown]

    @property
    def median(self) -> float:
        """Of whatever is shown; infinite where nothing is."""
        samples = [s for group in self.groups for s in group]
        return statistics.median(samples) if samples else math.inf


def _marks(lines: Iterable[_Line]) -> Iterator[str]:
    for line in lines:
        if line.shown:
            yield line.mark


def _grouped(lines: Iterable[_Line], name: Callable[[Cell], str]) -> dict[str, list[_Line]]:
    groups: dict[str, list[_Line]] = {}
    for line in lines:
        groups.setdefault(name(line.cell), []).append(line)
    return groups


def _sheet(lines: Sequence[_Line], suite: Scatter | None) -> Sheet:
    """One workload."""
    sheet = Sheet(
        Column(""),
        Column("median"),
        Column("95 % interval", spoken="95 % in {}"),
        Column("rate", spoken="rate {}"),
        Column("peak", spoken="peak {}"),
        Column("device", spoken="{} on the device"),
        Column("of limit", optional=1, numbers=False, spoken="{} limit"),
        Column("outcome", optional=2, numbers=False, spoken=""),
        Column("first call", optional=3, spoken=""),
    )
    for title, block in _grouped(lines, lambda c: f"{c.task} {c.precision}").items():
        units = {o.throughput.unit for line in block for o in line.shown if o.throughput}
        sheet.title(f"{title} ({', '.join(sorted(units))})" if units else title)
        for line in sorted(block, key=lambda line: (line.obstacle is not None, line.median)):
            if line.shown:
                _add(sheet, line, suite)
        for text, style in (*_bad(block), *_doubts(block)):
            sheet.note(text, style)
    return sheet


def _add(sheet: Sheet, line: _Line, suite: Scatter | None) -> None:
    """A row for what has a time; the others are told in notes."""
    outcome = {_DISTURBED: "disturbed", _UNSTABLE: "unstable"}.get(line.mark, "ok")
    sheet.row(
        f"{line.cell.configuration.name} {line.mark}".rstrip(),
        duration(line.median),
        _interval(line, suite) if line.counts else "",
        _rate(line.shown, line.median),
        _largest(one.host_peak_bytes for one in line.shown),
        _largest(one.device_peak_bytes for one in line.shown),
        _share(line.shown),
        outcome,
        duration(line.shown[0].first_call_seconds or 0.0),
    )


def _interval(line: _Line, suite: Scatter | None) -> str:
    """In the unit of the median, which stands beside it; as `recommend` sees it."""
    assumed = assumed_scatter(line.cell.size)
    found = estimate(line.groups, suite=suite, assumed=assumed).interval
    if found is None:
        return ""
    low, high = (duration(bound, like=line.median).rpartition(" ")[0] for bound in found)
    return f"[{low}, {high}]"


def _rate(outcomes: Sequence[Outcome], median: float) -> str:
    """Throughput at the median of all processes, in the unit that the title tells."""
    first = outcomes[0]
    if first.throughput is None:
        return ""
    work = first.throughput.value * statistics.median(first.samples_seconds)
    return rate(work / median, "").strip()


def _largest(sizes: Iterable[int | None]) -> str:
    known = [count for count in sizes if count is not None]
    return size(max(known)) if known else ""


def _share(outcomes: Sequence[Outcome]) -> str:
    """Of the limit that it is closest to, and which one that is."""
    shares = {
        name: statistics.median(known)
        for name, values in (
            ("memory", [outcome.share_of_bandwidth_limit for outcome in outcomes]),
            ("compute", [outcome.share_of_compute_limit for outcome in outcomes]),
        )
        if (known := [value for value in values if value is not None])
    }
    if not shares:
        return ""
    name = max(shares, key=lambda limit: shares[limit])
    percent = 100 * shares[name]
    return f"{percent:.0f} % {name}" if percent > TENTHS_BELOW else f"{percent:.2g} % {name}"


def _bad(block: Iterable[_Line]) -> Iterator[tuple[str, str]]:
    """A line per configuration that has no time to show."""
    for line in block:
        bad = line.obstacle
        if bad is not None and not line.shown:
            why = bad.reason or bad.exception or "no reason was recorded"
            yield f"{line.cell.configuration.name} {bad.outcome}: {why}", "bad"


def _doubts(block: Iterable[_Line]) -> Iterator[tuple[str, str]]:
    """Who was disturbed by what, a line per kind of thing; and whose memory grows."""
    texts: dict[str, set[str]] = {}
    names: dict[str, list[str]] = {}
    for line in block:
        if not line.shown:
            continue  # a line says why already
        name = line.cell.configuration.name
        growth = max(one.memory_growth_bytes_per_call or 0.0 for one in line.shown)
        if growth > 0:
            yield f"{name}: memory grows by {size(round(growth))} a call", "doubt"
        for kind, found in _disturbances(line.outcomes).items():
            texts.setdefault(kind, set()).update(found)
            several = len(line.outcomes) > 1
            share = f" ({len(found)} of {len(line.outcomes)} processes)" if several else ""
            names.setdefault(kind, []).append(name + share)
    for kind, said in texts.items():
        such = ", or the like" if len(said) > 1 else ""
        yield f"{max(said)}{such}: {', '.join(names[kind])}", "doubt"


def _disturbances(outcomes: Sequence[Outcome]) -> dict[str, list[str]]:
    """What was said of each disturbed process, by the kind of thing: the text less its numbers."""
    kinds: dict[str, list[str]] = {}
    for outcome in outcomes:
        said = {_NUMBER.sub("#", text): text for text in outcome.pollution}
        for kind, text in said.items():
            kinds.setdefault(kind, []).append(text)
    return kinds


def _not_run(skipped: Measured) -> list[RenderableType]:
    """A line per reason."""
    reasons: dict[str, list[str]] = {}
    for cell, outcomes in skipped:
        reasons.setdefault(outcomes[0].reason or "", []).append(cell.configuration.name)
    if not reasons:
        return []
    lines = [f"{why}: {named(names)}" for why, names in sorted(reasons.items())]
    return [Text(), words("not run here", "label"), *(Indented(line) for line in lines)]

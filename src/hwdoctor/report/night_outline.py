"""What is told of a night: its lines and sections, whatever the form they are shown in.

The verdict comes first, then what is worse, then what is not known, then the rest. Plain text
only: nothing here may know about colour, width or Markdown.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from hwdoctor.model.comparison import ComparedCell, ComparisonSummary
from hwdoctor.model.night import Night, NightCell, NightFinding, NotMeasured
from hwdoctor.report.check import VERDICTS as CHECK_VERDICTS
from hwdoctor.report.comparison import summary_line, yardstick_line
from hwdoctor.report.quantities import counted

VERDICTS: Final = {
    "good": ("GOOD", "good"),
    "regressed": ("REGRESSED", "bad"),
    "blocked": ("BLOCKED", "bad"),
    "unknown": ("COULD NOT ASSESS", "doubt"),
}
MOST_LINES: Final = 30
"""Of one section; the rest is counted, and stands in the JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Lines under a heading; one without lines is not shown."""

    heading: str
    lines: tuple[str, ...]
    folded: bool = False
    """In Markdown it is opened by a click."""

    @property
    def shown(self) -> tuple[str, ...]:
        """Not more than a person reads."""
        if len(self.lines) <= MOST_LINES:
            return self.lines
        rest = len(self.lines) - MOST_LINES
        return (*self.lines[:MOST_LINES], f"... and {rest} more (--format json has all)")


def facts(night: Night) -> Iterator[str]:
    """Why the verdict is what it is; what was done, on what, against what."""
    yield from night.reasons
    chosen = f", only {', '.join(night.selection)}" if night.selection else ""
    yield f"{night.machine.name}, size {night.size}{chosen}, run {night.run}"
    disturbed = f", {night.cells_disturbed} of them disturbed" * bool(night.cells_disturbed)
    yield f"{night.cells_measured} of {counted(night.cells, 'cell')} measured{disturbed}"
    if night.baseline is not None:
        last = night.baseline
        accepted = ", accepted" if last.accepted else ""
        older = f"; {counted(last.older_cells, 'cell')} from older nights" * bool(last.older_cells)
        yield f"compared with the good night {last.run} ({last.started_at}{accepted}){older}"
    elif night.first:
        yield "first night: nothing to compare with yet"
    if night.summary is not None:
        yield from _together(night.summary)
    yield f"check: {CHECK_VERDICTS[night.check.verdict][0]}{_profiles(night)}"


def sections(night: Night) -> Iterator[Section]:
    """Everything else, worst first."""
    for section in (*_worse(night), *_better(night), *_unknown(night), *_background(night)):
        if section.lines:
            yield section


def _worse(night: Night) -> Iterator[Section]:
    yield Section(heading="errors", lines=tuple(map(_finding, night.check.errors)))
    known = {finding.code for finding in night.check.errors}
    appeared = [f for f in night.check.appeared if f.code not in known]
    yield Section(heading="new findings", lines=tuple(map(_finding, appeared)))
    yield Section(heading="broken", lines=tuple(map(_changed, night.broken)))
    yield Section(heading="slower", lines=tuple(map(_compared, night.slower)))
    unclear = tuple(map(_compared, night.slower_with_machine))
    yield Section(heading="slower, perhaps with the machine", lines=unclear)
    told = {_name(cell.benchmark, cell.parameters) for cell in night.slower}
    told |= {_name(cell.benchmark, cell.parameters) for cell in night.broken}
    waiting = [_name(c.benchmark, c.parameters) for c in night.open]
    yield Section(
        heading="slower or broken before, not measured now",
        lines=tuple(name for name in waiting if name not in told),
    )


def _better(night: Night) -> Iterator[Section]:
    yield Section(heading="works again", lines=tuple(map(_changed, night.repaired)))
    yield Section(heading="faster", lines=tuple(map(_compared, night.faster)))
    yield Section(heading="new", lines=tuple(map(_changed, night.new)))
    gone = tuple(map(_finding, night.check.disappeared))
    yield Section(heading="findings that are gone", lines=gone)
    yield Section(heading="recommendation", lines=tuple(_advice(night)))


def _unknown(night: Night) -> Iterator[Section]:
    yield Section(heading="not measured", lines=tuple(map(_group, night.not_measured)))
    yield Section(heading="failed before, not judged now", lines=night.check.undecided)


def _background(night: Night) -> Iterator[Section]:
    if night.drift is not None:
        since = f"since the good night {night.drift.run}"
        lines = (*_together(night.drift.summary), *map(_compared, night.drift.slower))
        yield Section(heading=f"drift {since}", lines=lines)
    yield Section(heading="what differs", lines=tuple(_differences(night)), folded=True)
    passed = tuple(f"{one.run}: {one.reason}" for one in night.passed_over)
    yield Section(heading="newer runs that were passed over", lines=passed, folded=True)


def last_line(night: Night) -> str:
    """The whole truth for whoever reads only this."""
    word = VERDICTS[night.verdict][0]
    why = "; ".join(night.reasons)
    if night.verdict == "regressed":
        return f"{word}: {why}; to take this night as good, add --accept to the command"
    if night.verdict == "good":
        return f"{word}: {'; '.join([_extent(night), *night.reasons])}"
    return f"{word}: {why}"


def _extent(night: Night) -> str:
    """How much a good night says."""
    missing = night.cells - night.cells_measured
    not_measured = f", {counted(missing, 'cell')} not measured" if missing else ""
    if night.summary is None:
        return f"first night{not_measured}"
    compared = sum(n for verdict, n in night.summary.counts.items() if verdict != "incomparable")
    return f"{counted(compared, 'cell')} compared{not_measured}"


def _together(summary: ComparisonSummary) -> Iterator[str]:
    """The mean, and by what the cells were judged."""
    named = msgspec.structs.replace(summary, machine="all cells together")
    yield summary_line(named)
    judged_by = yardstick_line(named)
    if judged_by is not None:
        yield judged_by.removeprefix("all cells together: ")


def _profiles(night: Night) -> str:
    names = ", ".join(night.check.profiles)
    return f", profile {names}" if names else ""


def _finding(finding: NightFinding) -> str:
    return f"{finding.severity} {finding.code} {finding.name}: {finding.summary}"


def _changed(cell: NightCell) -> str:
    before = cell.before or "not measured"
    reason = f" ({cell.reason})" if cell.reason else ""
    return f"{_name(cell.benchmark, cell.parameters)}: {before} -> {cell.now}{reason}"


def _compared(cell: ComparedCell) -> str:
    low, high = cell.interval or (None, None)
    interval = "" if low is None else f" [{low:.3g}, {high:.3g}]"
    return f"{_name(cell.benchmark, cell.parameters)}: {cell.ratio:.3g}x{interval} the time"


def _name(benchmark: str, parameters: Mapping[str, str]) -> str:
    """`black_scholes.Price numba-cpu float64`; the size is that of the night."""
    values = [value for name, value in parameters.items() if name != "size"]
    return " ".join([benchmark.removesuffix(".time_steady"), *values])


def _group(group: NotMeasured) -> str:
    where = f" ({_listed(group.configurations)})" if group.configurations else ""
    return f"{counted(group.count, 'cell')} {group.outcome}: {group.reason}{where}"


def _listed(names: Iterable[str], most: int = 6) -> str:
    every = list(names)
    rest = [f"{len(every) - most} more"] if len(every) > most else []
    return ", ".join([*every[:most], *rest])


def _advice(night: Night) -> Iterator[str]:
    given = night.recommendation
    now = _configuration(night, "now")
    if not given.compared:
        yield now
    elif given.changed:
        yield f"{now}; on the last good night: {_configuration(night, 'before')}"
    else:
        yield f"{now}, unchanged"
    for winner in given.winners:
        tie = " (a tie)" if winner.tie else ""
        yield (
            f"{winner.workload} {winner.precision}: fastest is {winner.now or 'nothing proven'}, "
            f"was {winner.before or 'nothing proven'}{tie}"
        )


def _configuration(night: Night, when: str) -> str:
    overall = night.recommendation.now if when == "now" else night.recommendation.before
    if overall is None:
        return "no configuration is proven for everything"
    return f"{overall.configuration} ({overall.precision})"


def _differences(night: Night) -> Iterator[str]:
    """Facts of the check first; the comparison may know more, and never less plainly."""
    for change in night.check.changes:
        before, after = ("none" if v is None else v for v in (change.before, change.after))
        yield f"{change.what}: {before} -> {after}"
    changed = {change.what for change in night.check.changes}
    for line in night.differences:
        if not any(line.startswith(what) for what in changed):
            yield line

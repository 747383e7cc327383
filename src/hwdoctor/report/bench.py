"""A sitting that is over: what was measured, how well it is known, and what stands in its way.

A summary, not a verdict: rows are in the order of their times, and what is fastest *and proven*
is for `recommend` to say.
"""

from __future__ import annotations

import re
import statistics
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

    Entry = tuple[Cell, Sequence[Outcome]]
    Measured = Sequence[Entry]

TENTHS_BELOW: Final = 9.5  # percent
_MARK: Final = " *"
_NUMBER: Final = re.compile(r"[0-9][0-9.,]*")
_LAST: Final = float("inf")


def summary(machine: str, measured: Measured) -> RenderableType:
    """A block per workload, its tasks and precisions fastest first; then what was not run."""
    tried = [(cell, _counting(out)) for cell, out in measured if out and not _skipped(out)]
    skipped = [(cell, out) for cell, out in measured if out and _skipped(out)]
    suite = suite_of(_groups(out) for _, out in tried if _median(out) is not None)
    parts: list[RenderableType] = [words(f"measured on {machine}", "label")]
    for title, entries in _grouped(tried, lambda c: f"{c.workload}, {c.size}").items():
        parts += [Text(), words(title, "label"), _sheet(entries, suite)]
    parts += _not_run(skipped)
    if any(outcome.pollution for _, outcomes in tried for outcome in outcomes):
        parts += [Text(), Text("* disturbed: measure again when nothing else runs", "doubt")]
    return Group(*parts)


def _skipped(outcomes: Sequence[Outcome]) -> bool:
    return outcomes[0].outcome == "skipped"


def _counting(outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
    """Without single processes that were disturbed, where the others make up for them."""
    return outcomes if obstacle(outcomes) is not None else undisturbed(outcomes)


def _grouped(entries: Measured, name: Callable[[Cell], str]) -> dict[str, list[Entry]]:
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(name(entry[0]), []).append(entry)
    return groups


def _sheet(entries: Measured, suite: Scatter | None) -> Sheet:
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
    for title, block in _grouped(entries, lambda c: f"{c.task} {c.precision}").items():
        units = {o.throughput.unit for _, outcomes in block for o in outcomes if o.throughput}
        sheet.title(f"{title} ({', '.join(sorted(units))})" if units else title)
        for entry in sorted(block, key=_slowness):
            _add(sheet, *entry, suite)
        for line, style in (*_bad(block), *_doubts(block)):
            sheet.note(line, style)
    return sheet


def _slowness(entry: Entry) -> float:
    median = _median(entry[1])
    return _LAST if median is None else median


def _add(sheet: Sheet, cell: Cell, outcomes: Sequence[Outcome], suite: Scatter | None) -> None:
    """A row for what has a time; the others are told in notes."""
    median = _median(outcomes)
    if median is None:
        return
    marked = any(outcome.pollution for outcome in outcomes)
    sheet.row(
        cell.configuration.name + (_MARK if marked else ""),
        duration(median),
        _interval(cell, outcomes, median, suite),
        _rate(outcomes, median),
        _largest(outcome.host_peak_bytes for outcome in outcomes),
        _largest(outcome.device_peak_bytes for outcome in outcomes),
        _share(outcomes),
        "disturbed" if marked else "ok",
        duration(outcomes[0].first_call_seconds or 0.0),
    )


def _median(outcomes: Sequence[Outcome]) -> float | None:
    if any(outcome.outcome != "ok" or not outcome.samples_seconds for outcome in outcomes):
        return None
    return statistics.median(s for outcome in outcomes for s in outcome.samples_seconds)


def _interval(cell: Cell, outcomes: Sequence[Outcome], median: float, suite: Scatter | None) -> str:
    """In the unit of the median, which stands beside it; as `recommend` sees it."""
    assumed = assumed_scatter(cell.size)
    found = estimate(_groups(outcomes), suite=suite, assumed=assumed).interval
    if found is None:
        return ""
    low, high = (duration(bound, like=median).rpartition(" ")[0] for bound in found)
    return f"[{low}, {high}]"


def _groups(outcomes: Sequence[Outcome]) -> list[Sequence[float]]:
    return [outcome.samples_seconds for outcome in outcomes]


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


def _bad(block: Measured) -> Iterator[tuple[str, str]]:
    """A line per configuration that has no time to show."""
    for cell, outcomes in block:
        bad = obstacle(outcomes)
        if bad is not None:
            why = bad.reason or bad.exception or "no reason was recorded"
            yield f"{cell.configuration.name} {bad.outcome}: {why}", "bad"


def _doubts(block: Measured) -> Iterator[tuple[str, str]]:
    """Who was disturbed by what, a line per kind of thing; and whose memory grows."""
    texts: dict[str, set[str]] = {}
    names: dict[str, list[str]] = {}
    for cell, outcomes in block:
        if _median(outcomes) is None:
            continue  # a line says why already
        name = cell.configuration.name
        growth = max(outcome.memory_growth_bytes_per_call or 0.0 for outcome in outcomes)
        if growth > 0:
            yield f"{name}: memory grows by {size(round(growth))} a call", "doubt"
        for kind, found in _disturbances(outcomes).items():
            texts.setdefault(kind, set()).update(found)
            share = f" ({len(found)} of {len(outcomes)} processes)" if len(outcomes) > 1 else ""
            names.setdefault(kind, []).append(name + share)
    for kind, said in texts.items():
        such = ", or the like" if len(said) > 1 else ""
        yield f"* {max(said)}{such}: {', '.join(names[kind])}", "doubt"


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

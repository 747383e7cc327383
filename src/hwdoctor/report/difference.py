"""`hwdoctor diff` for people and for programs: what is new, gone, open, and what changed."""

from collections.abc import Iterable, Iterator
from typing import Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from hwdoctor.model import CheckReport, Finding, encode
from hwdoctor.model.difference import Change, Difference
from hwdoctor.report.check import VERDICTS
from hwdoctor.report.console import Fitting, joined, words
from hwdoctor.report.finding import INDENT, title

_ABSENT: Final = "-"

Named = tuple[str, CheckReport]
"""A saved check, and the file that it came from."""


def as_json(difference: Difference) -> bytes:
    """The same two checks give the same bytes."""
    return encode(difference)


def console(difference: Difference, before: Named, after: Named) -> RenderableType:
    """The outcome first, then what stands behind it."""
    word, style = _outcome(difference)
    head = joined([Text("hwdoctor diff"), Text(word, style=style)], ": ")
    parts: list[RenderableType] = [head, _side("before", *before), _side("after", *after)]
    parts += _caveats(difference, before[1], after[1])
    parts += _findings("new", difference.appeared)
    parts += _findings("gone", difference.disappeared)
    if difference.undecided:
        codes = ", ".join(difference.undecided)
        parts += [Text(), Text("failed before, not judged now", "label"), _indented(words(codes))]
    if difference.changes:
        table, lines = _table(difference.changes), Group(*_lines(difference.changes))
        parts += [Text(), Text("changed", style="label"), _indented(Fitting(table, lines))]
    return Group(*parts)


def _outcome(difference: Difference) -> tuple[str, str]:
    if difference.worse:
        return "WORSE", "bad"
    if difference.unclear:
        return "COULD NOT TELL", "doubt"
    if difference.disappeared:
        return "BETTER", "good"
    if difference.appeared or difference.changes or not difference.same_facts:
        return "CHANGED, NOT WORSE", "note"
    return "NO DIFFERENCE", "good"


def _side(role: str, file: str, report: CheckReport) -> Text:
    word, style = VERDICTS[report.verdict]
    profiles = f", profile {', '.join(report.profiles)}" if report.profiles else ""
    told = f" ({file}, hwdoctor {report.hwdoctor}, level {report.level}{profiles})"
    return joined([Text(role), Text(word, style=style)], ": ") + words(told)


def _caveats(difference: Difference, old: CheckReport, new: CheckReport) -> Iterator[Text]:
    """Why a difference may not be the machine's doing."""
    if not difference.same_machine:
        yield Text("these are two machines, or one whose hardware changed", style="doubt")
    if (old.level, old.profiles) != (new.level, new.profiles):
        yield Text("the two checks did not judge by the same level and profiles", style="doubt")
    if old.hwdoctor != new.hwdoctor:
        yield Text("two releases of hwdoctor judged: their rules may differ", style="doubt")


def _findings(heading: str, findings: Iterable[Finding]) -> Iterator[RenderableType]:
    blocks = [
        Group(_indented(title(finding)), _indented(words(finding.summary), 2 * INDENT))
        for finding in findings
    ]
    if blocks:
        yield Text()
        yield Text(heading, style="label")
        yield from blocks


def _table(changes: Iterable[Change]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="label", pad_edge=False)
    for heading in ("what", "before", "after"):
        table.add_column(heading, overflow="fold")
    for change in changes:
        table.add_row(words(change.what), *(_value(v) for v in (change.before, change.after)))
    return table


def _lines(changes: Iterable[Change]) -> Iterator[Text]:
    for change in changes:
        arrow = joined([_value(change.before), _value(change.after)], " \u2192 ")
        yield joined([words(change.what), arrow], ": ")


def _value(text: str | None) -> Text:
    return words(_ABSENT if text is None else text)


def _indented(part: RenderableType, columns: int = INDENT) -> Padding:
    return Padding(part, (0, 0, 0, columns))

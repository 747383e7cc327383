"""`hwdoctor check` for people: the verdict first, then what stands behind it.

The verdict is said at the head, where a reader begins, and at the end, where a terminal stands
when the output has scrolled by. It is READY, BLOCKED or COULD NOT ASSESS: a check that could
not tell never looks like one that passed.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from hwdoctor.model import CheckReport, Finding, Severity, Verdict
from hwdoctor.report.backends import backends
from hwdoctor.report.console import joined, words
from hwdoctor.report.finding import block, title
from hwdoctor.report.machine import one_line, software_line
from hwdoctor.report.quantities import counted

VERDICTS: Final[dict[Verdict, tuple[str, str]]] = {
    "ready": ("READY", "good"),
    "blocked": ("BLOCKED", "bad"),
    "unknown": ("COULD NOT ASSESS", "doubt"),
}
_ORDER: Final[dict[Severity, int]] = {"error": 0, "warning": 1, "info": 2}
_NOUNS: Final[dict[Severity, str]] = {"error": "error", "warning": "warning", "info": "note"}


def console(report: CheckReport, *, full: bool = False) -> RenderableType:
    """The whole report; `full` also lists what passed and what was skipped, and why."""
    parts: list[RenderableType] = [_head(report)]
    for finding in ordered(report.findings):
        parts += [Text(), block(finding, explained(finding, report.findings), full=full)]
    if report.facts.backends:
        parts += [Text(), backends(report.facts)]
    if full:
        parts += _quiet_ones(report)
    return Group(*parts, Text(), _foot(report, full=full))


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    """What needs attention, worst first, less what another finding explains."""
    troubled = [finding for finding in findings if finding.status in ("fail", "unknown")]
    codes = {finding.code for finding in troubled}
    roots = [finding for finding in troubled if finding.explained_by not in codes]
    return sorted(roots, key=lambda finding: (finding.status == "unknown", _rank(finding)))


def explained(root: Finding, findings: Iterable[Finding]) -> list[Finding]:
    """The findings that go away with this one."""
    return [
        finding
        for finding in findings
        if finding.explained_by == root.code and finding.status in ("fail", "unknown")
    ]


def reasons(report: CheckReport) -> list[str]:
    """The codes that decide a verdict other than ready."""
    if report.verdict == "blocked":
        return _codes(f for f in report.findings if f.status == "fail" and f.severity == "error")
    if report.verdict == "unknown":
        return _codes(f for f in report.findings if f.status == "unknown")
    return []


def counts(report: CheckReport) -> str:
    """`1 error, 2 warnings, 23 passed, 1 unknown, 5 skipped`."""
    failed = [finding.severity for finding in report.findings if finding.status == "fail"]
    parts = [
        counted(number, noun)
        for severity, noun in _NOUNS.items()
        if (number := failed.count(severity))
    ]
    for status, word in (("pass", "passed"), ("unknown", "unknown")):
        number = sum(finding.status == status for finding in report.findings)
        if number:
            parts.append(f"{number} {word}")
    if report.skipped:
        parts.append(f"{len(report.skipped)} skipped")
    return ", ".join(parts) or "nothing was checked"


def _head(report: CheckReport) -> RenderableType:
    word, style = VERDICTS[report.verdict]
    because = ", ".join(dict.fromkeys(reasons(report)))
    verdict = joined([Text("hwdoctor check"), Text(word, style=style)], ": ")
    if because:
        verdict += Text(" by " if report.verdict == "blocked" else ": ") + words(because)
    lines = [verdict, words(one_line(report.facts)), words(software_line(report.facts))]
    against = f"level {report.level}"
    if report.profiles:
        against += f", profile {', '.join(report.profiles)}"
    return Group(*(line for line in lines if line), words(against))


def _foot(report: CheckReport, *, full: bool) -> Text:
    word, style = VERDICTS[report.verdict]
    hidden = any(finding.status == "pass" for finding in report.findings) or report.skipped
    hint = " (-v lists all)" if hidden and not full else ""
    return Text(word, style=style) + Text(f": {counts(report)}{hint}")


def _quiet_ones(report: CheckReport) -> Iterator[RenderableType]:
    yield Text()
    for finding in report.findings:
        if finding.status in ("pass", "skipped"):
            yield joined([title(finding), words(finding.summary)], ": ")
    for skipped in report.skipped:
        yield Text("SKIPPED ", style="quiet") + words(f"{skipped.code}: {skipped.reason}")


def _rank(finding: Finding) -> int:
    return _ORDER[finding.severity]


def _codes(findings: Iterable[Finding]) -> list[str]:
    return [finding.code for finding in findings]

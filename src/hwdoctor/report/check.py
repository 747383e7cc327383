"""`hwdoctor check` for people: the verdict first, then what stands behind it.

The verdict is said at the head, where a reader begins, and at the end, where a terminal stands
when the output has scrolled by. It is READY, BLOCKED or COULD NOT ASSESS: a check that could
not tell never looks like one that passed.
"""

from collections.abc import Iterable, Iterator, Mapping
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
    for finding, explained in grouped(report.findings):
        parts += [Text(), block(finding, explained, full=full)]
    if report.facts.backends:
        parts += [Text(), backends(report.facts)]
    parts += [Text(), *_quiet_ones(report, full=full)]
    return Group(*parts, _foot(report))


def grouped(findings: Iterable[Finding]) -> list[tuple[Finding, list[Finding]]]:
    """What needs attention, worst first, each with the findings that it is the root cause of."""
    troubled = [finding for finding in findings if finding.status in ("fail", "unknown")]
    first = {finding.code: finding for finding in reversed(troubled)}
    groups: dict[int, tuple[Finding, list[Finding]]] = {}
    for finding in sorted(troubled, key=_order):
        root = _root(finding, first)
        _, explained = groups.setdefault(id(root), (root, []))
        if finding is not root:
            explained.append(finding)
    return sorted(groups.values(), key=lambda group: _order(group[0]))


def _root(finding: Finding, first: Mapping[str, Finding]) -> Finding:
    """The end of the chain of explanations; a chain that runs in a circle explains nothing."""
    seen = {finding.code}
    root = finding
    while (cause := root.explained_by) is not None and cause in first:
        if cause in seen:
            return finding
        seen.add(cause)
        root = first[cause]
    return root


def reasons(report: CheckReport) -> list[str]:
    """The codes that decide a verdict other than ready: causes, not what follows from them."""
    if report.verdict == "blocked":
        errors = [f for f in report.findings if f.status == "fail" and f.severity == "error"]
        return _codes([f for f in errors if f.explained_by is None] or errors)
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


def _foot(report: CheckReport) -> Text:
    word, style = VERDICTS[report.verdict]
    return Text(word, style=style) + Text(f": {counts(report)}")


def _quiet_ones(report: CheckReport, *, full: bool) -> Iterator[RenderableType]:
    passed = [finding for finding in report.findings if finding.status in ("pass", "skipped")]
    if not full:
        yield Text("hwdoctor explain CODE tells more; -v lists what passed or was skipped", "quiet")
        return
    for finding in passed:
        yield joined([title(finding), words(finding.summary)], ": ")
    for skipped in report.skipped:
        yield Text("SKIPPED ", style="quiet") + words(f"{skipped.code}: {skipped.reason}")


def _order(finding: Finding) -> tuple[bool, int]:
    return finding.status == "unknown", _ORDER[finding.severity]


def _codes(findings: Iterable[Finding]) -> list[str]:
    return [finding.code for finding in findings]

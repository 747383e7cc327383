"""A check, or a machine, as Markdown, to be pasted into a bug report.

What a reader needs stands in the open, what passed and what was skipped folds away. Text of
unknown origin is escaped, or stands in code whose fence is longer than any in the text.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from hwdoctor.model import BackendFacts, CheckReport, Facts, Finding
from hwdoctor.model.advice import Advice
from hwdoctor.report.backends import state, tally
from hwdoctor.report.check import VERDICTS, counts, grouped
from hwdoctor.report.finding import heading
from hwdoctor.report.machine import Row, rows
from hwdoctor.report.parts import beyond_readings
from hwdoctor.results.printable import printable

# An underscore inside a word and a `>` inside a line are never syntax.
_SPECIAL: Final = re.compile(r"([\\`*{}\[\]<#|~&]|(?<!\w)_|_(?!\w))")
_FENCE: Final = re.compile(r"`+")


def escaped(text: str) -> str:
    """One line of text that Markdown shows as it is."""
    return _SPECIAL.sub(r"\\\1", printable(text))


def check(report: CheckReport) -> bytes:
    """The whole report."""
    return "\n".join([*_lines(report), ""]).encode()


def fenced(text: str) -> list[str]:
    """Lines of code, whatever backticks they contain."""
    lines = [printable(line) for line in text.splitlines()]
    longest = max((len(run) for run in _FENCE.findall("\n".join(lines))), default=0)
    fence = "`" * max(3, longest + 1)
    return [fence, *lines, fence]


def machine(facts: Facts, advice: Advice | None = None) -> bytes:
    """What the machine is, and what follows from that, as lists."""
    lines = ["### Machine", "", *_items(rows(facts)), ""]
    for title, further in beyond_readings(facts, advice):
        lines += [f"### {escaped(title.capitalize())}", "", *_items(further), ""]
    return "\n".join(lines).encode()


def _items(pairs: Iterable[Row]) -> list[str]:
    return [f"- **{escaped(label)}**: {escaped(text)}" for label, text in pairs]


def _lines(report: CheckReport) -> Iterator[str]:
    word, _ = VERDICTS[report.verdict]
    yield f"## hwdoctor {escaped(report.hwdoctor)} check: {word}"
    yield ""
    profiles = f", profile {escaped(', '.join(report.profiles))}" if report.profiles else ""
    yield f"Level {report.level}{profiles}: {counts(report)}."
    for root, explained in grouped(report.findings):
        yield ""
        yield from _finding(root, explained)
    yield ""
    yield from ["### Machine", "", *_items(rows(report.facts))]
    yield from _backends(report.facts.backends or ())
    yield from _folded(report)


def _finding(finding: Finding, explained: Iterable[Finding]) -> Iterator[str]:
    yield f"### {heading(finding).upper()} {escaped(finding.code)} {escaped(finding.name)}"
    yield ""
    yield f"- **summary**: {escaped(finding.summary)}"
    if finding.expected is not None:
        yield f"- **expected**: {escaped(finding.expected)}"
    if finding.observed is not None:
        yield f"- **observed**: {escaped(finding.observed)}"
    for other in explained:
        yield f"- **explains**: {escaped(f'{other.code} {other.name}: {other.summary}')}"
    for remedy in finding.remedy:
        yield f"- **remedy** ({remedy.safety}): {escaped(remedy.text)}"
    blocks = [remedy.command for remedy in finding.remedy if remedy.command]
    for text in (*blocks, *(f"{piece.kind}: {piece.text}" for piece in finding.evidence)):
        yield ""
        yield from fenced(text)


def _backends(backends: Iterable[BackendFacts]) -> Iterator[str]:
    present = [backend for backend in backends if backend.status != "missing"]
    if not present:
        return
    yield from ["", "### Backends", ""]
    yield "| backend | version | devices | operations | state |"
    yield "| --- | --- | --- | --- | --- |"
    for backend in present:
        cells = (
            backend.name,
            backend.version or "",
            " ".join(backend.devices),
            tally(backend.operations),
            state(backend)[0],
        )
        yield f"| {' | '.join(escaped(cell) for cell in cells)} |"


def _folded(report: CheckReport) -> Iterator[str]:
    passed = [f"{f.code} {f.name}: {f.summary}" for f in report.findings if f.status == "pass"]
    skipped = [f"{one.code}: {one.reason}" for one in report.skipped]
    for word, lines in (("passed", passed), ("skipped", skipped)):
        if lines:
            yield from ["", f"<details><summary>{len(lines)} {word}</summary>", ""]
            yield from (f"- {escaped(line)}" for line in lines)
            yield from ["", "</details>"]

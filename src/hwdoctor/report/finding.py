"""One finding on a terminal: what is wrong, what was seen, what to do.

Severity is a word as well as a colour. Commands stand on lines of their own that are never
wrapped, so that they can be copied whole.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from hwdoctor.model import Evidence, Finding, Remedy
from hwdoctor.report.console import command_line, joined, words

INDENT: Final = 2
COMMAND_INDENT: Final = "    "
BRIEF_EVIDENCE: Final = 3  # pieces, unless all are asked for
BRIEF_CHARACTERS: Final = 160  # of one piece

STYLES: Final = {"error": "bad", "warning": "doubt", "info": "note", "unknown": "doubt"}
_SAFETY: Final = {"safe": "safe to run", "unsafe": "unsafe: read it first", "manual": "by hand"}


def heading(finding: Finding) -> str:
    """`error`, `warning` and `info` for what is wrong; else what became of the rule."""
    return finding.severity if finding.status == "fail" else finding.status


def block(finding: Finding, explains: Iterable[Finding] = (), *, full: bool = False) -> Group:
    """A finding with the findings that it is the root cause of."""
    return Group(
        title(finding),
        Padding(words(finding.summary), (0, 0, 0, INDENT)),
        Padding(_details(finding, tuple(explains), full=full), (0, 0, 0, INDENT)),
        *_remedies(finding.remedy),
    )


def title(finding: Finding) -> Text:
    """Severity, code and readable name."""
    word = heading(finding)
    return joined(
        [
            Text(word.upper(), style=STYLES.get(word, "label")),
            words(finding.code, "label"),
            words(finding.name),
        ],
        " ",
    )


def _details(finding: Finding, explains: tuple[Finding, ...], *, full: bool) -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="quiet", no_wrap=True)
    grid.add_column(overflow="fold")
    if finding.expected is not None:
        grid.add_row("expected", words(finding.expected))
    if finding.observed is not None:
        grid.add_row("observed", words(finding.observed))
    shown = finding.evidence if full else finding.evidence[:BRIEF_EVIDENCE]
    for piece in shown:
        grid.add_row(words(piece.kind), _evidence(piece, full=full))
    if len(shown) < len(finding.evidence):
        grid.add_row("", Text(f"and {len(finding.evidence) - len(shown)} more (-v shows all)"))
    if finding.disqualifies:
        grid.add_row("rules out", words(", ".join(finding.disqualifies)))
    for other in explains:
        grid.add_row("explains", words(f"{other.code} {other.name}: {other.summary}"))
    return grid


def _evidence(piece: Evidence, *, full: bool) -> Text:
    """Printed output keeps its lines; the last ones say why a program died."""
    lines = [words(line) for line in piece.text.splitlines() if line.strip()]
    text = Text("\n").join(lines)
    if full or len(text) <= BRIEF_CHARACTERS:
        return text
    return Text("... ") + text[-BRIEF_CHARACTERS:]


def _remedies(remedies: Iterable[Remedy]) -> Iterator[RenderableType]:
    for remedy in remedies:
        safety = f" ({_SAFETY[remedy.safety]})" if remedy.command else ""
        line = Text("remedy: ", style="good") + words(remedy.text + safety)
        yield Padding(line, (0, 0, 0, INDENT))
        if remedy.command:
            for part in remedy.command.splitlines():
                yield command_line(part, COMMAND_INDENT)

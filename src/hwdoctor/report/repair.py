"""`check --fix --apply` for people: what is going to be done, before; what became of it, after."""

import shlex
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from hwdoctor.model import CheckReport
from hwdoctor.report.check import VERDICTS, counts, reasons
from hwdoctor.report.console import command_line, joined, words
from hwdoctor.report.finding import INDENT
from hwdoctor.rules.repair import Left, Plan


def before(report: CheckReport, plan: Plan, command: Sequence[str]) -> RenderableType:
    """The verdict, and every change with the finding that asks for it."""
    parts: list[RenderableType] = [_verdict("hwdoctor check", report)]
    if not plan.steps:
        parts.append(Text("nothing can be applied"))
        return Group(*parts, *_left(plan.left))
    parts.append(Text("applying"))
    for step in plan.steps:
        line = words(f"{step.code} {step.name}: {step.text}")
        parts.append(Padding(line, (0, 0, 0, INDENT)))
    parts.append(command_line(shlex.join(command), " " * 2 * INDENT))
    return Group(*parts)


def after(
    report: CheckReport, again: CheckReport, plan: Plan, failure: str | None
) -> RenderableType:
    """How it ended, what the second check says, and what is left to do by hand."""
    parts: list[RenderableType] = []
    if failure is not None:
        parts.append(Text("not applied: ", style="bad") + words(failure))
    old, new = _failing(report), _failing(again)
    if old - new:
        parts.append(Text("gone: ", style="good") + words(", ".join(sorted(old - new))))
    if new - old:
        parts.append(Text("new: ", style="bad") + words(", ".join(sorted(new - old))))
    return Group(*parts, *_left(plan.left), _verdict("checked again", again, told=True))


def _verdict(what: str, report: CheckReport, *, told: bool = False) -> Text:
    word, style = VERDICTS[report.verdict]
    because = ", ".join(dict.fromkeys(reasons(report)))
    line = joined([Text(what), Text(word, style=style)], ": ")
    if because:
        line += Text(" by ") + words(because)
    return line + Text(f" ({counts(report)})") if told else line


def _failing(report: CheckReport) -> set[str]:
    return {f.code for f in report.findings if f.status == "fail" and f.severity != "info"}


def _left(left: Sequence[Left]) -> list[RenderableType]:
    if not left:
        return []
    parts: list[RenderableType] = [Text("left to you")]
    for one in left:
        line = words(f"{one.code}: {one.text} ({one.reason})")
        parts.append(Padding(line, (0, 0, 0, INDENT)))
        if one.command:
            parts += [command_line(c, " " * 2 * INDENT) for c in one.command.splitlines()]
    return parts

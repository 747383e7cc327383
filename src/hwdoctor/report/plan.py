"""What a sitting would take, before it begins, and what the budget left out, when it is over.

Estimates are shown as what they are: `~` where a figure comes from other cells, `unknown` where
nothing is known. Piped, a plan is one line a cell, for programs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.console import Group, RenderableType
from rich.text import Text

from hwdoctor.report.clock import about
from hwdoctor.report.console import words
from hwdoctor.report.quantities import counted, named
from hwdoctor.report.sheet import Column, Indented, Sheet
from hwdoctor.results.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hwdoctor.measure.agenda import Agenda
    from hwdoctor.measure.planning import CellPlan

_UNKNOWN: Final = "unknown"


def table(plans: Sequence[CellPlan], *, budget_seconds: float | None) -> RenderableType:
    """For people: what is to be measured, by workload; what is not; how long all of it takes."""
    parts: list[RenderableType] = []
    tried = [plan for plan in plans if plan.cost.basis != "skipped"]
    for title, group in _by_task(tried).items():
        parts += [words(title, "label"), _sheet(group, budgeted=budget_seconds is not None), Text()]
    reasons: dict[str, list[str]] = {}
    for plan in plans:
        if plan.cost.reason is not None:
            reasons.setdefault(plan.cost.reason, []).append(plan.cell.configuration.name)
    if reasons:
        parts.append(words("not run here", "label"))
        parts += [Indented(f"{why}: {named(who)}") for why, who in sorted(reasons.items())]
        parts.append(Text())
    parts += [words(line) for line in totals(plans, budget_seconds=budget_seconds)]
    return Group(*parts)


def lines(plans: Sequence[CellPlan], *, budget_seconds: float | None) -> str:
    """For programs: a line per cell, its fields separated by tabs; `#` before what is about all.

    The cell, seconds, how they are known, processes, how many of these fit into the budget, and
    why it is skipped, where it is.
    """
    told = []
    for plan in plans:
        numbers = [f"{plan.seconds:.1f}", plan.cost.basis, str(plan.processes), str(plan.fitting)]
        fields = [plan.cell.label, *numbers]
        if plan.cost.reason is not None:
            fields.append(plan.cost.reason)
        told.append("\t".join(printable(field) for field in fields))
    told += [f"# {line}" for line in totals(plans, budget_seconds=budget_seconds)]
    return "".join(f"{line}\n" for line in told)


def totals(plans: Sequence[CellPlan], *, budget_seconds: float | None) -> list[str]:
    """The sum, how sure it is, and what a budget would leave out."""
    tried = [plan for plan in plans if plan.cost.basis != "skipped"]
    unknown = [plan for plan in tried if plan.cost.basis == "unknown"]
    seconds = sum(plan.seconds for plan in tried)
    said = [f"{counted(len(tried), 'cell')}, about {about(seconds)} in all"]
    if unknown:
        guess = sorted({about(plan.cost.seconds) for plan in unknown})
        said.append(
            f"{counted(len(unknown), 'cell')} unknown, with a guess of {' or '.join(guess)} a "
            "process: nothing like it was measured here"
        )
    if budget_seconds is not None:
        out = [plan for plan in tried if not plan.fitting]
        less = [plan for plan in tried if 0 < plan.fitting < plan.processes]
        fewer = f"; {counted(len(less), 'cell')} in fewer processes" if less else ""
        said.append(
            f"a budget of {about(budget_seconds)} leaves out {len(out)} of "
            f"{counted(len(tried), 'cell')}{fewer}"
        )
    return said


def left_out(agenda: Agenda) -> list[RenderableType]:
    """What the budget did not allow to be measured; nothing where everything was."""
    never = [one for one in agenda.left_out if one.process == 0]
    fewer = len(agenda.left_out) - len(never)
    parts: list[RenderableType] = []
    if never:
        budget = about(agenda.budget_seconds or 0.0)
        out_of = counted(agenda.cells, "cell")
        head = f"left out for the budget of {budget}: {len(never)} of {out_of}"
        parts += [Text(), words(head, "doubt")]
        groups: dict[str, list[str]] = {}
        for one in never:
            title = f"{one.cell.workload}.{one.cell.task} {one.cell.precision}"
            groups.setdefault(title, []).append(one.cell.configuration.name)
        parts += [Indented(f"{title}: {named(who)}") for title, who in sorted(groups.items())]
    if fewer:
        cells = counted(fewer, "cell")
        parts += [Text(), words(f"{cells} in fewer processes than wanted, for the budget", "doubt")]
    if parts:
        more = about(agenda.left_out_seconds)
        parts.append(words(f"`--resume` goes on with the same run: about {more} more"))
    return parts


def too_small(agenda: Agenda) -> str:
    """Why a budget allowed nothing at all, in one sentence."""
    cells = {one.cell for one in agenda.left_out}
    quickest = about(min(one.cost.seconds for one in agenda.left_out))
    spent = about(agenda.spent_seconds)
    return (
        f"nothing was measured: {spent} of the budget of {about(agenda.budget_seconds or 0.0)} had "
        f"passed when it was to begin, and the quickest of {counted(len(cells), 'cell')} takes "
        f"about {quickest}"
    )


def _by_task(plans: Iterable[CellPlan]) -> dict[str, list[CellPlan]]:
    groups: dict[str, list[CellPlan]] = {}
    for plan in plans:
        cell = plan.cell
        groups.setdefault(f"{cell.workload}.{cell.task}, {cell.size}", []).append(plan)
    return groups


def _sheet(plans: Iterable[CellPlan], *, budgeted: bool) -> Sheet:
    sheet = Sheet(
        Column(""),
        Column("precision", numbers=False),
        Column("estimate"),
        Column("processes", spoken="processes: {}"),
        Column("budget", numbers=False),
    )
    for plan in plans:
        fits = plan.fitting == plan.processes
        part = f"{plan.fitting} of {plan.processes}" if plan.fitting else "left out"
        sheet.row(
            plan.cell.configuration.name,
            plan.cell.precision,
            _estimate(plan),
            str(plan.processes),
            ("fits" if fits else part) if budgeted else "",
        )
    return sheet


def _estimate(plan: CellPlan) -> str:
    if plan.cost.basis == "unknown":
        return _UNKNOWN
    return ("~" if plan.cost.basis == "scaled" else "") + about(plan.seconds)

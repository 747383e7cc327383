"""What to measure first, and what fits into a budget: decided from estimates, nothing started.

The order of importance: the limits as calibration (within bounds), then every workload's first
task on every configuration, then those again in a second process, then other precisions, other
tasks, and the rest. Within one place the cheapest come first, so that one slow cell does not
push out twenty quick ones. What cannot run here costs nothing and is recorded in any case.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cache

from hwdoctor.backends import backend
from hwdoctor.measure import engine
from hwdoctor.measure.ceilings import COMPUTE, LIMITS
from hwdoctor.measure.cell import Cell
from hwdoctor.measure.costs import Cost, CostModel
from hwdoctor.measure.rounds import rounds_of
from hwdoctor.measure.run import Run
from hwdoctor.workloads import Workload, find

CALIBRATION = ("copy", COMPUTE)
"""The limits that every other workload is shown as a share of."""
CALIBRATION_SHARE = 0.25
"""Of a budget, for those, where anything else is to be measured too."""

Turn = tuple[Cell, int]
"""A cell in one of its processes, counted from 0."""


class Place(IntEnum):
    """The order of importance."""

    FREE = 0
    CALIBRATION = 1
    FIRST = 2
    VARIANT = 3
    AGAIN = 4
    PRECISION = 5
    TASK = 6
    REST = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A cell in one of its processes: its cost and its place."""

    cell: Cell
    process: int
    cost: Cost
    place: Place

    @property
    def turn(self) -> Turn:
        """Which it is."""
        return self.cell, self.process


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is expected to fit, and what is not."""

    chosen: tuple[Planned, ...]
    left_out: tuple[Planned, ...] = ()

    @property
    def seconds(self) -> float:
        """What the chosen ones are expected to cost."""
        return sum(one.cost.seconds for one in self.chosen)


@dataclass(frozen=True, slots=True, kw_only=True)
class CellPlan:
    """A cell in all its processes, as `hwdoctor bench --list` shows it."""

    cell: Cell
    cost: Cost
    """Of its first process."""
    seconds: float
    """Of all processes."""
    processes: int
    fitting: int
    """How many of them fit into the budget."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """What can be told of a cell before it is measured."""

    cell: Cell
    items: int
    reason: str | None
    """Why it will be skipped; None: it will be tried."""
    stands_for_workload: bool = False
    """The first task, in the first precision that the configuration can do."""
    of_first_task: bool = False


def survey(cells: Iterable[Cell], run: Run) -> dict[Cell, Prospect]:
    """Look at the specifications; imports no framework and starts no process."""
    found = cache(find)  # a file of the user's is executed once, not once a cell
    first_task: dict[str, str] = {}
    standing: set[tuple[str, str]] = set()
    prospects = {}
    for cell in cells:
        prospect = _look_at(cell, found(cell.source), run)
        first = cell.task == first_task.setdefault(cell.source, cell.task)
        who = (cell.source, cell.configuration.name)
        stands = first and prospect.reason is None and who not in standing
        if stands:
            standing.add(who)
        prospects[cell] = replace(prospect, of_first_task=first, stands_for_workload=stands)
    return prospects


def _look_at(cell: Cell, workload: Workload, run: Run) -> Prospect:
    task = workload.task(cell.task)
    described = backend(cell.configuration.backend)
    return Prospect(
        cell=cell,
        items=workload.items(task, cell.size),
        reason=engine.skip_reason(cell, workload, task, described, run),
    )


def queue(prospects: Mapping[Cell, Prospect], costs: CostModel) -> list[Planned]:
    """Every cell in every process that it is expected to need, in the order given."""
    return [
        planned(prospect, process, costs)
        for prospect in prospects.values()
        for process in range(_processes(prospect, costs))
    ]


def planned(prospect: Prospect, process: int, costs: CostModel) -> Planned:
    """A cell in one process, with what is known of it now."""
    return Planned(
        cell=prospect.cell,
        process=process,
        cost=cost_of(prospect, process, costs),
        place=place_of(prospect, process),
    )


def _processes(prospect: Prospect, costs: CostModel) -> int:
    if prospect.reason is not None or costs.cost(prospect.cell).once:
        return 1
    return costs.processes(prospect.cell)


def cost_of(prospect: Prospect, process: int, costs: CostModel) -> Cost:
    """Nothing for what is skipped, and for a second process where the first will not do."""
    if prospect.reason is not None:
        return Cost(seconds=0.0, basis="skipped", reason=prospect.reason)
    cost = costs.cost(prospect.cell, prospect.items)
    return replace(cost, seconds=0.0) if cost.once and process else cost


def place_of(prospect: Prospect, process: int) -> Place:
    """How important a cell is in one of its processes."""
    cell = prospect.cell
    if prospect.reason is not None:
        return Place.FREE
    usual = rounds_of(cell.workload, cell.size).least
    if process >= usual or (process and not prospect.stands_for_workload):
        return Place.REST
    if cell.workload == LIMITS and cell.task in CALIBRATION:
        return Place.REST if process else Place.CALIBRATION
    if prospect.stands_for_workload:
        if process:
            return Place.AGAIN
        return Place.VARIANT if cell.configuration.variant else Place.FIRST
    return Place.PRECISION if prospect.of_first_task else Place.TASK


def draft(turns: Sequence[Planned], budget_seconds: float | None) -> Draft:
    """Choose by importance and cost what fits; nothing that is left out would fit as well.

    Args:
        turns: what there is to do.
        budget_seconds: what is left of the budget; None: there is none, everything is chosen.
    """
    if budget_seconds is None:
        return Draft(chosen=tuple(turns))
    remaining = max(0.0, budget_seconds)
    chosen: list[Planned] = []
    left_out: list[Planned] = []
    refused: set[Cell] = set()
    for one in sorted(_calibration_bounded(turns, remaining), key=_order):
        # A second process is for comparing with the first: alone it says no more than that one.
        if one.cell in refused or one.cost.seconds > remaining:
            refused.add(one.cell)
            left_out.append(one)
            continue
        remaining -= one.cost.seconds
        chosen.append(one)
    return Draft(chosen=tuple(chosen), left_out=tuple(left_out))


def _order(one: Planned) -> tuple[int, int, float]:
    return one.place, one.process, one.cost.seconds


def calibration_share(cells: Iterable[Cell]) -> float:
    """Of the budget; all of it where nothing but limits was asked for."""
    return CALIBRATION_SHARE if any(cell.workload != LIMITS for cell in cells) else 1.0


def _calibration_bounded(turns: Sequence[Planned], budget_seconds: float) -> list[Planned]:
    """Calibration beyond its share waits until all else has been considered."""
    left = calibration_share(one.cell for one in turns) * budget_seconds
    kept = set()
    for one in sorted((p for p in turns if p.place is Place.CALIBRATION), key=_order):
        if one.cost.seconds <= left:
            left -= one.cost.seconds
            kept.add(one.turn)
    return [
        replace(one, place=Place.REST)
        if one.place is Place.CALIBRATION and one.turn not in kept
        else one
        for one in turns
    ]


def per_cell(drafted: Draft) -> list[CellPlan]:
    """What a draft means for each cell."""
    turns: dict[Cell, list[Planned]] = {}
    for one in (*drafted.chosen, *drafted.left_out):
        turns.setdefault(one.cell, []).append(one)
    fitting = Counter(one.cell for one in drafted.chosen)
    return [
        CellPlan(
            cell=cell,
            cost=min(of_cell, key=lambda one: one.process).cost,
            seconds=sum(one.cost.seconds for one in of_cell),
            processes=len(of_cell),
            fitting=fitting[cell],
        )
        for cell, of_cell in turns.items()
    ]

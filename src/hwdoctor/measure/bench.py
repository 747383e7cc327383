"""One sitting: which cells, in which order, and what became of each.

Cells are shuffled with a recorded seed, and every process of a cell runs in another round, so
that drift of the machine hits all configurations alike. Every outcome is on disk before the
next cell starts: whatever interrupts the sitting, what is finished is kept.
"""

import dataclasses
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import get_args

from hwdoctor.backends import configurations, known
from hwdoctor.measure import engine, store
from hwdoctor.measure.ceilings import Ceilings, is_ceiling
from hwdoctor.measure.cell import Cell
from hwdoctor.measure.hygiene import measured_quietly
from hwdoctor.measure.run import Run
from hwdoctor.measure.sampling import Plan
from hwdoctor.model import Configuration, Outcome, Precision, UsageError
from hwdoctor.workloads import WORKLOADS, find

PROCESSES = {"smoke": 1, "small": 2, "full": 2}
"""Processes per cell: memory layout and hash seeds differ between processes."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One cell in one of its processes, about to be measured or just measured."""

    number: int
    of: int
    cell: Cell
    process: int
    outcome: Outcome | None = None
    """None: about to be measured."""


def choose_cells(
    sources: Sequence[str],
    *,
    configuration_names: Sequence[str] = (),
    precisions: Sequence[str] = (),
    size: str,
) -> list[Cell]:
    """The cells that a request means, in the order of the registries.

    Raises:
        UsageError: an unknown workload, configuration, precision or size.
    """
    engine.check_size(size)
    _check_precisions(precisions)
    chosen = [known(name) for name in configuration_names] or _usual(size)
    first_look = size == "smoke" and not sources
    return [
        cell
        for source in sources or WORKLOADS
        for cell in _of(source, chosen, precisions, size)
        if not first_look or cell.resolve()[1].first_look
    ]


def _usual(size: str) -> list[Configuration]:
    """All of them; at smoke, which is for a first look, without the variants."""
    return [c for c in configurations() if size != "smoke" or c.variant is None]


def _of(
    source: str, chosen: Sequence[Configuration], precisions: Sequence[str], size: str
) -> list[Cell]:
    workload = find(source)
    return [
        Cell(
            source=source,
            workload=workload.name,
            task=task.name,
            configuration=configuration,
            precision=precision,
            size=size,
        )
        for task in workload.tasks
        for configuration in chosen
        for precision in workload.precisions
        if not precisions or precision in precisions
    ]


def _check_precisions(precisions: Sequence[str]) -> None:
    for precision in precisions:
        if precision not in get_args(Precision):
            raise UsageError(
                f"unknown precision {precision!r}: choose from {', '.join(get_args(Precision))}"
            )


def conduct(
    run: Run,
    cells: Sequence[Cell],
    *,
    processes: int | None = None,
    plan: Plan | None = None,
    guard: Callable[[Callable[[int], Outcome], str], Outcome] = measured_quietly,
    on_step: Callable[[Step], None] | None = None,
) -> list[tuple[Cell, list[Outcome]]]:
    """Measure every cell and append every outcome to the run's side-car.

    `guard` decides whether a measurement is kept: the usual one repeats what was disturbed.
    What the side-car already holds is not measured again, so that a run can be resumed. A cell
    that is skipped, fails or is wrong in one process is not tried in another.
    """
    done = {cell: store.outcomes_of(run, cell) for cell in cells}
    ceilings = Ceilings(store.limits_of(run))
    order = _order(run, cells, processes)
    for number, (cell, process) in enumerate(order, start=1):
        before = done[cell]
        if len(before) > process or any(outcome.outcome != "ok" for outcome in before):
            continue
        step = Step(number=number, of=len(order), cell=cell, process=process)
        _tell(on_step, step)
        outcome = guard(_attempt(cell, run, process, plan), cell.size)
        ceilings.learn(outcome)
        outcome = ceilings.with_shares(outcome)
        store.append(run, outcome)
        before.append(outcome)
        _tell(on_step, dataclasses.replace(step, outcome=outcome))
    return [(cell, done[cell]) for cell in cells]


def _attempt(cell: Cell, run: Run, process: int, plan: Plan | None) -> Callable[[int], Outcome]:
    return lambda _number: engine.measure(cell, run, process=process, plan=plan)


def _tell(listener: Callable[[Step], None] | None, step: Step) -> None:
    if listener is not None:
        listener(step)


def _order(run: Run, cells: Sequence[Cell], processes: int | None) -> list[tuple[Cell, int]]:
    """Round by round, each round in an order of its own; the limits, as calibration, first."""
    source = random.Random(run.seed)  # noqa: S311 -- an order, not a secret
    order: list[tuple[Cell, int]] = []
    rounds = processes or max((PROCESSES[cell.size] for cell in cells), default=1)
    for process in range(rounds):
        shuffled = list(cells)
        source.shuffle(shuffled)
        shuffled.sort(key=lambda cell: not is_ceiling(cell.workload, cell.task))
        order += [(cell, process) for cell in shuffled]
    return order

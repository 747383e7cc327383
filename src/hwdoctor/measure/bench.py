"""One sitting: which cells, in which order, and what became of each.

Cells are shuffled with a recorded seed, and every process of a cell runs in another round, so
that drift of the machine hits all configurations alike. Every outcome is on disk before the
next cell starts: whatever interrupts the sitting, what is finished is kept.
"""

import dataclasses
import itertools
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol, get_args

import msgspec

from hwdoctor.backends import configurations, known
from hwdoctor.measure import engine, store
from hwdoctor.measure.ceilings import Ceilings, is_ceiling
from hwdoctor.measure.cell import Cell
from hwdoctor.measure.hygiene import measured_quietly
from hwdoctor.measure.rounds import Rounds, rounds_of, stopped_by
from hwdoctor.measure.run import Run
from hwdoctor.measure.sampling import Plan
from hwdoctor.model import Configuration, Outcome, Precision, UsageError
from hwdoctor.workloads import WORKLOADS, find


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


class Rank(Protocol):
    """What comes first within a round."""

    def __call__(self, cell: Cell, process: int) -> int:
        """The lower comes first; equals keep their shuffled order."""


def conduct(
    run: Run,
    cells: Sequence[Cell],
    *,
    processes: int | None = None,
    plan: Plan | None = None,
    guard: Callable[[Callable[[int], Outcome], str], Outcome] = measured_quietly,
    on_step: Callable[[Step], None] | None = None,
    fits: Callable[[Cell, int], bool] | None = None,
    rank: Rank | None = None,
) -> list[tuple[Cell, list[Outcome]]]:
    """Measure every cell and append every outcome to the run's side-car.

    Args:
        run: to which the outcomes belong. What its side-car already holds is not measured
            again, so that a run can be resumed.
        cells: what to measure.
        processes: of each cell; None: as many as `rounds` finds necessary.
        plan: of the sampling in each process; None: that of the size.
        guard: decides whether a measurement is kept: the usual one repeats what was disturbed.
        on_step: is told of every measurement before and after it.
        fits: whether there is time for this process of this cell; it is asked right before,
            and a cell that was refused is not asked about again.
        rank: what comes first within a round; None: the order is shuffled.
    """
    sitting = _Sitting(run, cells, processes, on_step, fits)
    for process in itertools.count():
        active = sitting.active()
        if not active:
            break
        sitting.expect(len(active), process)
        if rank is not None:
            active.sort(key=partial(rank, process=process))
        for cell in active:
            if sitting.wants(cell, process):
                attempt = _attempt(cell, run, process, plan)
                sitting.measure(cell, process, partial(guard, attempt, cell.size))
    return [(cell, sitting.outcomes(cell)) for cell in cells]


class _Sitting:
    """What was measured so far, and which cells are through."""

    def __init__(
        self,
        run: Run,
        cells: Sequence[Cell],
        processes: int | None,
        on_step: Callable[[Step], None] | None,
        fits: Callable[[Cell, int], bool] | None,
    ) -> None:
        self.done = {cell: store.outcomes_of(run, cell) for cell in cells}
        self._run, self._on_step, self._fits = run, on_step, fits
        self._rounds = {
            cell: rounds_of(cell.workload, cell.size)
            if processes is None
            else Rounds.exactly(processes)
            for cell in cells
        }
        self._ended = {
            cell for cell, outcomes in self.done.items() if self._through(cell, outcomes)
        }
        self._ceilings = Ceilings(store.limits_of(run))
        self._random = random.Random(run.seed)  # noqa: S311 -- an order, not a secret
        self._number = self._expected = 0

    def active(self) -> list[Cell]:
        """Cells that need another process, in a new order; the limits, as calibration, first."""
        active = [cell for cell in self.done if cell not in self._ended]
        self._random.shuffle(active)
        active.sort(key=lambda cell: not is_ceiling(cell.workload, cell.task))
        return active

    def expect(self, count: int, process: int) -> None:
        """So many steps are to come in this round, and as many in each that is certain."""
        least = max((self._rounds[cell].least for cell in self.done), default=1)
        self._expected = self._number + count * max(1, least - process)

    def wants(self, cell: Cell, process: int) -> bool:
        """Whether to start this process of this cell now."""
        if len(self.done[cell]) > process:
            return False
        if self._fits is not None and not self._fits(cell, process):
            self._ended.add(cell)
            return False
        return True

    def measure(self, cell: Cell, process: int, measured: Callable[[], Outcome]) -> None:
        """One process of one cell: on disk when this returns."""
        self._number += 1
        step = Step(number=self._number, of=self._expected, cell=cell, process=process)
        _tell(self._on_step, step)
        outcome = measured()
        self._ceilings.learn(outcome)
        outcome = self._ceilings.with_shares(outcome)
        reason = stopped_by([*self.done[cell], outcome], self._rounds[cell])
        outcome = msgspec.structs.replace(outcome, cell_stopped_by=reason)
        store.append(self._run, outcome)
        self.done[cell].append(outcome)
        if reason is not None:
            self._ended.add(cell)
        _tell(self._on_step, dataclasses.replace(step, outcome=outcome))

    def outcomes(self, cell: Cell) -> list[Outcome]:
        """Of all its processes; limits with their own shares, which are known only at the end."""
        if not is_ceiling(cell.workload, cell.task):
            return self.done[cell]
        return [self._ceilings.with_shares(each, all_known=True) for each in self.done[cell]]

    def _through(self, cell: Cell, outcomes: Sequence[Outcome]) -> bool:
        """Whether an earlier sitting of this run was through with the cell."""
        return bool(outcomes) and stopped_by(outcomes, self._rounds[cell]) is not None


def _attempt(cell: Cell, run: Run, process: int, plan: Plan | None) -> Callable[[int], Outcome]:
    return lambda _number: engine.measure(cell, run, process=process, plan=plan)


def _tell(listener: Callable[[Step], None] | None, step: Step) -> None:
    if listener is not None:
        listener(step)

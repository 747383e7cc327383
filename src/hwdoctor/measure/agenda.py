"""The agenda of a sitting: what comes next, whether it may still begin, and how long it will take.

Estimates decide before the sitting what is expected to fit; the clock decides during it. A cell
that would not fit into what is left of the budget is not started, nor one that would take the
time of something more important; one that runs is not ended. So the sitting ends within the
budget or, where an estimate was wrong, one cell later. Every outcome improves the estimates of
what is still to come: those of its relatives, and, as machines have slow days, all of them.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from hwdoctor.measure.cell import Cell
from hwdoctor.measure.costs import Cost, CostModel
from hwdoctor.measure.planning import (
    CellPlan,
    Place,
    Planned,
    Turn,
    calibration_share,
    draft,
    per_cell,
    planned,
    queue,
    survey,
)
from hwdoctor.measure.run import Run
from hwdoctor.measure.seen_costs import seen_in
from hwdoctor.model import Outcome

FEWEST_FOR_PACE = 3
SLOWEST_PACE, FASTEST_PACE = 4.0, 0.5
"""How far today may be taken to differ from what is known: more is an accident of few cells."""
_NOT_CHOSEN = len(Place)
"""Added to the place of what is not expected to fit: it comes after all that is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What is expected of the turn that begins, and of all that are left, this one included."""

    cost: Cost
    left_seconds: float


class Agenda:
    """What is to be done in one sitting: asked before each turn, told of what came of it."""

    def __init__(
        self,
        run: Run,
        cells: Sequence[Cell],
        costs: CostModel,
        *,
        budget_seconds: float | None = None,
        began: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        done: Iterable[Outcome] = (),
    ) -> None:
        """Plan.

        Args:
            run: the sitting.
            cells: what was asked for.
            costs: what they are expected to take.
            budget_seconds: of wall clock, from `began` on; None: no limit.
            began: on `clock`; None: now.
            clock: seconds that never run backwards.
            done: outcomes that the run has already, where it is resumed.
        """
        self._clock = clock
        now = clock()
        self._began = now if began is None else began
        self.spent_seconds = now - self._began
        """What had passed before anything could be measured: the check took it."""
        self.budget_seconds = budget_seconds
        self._costs = costs
        self._prospects = survey(cells, run)
        turns = queue(self._prospects, costs)
        self._pending = {one.turn for one in turns}
        self._known = {one.turn: one for one in turns}
        named = {(cell.benchmark, cell.parameters): cell for cell in cells}
        for outcome in done:
            cell = named.get((outcome.benchmark, outcome.parameters))
            if cell is not None:
                self._settle(cell, outcome)
        self.draft = draft([one for one in turns if one.turn in self._pending], self._remaining())
        self._rank = {one.turn: int(one.place) for one in self.draft.chosen}
        self._refused: dict[Turn, Planned] = {}
        self.tried = 0
        """Processes that were started in this sitting."""
        self._expected_seconds = self._actual_seconds = 0.0
        self._calibration_seconds = 0.0

    @property
    def cells(self) -> int:
        """How many cells were asked for, less those that cannot run here."""
        return sum(prospect.reason is None for prospect in self._prospects.values())

    @property
    def left_out(self) -> tuple[Planned, ...]:
        """What the budget did not allow to begin: the first process of each cell that was not."""
        return tuple(self._refused.values())

    @property
    def left_out_seconds(self) -> float:
        """What it would have taken, further processes included."""
        return sum(
            one.cost.seconds * max(1, self._costs.processes(one.cell) - one.process)
            for one in self.left_out
        )

    def plan(self) -> list[CellPlan]:
        """What is expected of each cell that is not done yet, in the order asked for."""
        plans = {plan.cell: plan for plan in per_cell(self.draft)}
        return [plans[cell] for cell in self._prospects if cell in plans]

    def rank(self, cell: Cell, process: int) -> int:
        """Lower comes first; the same for everything where there is no budget."""
        if self.budget_seconds is None:
            return 0
        turn = (cell, process)
        return self._rank.get(turn, _NOT_CHOSEN + int(self._planned(turn).place))

    def fits(self, cell: Cell, process: int) -> bool:
        """Whether there is time for this; if not, it is remembered as left out."""
        remaining = self._remaining()
        if remaining is None:
            return True
        one = self._planned((cell, process))
        needed = self._pace * (one.cost.seconds + self._reserved_before(one))
        if one.cost.basis == "skipped" or needed <= remaining:
            return True
        self._pending = {turn for turn in self._pending if turn[0] != cell}
        self._refused[one.turn] = one
        return False

    def note(self, cell: Cell, outcome: Outcome) -> None:
        """Learn from what became of a turn."""
        self._time(self._planned((cell, outcome.process)), outcome)
        self._costs.learn(outcome)
        self._settle(cell, outcome)
        for turn in [*self._known]:
            other = turn[0]
            same_task = (other.workload, other.task) == (cell.workload, cell.task)
            if same_task or other.configuration == cell.configuration:
                del self._known[turn]

    def forecast(self, cell: Cell, process: int) -> Forecast:
        """For whoever watches."""
        left = self._pace * sum(self._planned(turn).cost.seconds for turn in self._pending)
        remaining = self._remaining()
        if remaining is not None:
            left = min(left, max(0.0, remaining))
        return Forecast(cost=self._planned((cell, process)).cost, left_seconds=left)

    def _remaining(self) -> float | None:
        passed = self._clock() - self._began
        return None if self.budget_seconds is None else self.budget_seconds - passed

    def _reserved_before(self, one: Planned) -> float:
        """What is expected to fit and is more important will still need so many seconds."""
        rank = self.rank(*one.turn)
        if one.place is Place.CALIBRATION and not self._calibration_allows(one):
            rank = int(Place.REST)
        return sum(
            self._planned(turn).cost.seconds
            for turn in self._pending
            if turn != one.turn and turn in self._rank and self._rank[turn] < rank
        )

    def _calibration_allows(self, one: Planned) -> bool:
        allowed = calibration_share(self._prospects) * (self.budget_seconds or 0.0)
        return self._calibration_seconds + one.cost.seconds <= allowed

    @property
    def _pace(self) -> float:
        """Today's seconds over expected ones: a busy machine repeats what was disturbed."""
        if self.tried < FEWEST_FOR_PACE or not self._expected_seconds:
            return 1.0
        pace = self._actual_seconds / self._expected_seconds
        return min(max(pace, FASTEST_PACE), SLOWEST_PACE)

    def _time(self, one: Planned, outcome: Outcome) -> None:
        seen = seen_in(outcome)
        if seen is None or outcome.outcome == "skipped":
            return
        self.tried += 1
        if one.place is Place.CALIBRATION:
            self._calibration_seconds += seen.seconds
        if one.cost.basis != "unknown" and outcome.outcome in ("ok", "unstable"):
            self._expected_seconds += one.cost.seconds
            self._actual_seconds += seen.seconds

    def _planned(self, turn: Turn) -> Planned:
        if turn not in self._known:
            cell, process = turn
            self._known[turn] = planned(self._prospects[cell], process, self._costs)
        return self._known[turn]

    def _settle(self, cell: Cell, outcome: Outcome) -> None:
        """What is done is not pending, nor are more processes of a cell that is through."""
        broken = outcome.outcome not in ("ok", "unstable")
        through = broken or outcome.cell_stopped_by is not None
        self._pending = {
            (other, process)
            for other, process in self._pending
            if other != cell or not (through or process == outcome.process)
        }
        if not through:
            self._pending.add((cell, outcome.process + 1))

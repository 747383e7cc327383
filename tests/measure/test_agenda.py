"""Sittings within a budget, on a clock that only the tests move: real order, invented costs."""

import os
import platform
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import synthetic
from msgspec.structs import replace

from hwdoctor.measure import bench, earlier, engine, outlook, run, store
from hwdoctor.measure.agenda import Agenda
from hwdoctor.measure.cell import Cell
from hwdoctor.measure.costs import CostModel
from hwdoctor.measure.run import Run
from hwdoctor.measure.seen_costs import AROUND_SECONDS
from hwdoctor.model import Outcome, UsageError
from hwdoctor.results import sidecar

CONFIGURATIONS = ["numpy-cpu", "numba-cpu", "jax-cpu", "jax-cpu+1thread"]


class World:
    """A machine on which every process of a cell takes as long as a test says."""

    def __init__(self, seconds: Callable[[Cell], float]) -> None:
        self.now = 0.0
        self.seconds = seconds
        self.measured: list[tuple[Cell, int]] = []

    def clock(self) -> float:
        return self.now

    def outcome(self, cell: Cell, **changes: Any) -> Outcome:
        return synthetic.outcome(
            cell.configuration.name,
            1e-3,
            workload=cell.workload,
            task=cell.task,
            benchmark=cell.benchmark,
            precision=cell.precision,
            size=cell.size,
            duration_seconds=self.seconds(cell) - AROUND_SECONDS,
            **changes,
        )

    def measure(self, cell: Cell, a_run: Run, *, process: int = 0, plan: object = None) -> Outcome:
        self.measured.append((cell, process))
        self.now += self.seconds(cell)
        return self.outcome(cell, run=a_run.id, process=process, fingerprint=a_run.fingerprint)


@pytest.fixture
def a_run(tmp_path: Path) -> Run:
    return run.begin(synthetic.FACTS, tmp_path, seed=5)


@pytest.fixture(autouse=True)
def everything_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "skip_reason", lambda *_: None)


@pytest.fixture
def sit(a_run: Run, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Agenda]:
    """Conduct a sitting in a world, and return its agenda."""

    def sit(
        world: World,
        cells: list[Cell],
        budget: float | None,
        *,
        known: Callable[[Cell], float] | None = None,
        began: float | None = None,
    ) -> Agenda:
        history = World(known or world.seconds)
        seen = [history.outcome(cell, fingerprint=a_run.fingerprint) for cell in cells]
        done = [] if not a_run.sidecar.exists() else sidecar.read(a_run.sidecar).outcomes
        agenda = Agenda(
            a_run,
            cells,
            CostModel(a_run.fingerprint, seen),
            budget_seconds=budget,
            began=began,
            clock=world.clock,
            done=done,
        )

        def tell(step: bench.Step) -> None:
            if step.outcome is not None:
                agenda.note(step.cell, step.outcome)

        monkeypatch.setattr(engine, "measure", world.measure)
        bench.conduct(
            a_run,
            cells,
            guard=lambda attempt, _size: attempt(1),
            on_step=tell,
            fits=agenda.fits,
            rank=agenda.rank,
        )
        return agenda

    return sit


def some_cells(size: str = "small") -> list[Cell]:
    return bench.choose_cells(
        ["black_scholes", "limits"], configuration_names=CONFIGURATIONS, size=size
    )


def representative(cell: Cell) -> bool:
    return cell.workload == "black_scholes" and cell.task == "price" and cell.precision == "float64"


def test_without_a_budget_everything_is_measured_in_the_shuffled_order(
    sit: Callable[..., Agenda], a_run: Run
) -> None:
    world = World(lambda _: 3.0)
    agenda = sit(world, some_cells(), None)
    assert agenda.left_out == ()
    assert {cell for cell, _ in world.measured} == set(some_cells())
    assert agenda.tried == len(world.measured)


def test_every_configuration_of_a_workload_comes_before_anything_else(
    sit: Callable[..., Agenda],
) -> None:
    world = World(lambda _: 3.0)
    agenda = sit(world, some_cells(), 40.0)
    measured = [cell for cell, _ in world.measured]
    first = [cell for cell in measured if cell.workload != "limits"][:4]
    assert {cell.configuration.name for cell in first} == set(CONFIGURATIONS)
    assert all(representative(cell) for cell in first)
    assert first[-1].configuration.name == "jax-cpu+1thread", "variants after what they vary"
    calibration = [cell for cell in measured if cell.workload == "limits"]
    assert len(calibration) * 3.0 <= 0.25 * 40.0
    assert measured[: len(calibration)] == calibration
    assert agenda.left_out


def test_a_second_process_of_the_important_before_a_first_one_of_the_rest(
    sit: Callable[..., Agenda],
) -> None:
    world = World(lambda _: 3.0)
    sit(world, some_cells(), 50.0)
    assert sum(representative(cell) for cell, process in world.measured if process == 1) == 4


def test_what_is_measured_and_what_is_left_out_are_all_there_is(
    sit: Callable[..., Agenda],
) -> None:
    world = World(lambda _: 3.0)
    agenda = sit(world, some_cells(), 60.0)
    never = {one.cell for one in agenda.left_out if one.process == 0}
    measured = {cell for cell, _ in world.measured}
    assert never | measured == set(some_cells())
    assert never & measured == set()
    assert agenda.cells == len(some_cells())


@pytest.mark.parametrize("seed", range(8))
def test_exact_estimates_keep_the_budget(sit: Callable[..., Agenda], seed: int) -> None:
    dice = random.Random(seed)
    costs = {cell: dice.choice([0.5, 2.0, 7.0, 60.0]) for cell in some_cells()}
    world = World(costs.__getitem__)
    agenda = sit(world, some_cells(), 100.0)
    assert 90.0 < world.now <= 100.0
    assert agenda.left_out_seconds > 0


@pytest.mark.parametrize("factor", [0.2, 3.0, 20.0])
@pytest.mark.parametrize("seed", range(3))
def test_wrong_estimates_exceed_the_budget_by_one_cell_at_most(
    sit: Callable[..., Agenda], seed: int, factor: float
) -> None:
    dice = random.Random(seed)
    known = {cell: dice.choice([0.5, 2.0, 7.0]) for cell in some_cells()}
    world = World(lambda cell: factor * known[cell])
    sit(world, some_cells(), 100.0, known=known.__getitem__)
    last = world.seconds(world.measured[-1][0])
    assert world.now - last <= 100.0


def test_an_agenda_that_never_refuses_breaks_the_budget(
    sit: Callable[..., Agenda], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted fault: what the tests above look at does depend on the agenda."""
    monkeypatch.setattr(Agenda, "fits", lambda *_: True)
    world = World(lambda _: 3.0)
    sit(world, some_cells(), 100.0)
    assert world.now - 3.0 > 100.0


def test_a_slow_day_is_noticed_and_calibration_keeps_its_share(
    sit: Callable[..., Agenda],
) -> None:
    world = World(lambda _: 6.0)
    sit(world, some_cells(), 80.0, known=lambda _: 2.0)
    calibration = [cell for cell, _ in world.measured if cell.workload == "limits"]
    assert sum(representative(cell) for cell, process in world.measured if process == 0) == 4
    assert len(calibration) * 6.0 <= 0.5 * 80.0
    assert world.now <= 80.0 + 6.0


def test_no_cell_begins_when_the_check_has_taken_all_the_time(
    sit: Callable[..., Agenda],
) -> None:
    world = World(lambda _: 3.0)
    world.now = 30.0
    agenda = sit(world, some_cells(), 20.0, began=0.0)
    assert world.measured == []
    assert agenda.tried == 0
    assert agenda.spent_seconds == 30.0
    assert len(agenda.left_out) == len(some_cells())


def test_a_resumed_run_goes_on_where_the_budget_ended(sit: Callable[..., Agenda]) -> None:
    world = World(lambda _: 3.0)
    cells = some_cells("smoke")
    first = sit(world, cells, 30.0)
    began = world.now
    second = sit(world, cells, 30.0, began=began)
    assert len(set(world.measured)) == len(world.measured), "nothing is measured twice"
    assert len(second.left_out) < len(first.left_out)
    third = sit(world, cells, None)
    assert third.left_out == ()
    assert {cell for cell, _ in world.measured} == set(cells)


def test_what_is_expected_to_be_left_goes_down_to_nothing(
    sit: Callable[..., Agenda], a_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[float] = []
    fits = Agenda.fits

    def watched(agenda: Agenda, cell: Cell, process: int) -> bool:
        forecast = agenda.forecast(cell, process)
        assert forecast.cost.seconds == pytest.approx(3.0)
        told.append(forecast.left_seconds)
        return fits(agenda, cell, process)

    monkeypatch.setattr(Agenda, "fits", watched)
    world = World(lambda _: 3.0)
    sit(world, some_cells("smoke"), None)
    assert told == pytest.approx([3.0 * n for n in range(len(told), 0, -1)])


def test_a_budget_is_all_that_can_be_left(sit: Callable[..., Agenda], a_run: Run) -> None:
    cells = some_cells()
    agenda = Agenda(a_run, cells, CostModel(None), budget_seconds=10.0, clock=lambda: 0.0)
    assert agenda.forecast(cells[0], 0).left_seconds == 10.0
    assert agenda.forecast(cells[0], 0).cost.basis == "unknown"


# What lies in a results folder.


def test_a_plan_needs_no_results(tmp_path: Path) -> None:
    agenda = outlook.foresee(tmp_path / "none", None, some_cells(), budget_seconds=None)
    plans = agenda.plan()
    assert [plan.cell for plan in plans] == some_cells()
    assert {plan.cost.basis for plan in plans} == {"unknown"}


def test_earlier_runs_of_this_machine_are_learned_from(
    a_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(lambda _: 4.0)
    cells = some_cells()
    sidecar.append(a_run.sidecar, world.outcome(cells[0], fingerprint=a_run.fingerprint))
    results = Path(a_run.results)
    assert outlook.prepare(a_run, cells).plan()[0].cost.basis == "measured"
    named = outlook.foresee(results, a_run.machine, cells, budget_seconds=None)
    assert named.plan()[0].cost.basis == "measured"
    unnamed = outlook.foresee(results, None, cells, budget_seconds=None)
    assert unnamed.plan()[0].cost.basis == "scaled", "nobody says that this is the machine"
    monkeypatch.setattr(earlier, "_describes_this_machine", lambda _: True)
    recognised = outlook.foresee(results, None, cells, budget_seconds=None)
    assert recognised.plan()[0].cost.basis == "measured"


def test_a_machine_is_recognised_by_its_processors_and_memory(tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    described = (
        f'{{"arch": "{platform.machine()}", "num_cpu": "{os.cpu_count()}", '
        f'"ram": "{psutil.virtual_memory().total}"}}'
    )
    (here / "machine.json").write_text(described)
    assert earlier._describes_this_machine(here)
    (here / "machine.json").write_text(described.replace('"ram": "', '"ram": "9'))
    assert not earlier._describes_this_machine(here)


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"run": 1}\n', "\x00"])
def test_damaged_files_are_passed_over(a_run: Run, damage: str) -> None:
    folder = a_run.directory
    (folder / "bad.outcomes.jsonl").write_text(damage)
    (folder / "bad.run.jsonl").write_text(damage)
    (folder / "machine.json").write_text(damage)
    results = Path(a_run.results)
    assert list(earlier.outcomes(results, a_run.machine)) == []
    assert earlier.newest_run(results, a_run.machine) == a_run
    assert earlier.newest_run(results, None) is None


def test_a_machine_that_is_named_but_unknown_is_no_path(tmp_path: Path) -> None:
    run.begin(synthetic.FACTS, tmp_path / "inside", machine="mine", seed=1)
    assert earlier.newest_run(tmp_path, "inside/mine") is None
    assert earlier.newest_run(tmp_path, "../inside") is None


def test_a_run_that_was_cut_short_can_be_resumed_and_a_finished_one_cannot(a_run: Run) -> None:
    results = Path(a_run.results)
    (a_run.directory / f"{a_run.stem}.json").write_text("{}")
    with pytest.raises(UsageError, match="no unfinished run"):
        store.unfinished(results, "smoke", None)
    cut = replace(a_run, incomplete=True)
    run.save(cut)
    assert store.unfinished(results, "smoke", None) == cut

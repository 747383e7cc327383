"""What comes first, and what fits: decided from places and costs alone."""

from collections import Counter
from typing import Any

import pytest
import synthetic
from hypothesis import given
from hypothesis import strategies as st

from hwdoctor.backends import known
from hwdoctor.measure.bench import choose_cells
from hwdoctor.measure.cell import Cell
from hwdoctor.measure.costs import Cost, CostModel
from hwdoctor.measure.outlook import NO_RUN
from hwdoctor.measure.planning import (
    CALIBRATION_SHARE,
    Draft,
    Place,
    Planned,
    Prospect,
    cost_of,
    draft,
    per_cell,
    place_of,
    queue,
    survey,
)
from hwdoctor.measure.rounds import MOST_OF_A_LIMIT, ROUNDS


def cell(name: str = "numpy-cpu", **changes: Any) -> Cell:
    given = {"workload": "pricing", "task": "price", "precision": "float64", "size": "small"}
    named = {**given, **changes}
    return Cell(source=named["workload"], configuration=known(name), **named)


def prospect(of: Cell, **changes: Any) -> Prospect:
    given: dict[str, Any] = {"items": 1000, "reason": None, **changes}
    return Prospect(cell=of, **given)


def planned(
    seconds: float, place: Place = Place.FIRST, process: int = 0, **changes: Any
) -> Planned:
    cost = Cost(seconds=seconds, basis="measured")
    return Planned(cell=cell(**changes), process=process, cost=cost, place=place)


REPRESENTATIVE = {"stands_for_workload": True, "of_first_task": True}


@pytest.mark.parametrize(
    ("of", "process", "place"),
    [
        (prospect(cell(), reason="no such device"), 0, Place.FREE),
        (prospect(cell(workload="limits", task="copy"), **REPRESENTATIVE), 0, Place.CALIBRATION),
        (prospect(cell(workload="limits", task="matrix_product")), 0, Place.CALIBRATION),
        (prospect(cell(workload="limits", task="copy"), **REPRESENTATIVE), 1, Place.REST),
        (prospect(cell(workload="limits", task="exp")), 0, Place.TASK),
        (prospect(cell(), **REPRESENTATIVE), 0, Place.FIRST),
        (prospect(cell("jax-cpu+1thread"), **REPRESENTATIVE), 0, Place.VARIANT),
        (prospect(cell(), **REPRESENTATIVE), 1, Place.AGAIN),
        (prospect(cell(), **REPRESENTATIVE), 2, Place.REST),
        (prospect(cell(precision="float32"), of_first_task=True), 0, Place.PRECISION),
        (prospect(cell(precision="float32"), of_first_task=True), 1, Place.REST),
        (prospect(cell(task="greeks")), 0, Place.TASK),
        (prospect(cell(task="greeks")), 1, Place.REST),
    ],
)
def test_every_turn_has_its_place(of: Prospect, process: int, place: Place) -> None:
    assert place_of(of, process) is place


def test_the_first_task_stands_for_a_workload_in_a_precision_that_the_device_has() -> None:
    cells = choose_cells(["black_scholes"], size="small")
    found = survey(cells, NO_RUN)
    standing = [p.cell for p in found.values() if p.stands_for_workload]
    assert {c.task for c in standing} == {"price"}
    assert {c.precision for c in standing if c.configuration.device == "cpu"} == {"float64"}
    assert {c.precision for c in standing if c.configuration.device == "metal"} <= {"float32"}
    assert len({c.configuration for c in standing}) == len(standing), "once a configuration"


def test_a_cell_that_cannot_run_here_is_free_and_asked_for_once() -> None:
    model = CostModel(None)
    found = {cell(): prospect(cell(), reason="no such device")}
    (one,) = queue(found, model)
    assert (one.cost.basis, one.cost.seconds, one.place) == ("skipped", 0.0, Place.FREE)


def test_a_cell_is_queued_as_often_as_it_is_expected_to_need() -> None:
    turns = queue({cell(): prospect(cell())}, CostModel(None))
    assert [one.process for one in turns] == list(range(ROUNDS["small"].least))


def test_a_limit_is_queued_no_more_often_than_it_is_measured() -> None:
    needed = synthetic.outcome("numpy-cpu", process=7, cell_stopped_by="precision")
    model = CostModel(needed.fingerprint, [needed])
    found = {c: prospect(c) for c in (cell(), cell(workload="limits", task="copy"))}
    queued = Counter(one.cell.workload for one in queue(found, model))
    assert queued == {"pricing": 8, "limits": MOST_OF_A_LIMIT}


def test_a_second_process_of_what_fails_costs_nothing() -> None:
    class Failing(CostModel):
        def cost(self, *_: Any) -> Cost:
            return Cost(seconds=9.0, basis="measured", once=True)

    model = Failing(None)
    assert cost_of(prospect(cell()), 0, model).seconds == 9.0
    assert cost_of(prospect(cell()), 1, model).seconds == 0.0
    assert len(queue({cell(): prospect(cell())}, model)) == 1


def test_without_a_budget_everything_is_chosen_in_the_order_given() -> None:
    turns = [planned(9.0, Place.REST), planned(1e9, Place.FIRST)]
    assert draft(turns, None).chosen == tuple(turns)


def test_the_important_come_first_and_the_quick_among_equals() -> None:
    rest, slow, quick = (
        planned(1.0, Place.REST, task="a"),
        planned(3.0, Place.FIRST, task="b"),
        planned(2.0, Place.FIRST, task="c"),
    )
    drafted = draft([rest, slow, quick], 5.5)
    assert drafted.chosen == (quick, slow)
    assert drafted.left_out == (rest,)
    assert drafted.seconds == 5.0


def test_one_slow_cell_does_not_push_out_what_is_less_important() -> None:
    slow, quick = planned(60.0, Place.FIRST, task="a"), planned(1.0, Place.TASK, task="b")
    assert draft([slow, quick], 10.0).chosen == (quick,)


def test_no_second_process_of_a_cell_whose_first_was_left_out() -> None:
    first, second = planned(60.0), planned(0.5, Place.AGAIN, process=1)
    assert draft([first, second], 10.0).chosen == ()


def test_calibration_may_take_its_share_and_waits_for_the_rest() -> None:
    limits = [
        planned(10.0, Place.CALIBRATION, workload="limits", task=f"copy{n}") for n in range(5)
    ]
    others = [planned(10.0, Place.FIRST, task=f"t{n}") for n in range(6)]
    drafted = draft([*limits, *others], 100.0)
    early = [one for one in drafted.chosen if one.place is Place.CALIBRATION]
    assert sum(one.cost.seconds for one in early) <= CALIBRATION_SHARE * 100.0
    assert len(drafted.chosen) == 10, "and what is left over at the end is used"
    assert set(others) <= set(drafted.chosen)


def test_where_only_limits_are_asked_for_they_may_take_all() -> None:
    limits = [
        planned(10.0, Place.CALIBRATION, workload="limits", task=f"copy{n}") for n in range(5)
    ]
    assert len(draft(limits, 50.0).chosen) == 5


def test_a_plan_of_a_cell_tells_all_its_processes() -> None:
    first, second = planned(2.0), planned(2.0, Place.AGAIN, process=1)
    (one,) = per_cell(draft([first, second], 3.0))
    assert (one.processes, one.fitting, one.seconds) == (2, 1, 4.0)


turns = st.lists(
    st.builds(
        planned,
        st.floats(min_value=0.0, max_value=100.0),
        st.sampled_from(list(Place)),
        st.integers(min_value=0, max_value=2),
        task=st.sampled_from("abcdefgh"),
        workload=st.sampled_from(["pricing", "limits"]),
    ),
    unique_by=lambda one: one.turn,
    max_size=20,
)
budgets = st.floats(min_value=-10.0, max_value=500.0)


def gap(drafted: Draft, budget: float) -> float:
    return max(0.0, budget) - drafted.seconds


def would_fit(drafted: Draft, budget: float) -> list[Planned]:
    """What a better draft would have chosen as well."""
    refused: set[Cell] = set()
    found = []
    for one in drafted.left_out:
        if one.cell not in refused and one.cost.seconds <= gap(drafted, budget) - 1e-6:
            found.append(one)
        refused.add(one.cell)
    return found


@given(turns, budgets)
def test_nothing_is_lost_the_budget_holds_and_nothing_left_out_would_fit(
    given_turns: list[Planned], budget: float
) -> None:
    drafted = draft(given_turns, budget)
    both = [one.turn for one in (*drafted.chosen, *drafted.left_out)]
    assert sorted(map(repr, both)) == sorted(repr(one.turn) for one in given_turns)
    assert gap(drafted, budget) >= -1e-6
    assert would_fit(drafted, budget) == []


def test_the_law_finds_a_draft_that_wastes_time() -> None:
    """The planted fault: a draft that stops at the first cell that does not fit."""
    slow, quick = planned(60.0, task="a"), planned(1.0, task="b")
    assert would_fit(Draft(chosen=(), left_out=(slow, quick)), 10.0) == [quick]


@given(turns)
def test_a_budget_for_everything_leaves_nothing_out(given_turns: list[Planned]) -> None:
    enough = sum(one.cost.seconds for one in given_turns) + 1.0
    assert draft(given_turns, enough).left_out == ()

"""What a cell will cost: medians of what was seen, relatives of what was not, honest about both."""

import math
from typing import Any

import pytest
import synthetic
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hwdoctor.backends import known
from hwdoctor.measure import costs
from hwdoctor.measure.cell import Cell
from hwdoctor.measure.costs import CostModel
from hwdoctor.measure.engine import DEADLINE_SECONDS
from hwdoctor.measure.rounds import MOST_OF_A_LIMIT, ROUNDS, rounds_of
from hwdoctor.measure.seen_costs import AROUND_SECONDS, TYPICAL_SECONDS, seen_in
from hwdoctor.model import Outcome, fingerprint

HERE = fingerprint(synthetic.FACTS)
ELSEWHERE = fingerprint(synthetic.OTHER_FACTS)
CONFIGURATIONS = ("numpy-cpu", "numba-cpu", "jax-cpu")


def cell(configuration: str = "numpy-cpu", **changes: Any) -> Cell:
    given = {"workload": "pricing", "task": "price", "precision": "float64", "size": "small"}
    named = {**given, **changes}
    return Cell(source=named["workload"], configuration=known(configuration), **named)


def seen(configuration: str = "numpy-cpu", seconds: float = 3.0, **changes: Any) -> Outcome:
    given = {"fingerprint": HERE, "duration_seconds": seconds, **changes}
    return synthetic.outcome(configuration, 1e-3, **given)


def seconds(model: CostModel, wanted: Cell, items: int | None = None) -> float:
    return model.cost(wanted, items).seconds


def test_where_nothing_is_known_the_guess_is_called_unknown() -> None:
    cost = CostModel(HERE).cost(cell())
    assert (cost.basis, cost.seconds) == ("unknown", TYPICAL_SECONDS["small"])


def test_a_cell_costs_what_it_took_and_the_readings_around_it() -> None:
    cost = CostModel(HERE, [seen(seconds=3.0)]).cost(cell())
    assert (cost.basis, cost.seconds) == ("measured", 3.0 + AROUND_SECONDS)


def test_one_disturbed_night_changes_nothing() -> None:
    nights = [seen(seconds=s) for s in (3.0, 3.0, 200.0)]
    assert seconds(CostModel(HERE, nights), cell()) == 3.0 + AROUND_SECONDS


def test_only_the_latest_count() -> None:
    old = [seen(seconds=100.0, started_at=f"2025-01-0{day}T00:00:00+00:00") for day in range(1, 9)]
    new = [seen(seconds=2.0, started_at=f"2026-01-0{day}T00:00:00+00:00") for day in range(1, 6)]
    assert seconds(CostModel(HERE, [*new, *old]), cell()) == 2.0 + AROUND_SECONDS


def test_a_cell_that_was_repeated_costs_its_repetitions() -> None:
    assert seconds(CostModel(HERE, [seen(seconds=3.0, attempt=3)]), cell()) == pytest.approx(
        3 * (3.0 + AROUND_SECONDS)
    )


def test_a_timeout_costs_its_deadline() -> None:
    gone = seen(seconds=1.0, outcome="timeout", samples_seconds=())
    cost = CostModel(HERE, [gone]).cost(cell())
    assert cost.seconds >= DEADLINE_SECONDS["small"]
    assert cost.once, "no second process is tried"
    assert seconds(CostModel(HERE, [gone]), cell(size="full")) >= DEADLINE_SECONDS["full"]


def test_what_was_skipped_without_a_process_says_nothing() -> None:
    skipped = seen(seconds=0.0, outcome="skipped", samples_seconds=())
    assert seen_in(skipped) is None
    assert CostModel(HERE, [skipped]).cost(cell()).basis == "unknown"


def test_the_same_cell_on_other_hardware_is_no_measurement_of_this_one() -> None:
    cost = CostModel(HERE, [seen(seconds=7.0, fingerprint=ELSEWHERE)]).cost(cell())
    assert (cost.basis, cost.seconds) == ("scaled", 7.0 + AROUND_SECONDS)


def test_without_a_fingerprint_nothing_is_of_this_hardware() -> None:
    assert CostModel(None, [seen(fingerprint=None)]).cost(cell()).basis == "scaled"


@pytest.mark.parametrize(
    "relative",
    [
        seen(precision="float32"),
        seen("numba-cpu"),
        seen(size="smoke"),
        seen(size="full"),
        seen(task="greeks"),
        seen(workload="limits", task="copy"),
        seen(workload="limits", task="copy", size="smoke"),
        seen(fingerprint=ELSEWHERE),
    ],
    ids=["precision", "configuration", "smaller", "larger", "task", "workload", "far", "hardware"],
)
def test_a_relative_stands_in_and_is_said_to(relative: Outcome) -> None:
    assert CostModel(HERE, [relative]).cost(cell()).basis == "scaled"


@pytest.mark.parametrize(
    ("near", "far"),
    [
        (seen(precision="float32", seconds=9.0), seen("numba-cpu", seconds=1.0)),
        (seen("numba-cpu", seconds=9.0), seen(task="greeks", seconds=1.0)),
        (seen(task="greeks", seconds=9.0), seen(workload="limits", task="copy", seconds=1.0)),
        (seen(task="greeks", seconds=9.0), seen(fingerprint=ELSEWHERE, seconds=1.0)),
    ],
    ids=["precision", "configuration", "workload", "hardware"],
)
def test_the_nearest_relative_counts(near: Outcome, far: Outcome) -> None:
    assert seconds(CostModel(HERE, [near, far]), cell()) == 9.0 + AROUND_SECONDS


@pytest.mark.parametrize("relative", [seen("jax-cpu"), seen("jax-cpu", task="greeks")])
def test_a_variant_costs_what_it_varies_does(relative: Outcome) -> None:
    others = [seen("numba-cpu", seconds=50.0, workload="limits", task="copy")]
    cost = CostModel(HERE, [relative, *others]).cost(cell("jax-cpu+1thread"))
    assert (cost.basis, cost.seconds) == ("scaled", 3.0 + AROUND_SECONDS)


@pytest.mark.parametrize("kind", ["wrong-result", "failed", "crashed", "fell-back"])
def test_what_ended_early_says_nothing_of_its_relatives(kind: str) -> None:
    ended = seen(precision="float32", seconds=0.2, outcome=kind)
    assert CostModel(HERE, [ended]).cost(cell()).basis == "unknown"


def test_a_slow_kernel_is_slow_at_every_size() -> None:
    """A call of 2 s at a thousand items takes 20 s at ten thousand, and a sample needs five."""
    slow = seen(seconds=20.0, size="smoke", samples_seconds=(2.0, 2.0, 2.0))
    quick = seen(seconds=20.0, size="smoke", samples_seconds=(1e-4, 1e-4, 1e-4))
    items = 10 * synthetic.ITEMS
    assert seconds(CostModel(HERE, [slow]), cell(), items) > 20.0 + 5 * 18.0
    assert seconds(CostModel(HERE, [quick]), cell(), items) < 30.0


def test_what_was_seen_in_this_sitting_is_learned() -> None:
    model = CostModel(HERE)
    model.learn(seen(seconds=4.0))
    assert model.cost(cell()).basis == "measured"
    assert model.cost(cell("jax-cpu")).seconds == 4.0 + AROUND_SECONDS


def test_as_many_processes_as_it_took_before() -> None:
    model = CostModel(HERE, [seen(process=5, seconds=1.0, cell_stopped_by="precision")])
    assert model.processes(cell()) == 6
    assert model.processes(cell("jax-cpu")) == 6, "as noisy as its neighbours"
    assert model.processes(cell(size="smoke")) == ROUNDS["smoke"].least
    assert CostModel(HERE, [seen(process=5)]).processes(cell()) == ROUNDS["small"].least, (
        "another process was to follow: nobody knows how many"
    )


def test_no_more_processes_than_a_cell_has_time_for() -> None:
    model = CostModel(HERE, [seen(process=25, seconds=5.0, cell_stopped_by="time")])
    assert model.processes(cell()) == math.ceil(ROUNDS["small"].seconds / (5.0 + AROUND_SECONDS))


def test_a_limit_is_not_expected_in_more_processes_than_it_ever_gets() -> None:
    model = CostModel(HERE, [seen(process=7, seconds=1.0, cell_stopped_by="precision")])
    assert model.processes(cell()) == 8
    assert model.processes(cell(workload="limits")) == MOST_OF_A_LIMIT


any_seconds = st.floats(allow_nan=True, allow_infinity=True)
outcomes = st.builds(
    seen,
    st.sampled_from(CONFIGURATIONS),
    any_seconds,
    precision=st.sampled_from(["float64", "float32"]),
    size=st.sampled_from(["smoke", "small", "full", "huge"]),
    task=st.sampled_from(["price", "greeks"]),
    outcome=st.sampled_from(["ok", "unstable", "timeout", "failed", "skipped"]),
    attempt=st.integers(min_value=-3, max_value=10**9),
    process=st.integers(min_value=-3, max_value=10**9),
    cell_stopped_by=st.sampled_from([None, "time"]),
    fingerprint=st.sampled_from([HERE, ELSEWHERE]),
    samples_seconds=st.lists(any_seconds, max_size=3).map(tuple),
    capsule=st.integers(min_value=-5, max_value=10**12).map(lambda items: {"items": items}),
)
cells = st.builds(
    cell,
    st.sampled_from(CONFIGURATIONS),
    workload=st.sampled_from(["pricing", "limits"]),
    precision=st.sampled_from(["float64", "float32"]),
    size=st.sampled_from(["smoke", "small", "full"]),
)
items = st.one_of(st.none(), st.integers(min_value=1, max_value=10**12))


@given(st.lists(outcomes, max_size=8), cells, items)
def test_whatever_files_say_a_cost_is_a_number_of_seconds(
    told: list[Outcome], wanted: Cell, count: int | None
) -> None:
    model = CostModel(HERE, told)
    cost = model.cost(wanted, count)
    assert 0 <= cost.seconds <= 100 * DEADLINE_SECONDS["full"]
    rounds = rounds_of(wanted.workload, wanted.size)
    assert rounds.least <= model.processes(wanted) <= rounds.most


reasonable = st.builds(
    seen,
    st.sampled_from(CONFIGURATIONS),
    st.floats(min_value=0.01, max_value=200.0),
    precision=st.sampled_from(["float64", "float32"]),
    size=st.sampled_from(["smoke", "small", "full"]),
    task=st.sampled_from(["price", "greeks"]),
    fingerprint=st.sampled_from([HERE, ELSEWHERE]),
)


@given(st.lists(reasonable, min_size=1, max_size=8), st.data(), cells, items)
def test_slower_was_never_cheaper(
    told: list[Outcome], data: st.DataObject, wanted: Cell, count: int | None
) -> None:
    which = data.draw(st.integers(min_value=0, max_value=len(told) - 1))
    more = data.draw(st.floats(min_value=0.0, max_value=100.0))
    slower = list(told)
    slower[which] = replace(told[which], duration_seconds=told[which].duration_seconds + more)
    assert seconds(CostModel(HERE, slower), wanted, count) >= seconds(
        CostModel(HERE, told), wanted, count
    )


@given(reasonable, items)
def test_larger_is_never_cheaper(told: Outcome, count: int | None) -> None:
    model = CostModel(HERE, [told])
    wanted = {
        size: cell(
            told.parameters.configuration,
            size=size,
            task=told.task,
            precision=told.parameters.precision,
        )
        for size in ("smoke", "small", "full")
    }
    each = [seconds(model, wanted[size], count) for size in ("smoke", "small", "full")]
    assert each == sorted(each)


@given(st.lists(reasonable, max_size=8), st.data(), cells)
def test_the_order_in_which_files_are_read_changes_nothing(
    told: list[Outcome], data: st.DataObject, wanted: Cell
) -> None:
    dated = [
        replace(outcome, started_at=f"2026-01-{day:02d}T00:00:00+00:00")
        for day, outcome in enumerate(told, start=1)
    ]
    shuffled = data.draw(st.permutations(dated))
    assert CostModel(HERE, shuffled).cost(wanted) == CostModel(HERE, dated).cost(wanted)


def test_the_law_finds_a_model_that_breaks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted fault: costs that fall when what was seen gets slower."""
    monkeypatch.setattr(costs, "median_seconds", lambda told: 1000.0 - told[-1].seconds)
    quick, slow = CostModel(HERE, [seen(seconds=1.0)]), CostModel(HERE, [seen(seconds=2.0)])
    assert seconds(slow, cell()) < seconds(quick, cell())

"""How many processes a cell gets, and why no more."""

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthetic import outcome

from hwdoctor.measure.rounds import ROUNDS, Rounds, relative_half_width, rounds_of, stopped_by
from hwdoctor.model import Outcome

SMALL = ROUNDS["small"]


def processes(*medians: float, seconds: float = 0.1) -> list[Outcome]:
    """One outcome a process, each with three samples about its median."""
    return [
        msgspec.structs.replace(
            outcome("numpy-cpu", samples_seconds=(m * 0.99, m, m * 1.01)),
            process=number,
            duration_seconds=seconds,
        )
        for number, m in enumerate(medians)
    ]


def disturbed() -> Outcome:
    return outcome("numpy-cpu", outcome="unstable", reason="disturbed in each of 3 tries")


@pytest.mark.parametrize(
    ("outcomes", "reason"),
    [
        (processes(), None),
        (processes(1.0), None),
        (processes(1.0, 1.0001), None),
        (processes(1.0, 1.0001, 1.0, 0.9999, 1.0), "precision"),
        (processes(1.0, 1.0001, seconds=8.0), "time"),
        (processes(1.0, 1.1), None),
        (processes(1.0, 1.1, seconds=8.0), "time"),
        (processes(1.0, seconds=1000.0), None),
        (processes(*[1.0, 1.5] * 15), "processes"),
        (processes(*[1.0, 1.02] * 5), "precision"),
        ([outcome("numpy-cpu", outcome="crashed")], "outcome"),
        ([disturbed()], None),
        ([*processes(1.0), disturbed()], None),
        ([*processes(1.0), disturbed(), disturbed()], "outcome"),
        ([*processes(1.0, 1.0001, 1.0, 1.0, 1.0), disturbed()], "precision"),
    ],
    ids=[
        "none-yet", "one", "two-agree", "five-agree", "two-agree-slowly", "two-differ",
        "too-long", "two-at-least", "too-many",
        "ten-tell", "crashed", "disturbed-once",
        "disturbed-in-one-of-two", "mostly-disturbed", "disturbed-in-one-of-six",
    ],
)  # fmt: skip
def test_a_cell_goes_on_until_its_time_is_known(
    outcomes: list[Outcome], reason: str | None
) -> None:
    assert stopped_by(outcomes, SMALL) == reason


def test_a_first_look_is_one_process() -> None:
    assert stopped_by(processes(1.0), ROUNDS["smoke"]) == "processes"
    assert stopped_by(processes(1.0, 2.0), Rounds.exactly(3)) is None


@given(st.lists(st.floats(0.5, 2.0), min_size=2, max_size=8), st.floats(1e-6, 1e3))
def test_the_width_does_not_depend_on_the_unit_of_time(medians: list[float], unit: float) -> None:
    one = relative_half_width(processes(*medians))
    assert one == pytest.approx(relative_half_width(processes(*(unit * m for m in medians))))


def test_a_limit_is_the_best_of_a_few() -> None:
    assert rounds_of("limits", "full").most < rounds_of("black_scholes", "full").most
    assert rounds_of("limits", "smoke").most == 1


def test_one_process_knows_nothing_of_others() -> None:
    assert math.isinf(relative_half_width(processes(1.0)))
    assert math.isinf(relative_half_width([outcome("numpy-cpu", outcome="failed")]))

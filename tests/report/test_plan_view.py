"""Plans before a sitting, and what the budget left out of it, on screens and for programs."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import pytest

from hwdoctor.backends import known
from hwdoctor.measure.cell import Cell
from hwdoctor.measure.costs import Basis, Cost
from hwdoctor.measure.planning import CellPlan, Place, Planned
from hwdoctor.report import plan
from hwdoctor.report.console import to_text

if TYPE_CHECKING:
    from hwdoctor.measure.agenda import Agenda

Screen = Callable[..., str]


def cell(configuration: str, precision: str = "float64", task: str = "price") -> Cell:
    return Cell(
        source="black_scholes",
        workload="black_scholes",
        task=task,
        configuration=known(configuration),
        precision=cast("Any", precision),
        size="small",
    )


def planned(
    configuration: str,
    seconds: float,
    basis: Basis = "measured",
    *,
    fitting: int = 2,
    reason: str | None = None,
    precision: str = "float64",
) -> CellPlan:
    cost = Cost(seconds=seconds, basis=basis, reason=reason)
    processes = 2 if reason is None else 1
    return CellPlan(
        cell=cell(configuration, precision),
        cost=cost,
        seconds=seconds * processes,
        processes=processes,
        fitting=min(fitting, processes),
    )


NO_CUDA = "no CUDA device on this machine"
PLANS = [
    planned("numpy-cpu", 4.05),
    planned("numba-cpu", 3.2, "scaled", fitting=1),
    planned("torch-cpu", 5.0, "unknown", fitting=0),
    planned("jax-cuda", 0.0, "skipped", reason=NO_CUDA),
]


def test_a_person_sees_a_table(screen: Screen) -> None:
    lines = [
        line.rstrip() for line in screen(plan.table(PLANS, budget_seconds=None), 80).splitlines()
    ]
    assert lines[0] == "black_scholes.price, small"
    assert lines[1].split() == ["precision", "estimate", "processes"]
    assert [line.split() for line in lines[2:5]] == [
        ["numpy-cpu", "float64", "8.1", "s", "2"],
        ["numba-cpu", "float64", "~6.4", "s", "2"],
        ["torch-cpu", "float64", "unknown", "2"],
    ]
    assert f"  {NO_CUDA}: jax-cuda" in lines
    assert "3 cells, about 24 s in all" in lines
    assert any("1 cell unknown, with a guess of 5 s a process" in line for line in lines)


def test_under_a_budget_every_cell_says_whether_it_fits(screen: Screen) -> None:
    text = screen(plan.table(PLANS, budget_seconds=15.0), 80)
    rows = [line.split("2  ")[-1].strip() for line in text.splitlines()[2:5]]
    assert rows == ["fits", "1 of 2", "left out"]
    assert "a budget of 15 s leaves out 1 of 3 cells; 1 cell in fewer processes" in text


def test_a_narrow_screen_gets_lines(screen: Screen) -> None:
    text = screen(plan.table(PLANS, budget_seconds=15.0), 40)
    assert max(map(len, text.splitlines())) <= 40
    assert "numpy-cpu: float64, 8.1 s, processes: 2" in " ".join(text.split())


def test_a_program_gets_a_line_a_cell_with_fields() -> None:
    lines = plan.lines(PLANS, budget_seconds=15.0).splitlines()
    cells = [line.split("\t") for line in lines if not line.startswith("#")]
    assert cells[0] == ["black_scholes.price numpy-cpu float64 small", "8.1", "measured", "2", "2"]
    assert [fields[2] for fields in cells] == ["measured", "scaled", "unknown", "skipped"]
    assert [fields[4] for fields in cells] == ["2", "1", "0", "1"]
    assert cells[3][5] == NO_CUDA
    assert lines[-1].startswith("# a budget of 15 s leaves out")


def test_an_empty_plan_is_told(screen: Screen) -> None:
    assert screen(plan.table([], budget_seconds=None), 80).strip() == "0 cells, about 0 s in all"


class Cut:
    """An agenda after a sitting that the budget cut short."""

    budget_seconds = 600.0
    cells = 120
    left_out_seconds = 750.0
    spent_seconds = 11.0

    def __init__(self, *left_out: tuple[Cell, int]) -> None:
        cost = Cost(seconds=0.7, basis="measured")
        self.left_out = tuple(
            Planned(cell=cell, process=process, cost=cost, place=Place.REST)
            for cell, process in left_out
        )


def told(cut: Cut, width: int = 80) -> str:
    return to_text(*plan.left_out(cast("Agenda", cut)), width=width)


def test_what_was_left_out_is_said_with_the_reason() -> None:
    cut = Cut(
        (cell("numpy-cpu", "float32"), 0),
        (cell("jax-cpu", "float32"), 0),
        *((cell(name, task="implied_volatility"), 0) for name in ("numpy-cpu", "numba-cpu")),
        (cell("torch-cpu"), 1),
    )
    text = " ".join(told(cut).split())
    assert "left out for the budget of 10 min: 4 of 120 cells" in text
    assert "black_scholes.price float32: jax-cpu, numpy-cpu" in text
    assert "1 cell in fewer processes than wanted, for the budget" in text
    assert "`--resume` goes on with the same run: about 12 min more" in text


def test_nothing_is_said_where_nothing_was_left_out() -> None:
    assert plan.left_out(cast("Agenda", Cut())) == []


@pytest.mark.parametrize("width", [40, 80])
def test_it_fits_the_screen(width: int) -> None:
    cut = Cut((cell("mlx-cpu+openblas", "float32"), 0), (cell("torch-cpu"), 1))
    assert max(map(len, told(cut, width).splitlines())) <= width


def test_a_budget_that_allowed_nothing_says_why() -> None:
    cut = Cut((cell("numpy-cpu"), 0), (cell("jax-cpu"), 0))
    assert plan.too_small(cast("Agenda", cut)) == (
        "nothing was measured: 11 s of the budget of 10 min had passed when it was to begin, and "
        "the quickest of 2 cells takes about 0.7 s"
    )

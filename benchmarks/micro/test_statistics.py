"""Comparing two sides of a thousand cells: medians, intervals and verdicts, files not counted."""

import random

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from hwdoctor.model.comparison import Comparison
from hwdoctor.results.asv_files import AsvRow
from hwdoctor.results.machines import Machine
from hwdoctor.results.result_set import ResultSet
from hwdoctor.verdicts.compare import compare
from hwdoctor.verdicts.sides import sides

CELLS = 1000
SAMPLES = 20
ROUNDS = 11


def _side(machine: str, seconds: float, seed: int) -> ResultSet:
    """A thousand cells with one per cent of noise."""
    noise = random.Random(seed)  # noqa: S311 -- noise, not a secret
    rows = tuple(_row(machine, cell, seconds, noise) for cell in range(CELLS))
    return ResultSet(machines=(Machine(name=machine),), asv_rows=rows, files={machine: 1})


def _row(machine: str, cell: int, seconds: float, noise: random.Random) -> AsvRow:
    samples = tuple(sorted(seconds * noise.gauss(1.0, 0.01) for _ in range(SAMPLES)))
    return AsvRow(
        machine=machine,
        source="made-up.json",
        commit=None,
        environment=None,
        benchmark="suite.time_it",
        parameters={"cell": str(cell)},
        state="ok",
        value=samples[SAMPLES // 2],
        unit="seconds",
        kind="time",
        version="1",
        started_at_ms=0.0,
        interval_99=None,
        quartiles=None,
        number=1,
        repeat=SAMPLES,
        samples=samples,
    )


@pytest.mark.benchmark(group="results")
def test_comparing_1000_cells(own_path: BenchmarkFixture) -> None:
    named = [("old", _side("old", 1e-3, 1)), ("new", _side("new", 2e-3, 2))]

    def compared() -> Comparison:
        both = sides(named)
        return compare(both, both[0]).document

    document = own_path.pedantic(compared, rounds=ROUNDS, warmup_rounds=1)
    assert {cell.verdict for cell in document.cells} == {"slower"}
    assert len(document.cells) == CELLS

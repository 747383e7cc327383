"""A sitting's outcomes carry their shares; a limit's own is known when all limits are."""

from pathlib import Path

import msgspec
import pytest

from hwdoctor.measure import engine, run, store
from hwdoctor.measure.bench import choose_cells, conduct
from hwdoctor.measure.cell import Cell
from hwdoctor.measure.run import Run
from hwdoctor.model import Cpu, Facts, Outcome, Throughput

NAMES = ("numpy-cpu", "torch-cpu", "numba-cpu")
SPEED = {"numpy-cpu": 5e9, "torch-cpu": 10e9, "numba-cpu": 20e9}


@pytest.fixture
def shares(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[float | None]]:
    """Bandwidth shares of `copy` and `price`, as returned and as kept, in the order of NAMES."""

    def pretend(cell: Cell, a_run: Run, *, process: int = 0, plan: object = None) -> Outcome:
        skipped = real(cell, a_run)
        speed = SPEED[cell.configuration.name]
        return msgspec.structs.replace(
            skipped,
            outcome="ok",
            process=process,
            parameters=cell.parameters,
            throughput=Throughput(value=speed, unit="bytes/s"),
            bytes_per_second=speed,
        )

    real = engine.measure
    monkeypatch.setattr(engine, "skip_reason", lambda *_: "pretended")
    monkeypatch.setattr(engine, "measure", pretend)
    a_run = run.begin(Facts(cpu=Cpu(brand="Test CPU", physical_cores=2)), tmp_path, seed=3)
    cells = choose_cells(
        ["black_scholes", "limits"],
        configuration_names=NAMES,
        precisions=["float64"],
        size="smoke",
    )
    cells = [cell for cell in cells if cell.task in {"copy", "price"}]
    found: dict[str, list[float | None]] = {"price kept": [], "copy kept": []}
    for cell, outcomes in conduct(a_run, cells, processes=1):
        found.setdefault(cell.task, []).append(outcomes[0].share_of_bandwidth_limit)
        (kept,) = store.outcomes_of(a_run, cell)
        found[f"{cell.task} kept"].append(kept.share_of_bandwidth_limit)
    return found


def test_shares_are_complete_at_the_end_and_never_depend_on_the_order(
    shares: dict[str, list[float | None]],
) -> None:
    assert shares["price"] == shares["price kept"] == [0.25, 0.5, 1.0]
    assert shares["copy"] == [0.25, 0.5, 1.0]
    assert shares["copy kept"] == [None, None, None]

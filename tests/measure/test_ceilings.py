"""Shares are of what was measured on the same device, and unknown where nothing was."""

import msgspec
import pytest

from hwdoctor.measure.ceilings import Ceilings
from hwdoctor.model import Capsule, CellParameters, Outcome, OutcomeKind, Throughput


def outcome(
    task: str,
    value: float,
    *,
    workload: str = "limits",
    configuration: str = "numpy-cpu",
    precision: str = "float64",
    kind: OutcomeKind = "ok",
) -> Outcome:
    return Outcome(
        benchmark="b",
        workload=workload,
        task=task,
        parameters=CellParameters(configuration=configuration, precision=precision, size="smoke"),
        run="r",
        process=0,
        outcome=kind,
        started_at="2026-01-01T00:00:00+00:00",
        duration_seconds=1.0,
        throughput=Throughput(value=value, unit="x/s"),
        flops_per_second=5e9,
        bytes_per_second=1e9,
        capsule=Capsule(command="c", configuration=configuration, seed=1, workload_version="1"),
    )


CELL = outcome("price", 1.0, workload="black_scholes")


def test_the_best_backend_on_the_device_sets_the_ceiling() -> None:
    ceilings = Ceilings(
        [
            outcome("copy", 10e9, configuration="numba-cpu"),
            outcome("copy", 4e9),
            outcome("copy", 3000e9, configuration="torch-cuda"),
            outcome("matrix_product", 50e9, configuration="jax-cpu"),
            outcome("matrix_product", 100e9, precision="float32"),
        ]
    )
    shared = ceilings.with_shares(CELL)
    assert shared.share_of_bandwidth_limit == pytest.approx(0.1)
    assert shared.share_of_compute_limit == pytest.approx(0.1)


def test_without_limits_the_shares_are_unknown() -> None:
    shared = Ceilings().with_shares(CELL)
    assert shared.share_of_bandwidth_limit is None
    assert shared.share_of_compute_limit is None


@pytest.mark.parametrize("kind", ["wrong-result", "unstable", "fell-back"])
def test_a_limit_that_is_not_proven_is_none(kind: OutcomeKind) -> None:
    ceilings = Ceilings([outcome("copy", 10e9, kind=kind)])
    assert ceilings.with_shares(CELL).share_of_bandwidth_limit is None


def test_a_cell_without_a_work_model_has_no_share() -> None:
    bare = msgspec.structs.replace(CELL, bytes_per_second=None)
    assert Ceilings([outcome("copy", 10e9)]).with_shares(bare).share_of_bandwidth_limit is None

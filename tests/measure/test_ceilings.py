"""Shares are of what was measured on the same device, and unknown where nothing was."""

import msgspec
import pytest

from hwdoctor.measure.ceilings import Ceilings, is_ceiling
from hwdoctor.model import Capsule, CellParameters, Outcome, OutcomeKind, Throughput
from hwdoctor.workloads.limits import WORKLOAD


def outcome(
    task: str,
    value: float,
    *,
    workload: str = "limits",
    configuration: str = "numpy-cpu",
    precision: str = "float64",
    size: str = "smoke",
    kind: OutcomeKind = "ok",
    flops: float | None = 5e9,
    moved: float | None = 1e9,
) -> Outcome:
    return Outcome(
        benchmark="b",
        workload=workload,
        task=task,
        parameters=CellParameters(configuration=configuration, precision=precision, size=size),
        run="r",
        process=0,
        outcome=kind,
        started_at="2026-01-01T00:00:00+00:00",
        duration_seconds=1.0,
        throughput=Throughput(value=value, unit="x/s"),
        flops_per_second=flops,
        bytes_per_second=moved,
        capsule=Capsule(command="c", configuration=configuration, seed=1, workload_version="1"),
    )


CELL = outcome("price", 1.0, workload="black_scholes")


def shares(
    known: list[Outcome], cell: Outcome, *, all_known: bool = False
) -> tuple[float | None, float | None]:
    """Of bandwidth and of arithmetic."""
    found = Ceilings(known).with_shares(cell, all_known=all_known)
    return found.share_of_bandwidth_limit, found.share_of_compute_limit


def test_the_best_backend_on_the_device_sets_the_ceiling() -> None:
    known = [
        outcome("copy", 10e9, configuration="numba-cpu"),
        outcome("copy", 4e9),
        outcome("copy", 3000e9, configuration="torch-cuda"),
        outcome("matrix_product", 50e9, configuration="jax-cpu"),
        outcome("matrix_product", 100e9, precision="float32"),
    ]
    assert shares(known, CELL) == pytest.approx((0.1, 0.1))


def test_bandwidth_is_the_better_of_copy_and_triad() -> None:
    assert shares([outcome("copy", 4e9), outcome("triad", 5e9)], CELL)[0] == pytest.approx(0.2)
    assert shares([outcome("copy", 5e9), outcome("triad", 4e9)], CELL)[0] == pytest.approx(0.2)


@pytest.mark.parametrize("task", ["exp", "log", "erf", "host_to_device", "device_to_host"])
def test_no_other_limit_is_the_ceiling_of_memory(task: str) -> None:
    assert shares([outcome(task, 1e12)], CELL) == (None, None)


@pytest.mark.parametrize("task", ["host_to_device", "device_to_host"])
def test_a_transfer_is_a_share_of_the_best_transfer_in_its_direction(task: str) -> None:
    other = "device_to_host" if task == "host_to_device" else "host_to_device"
    known = [
        outcome("copy", 3000e9, configuration="torch-cuda"),
        outcome(task, 50e9, configuration="torch-cuda"),
        outcome(other, 70e9, configuration="torch-cuda"),
    ]
    cell = outcome(task, 25e9, configuration="jax-cuda", moved=25e9, flops=None)
    assert shares(known, cell, all_known=True) == (0.5, None)


@pytest.mark.parametrize(
    ("task", "before_all", "at_the_end"),
    [
        ("copy", (None, 0.1), (0.25, 0.1)),
        ("triad", (None, 0.1), (0.25, 0.1)),
        ("matrix_product", (0.25, None), (0.25, 0.1)),
        ("exp", (0.25, 0.1), (0.25, 0.1)),
    ],
)
def test_a_limit_knows_its_own_share_only_when_all_limits_are_known(
    task: str,
    before_all: tuple[float | None, float | None],
    at_the_end: tuple[float | None, float | None],
) -> None:
    """Told earlier, it would depend on the order in which they were measured."""
    known = [outcome("copy", 4e9), outcome("matrix_product", 50e9)]
    limit = outcome(task, 1e9)
    assert shares(known, limit) == before_all
    assert shares(known, limit, all_known=True) == at_the_end


@pytest.mark.parametrize("size", ["small", "full"])
def test_a_limit_that_fitted_into_a_cache_gives_way_to_one_of_a_larger_size(size: str) -> None:
    in_cache, from_memory = outcome("copy", 100e9), outcome("copy", 10e9, size=size)
    assert shares([in_cache], CELL)[0] == pytest.approx(0.01)
    assert shares([in_cache, from_memory], CELL)[0] == pytest.approx(0.1)
    assert shares([from_memory, in_cache], CELL)[0] == pytest.approx(0.1)


def test_one_gpu_has_one_ceiling_whatever_the_backends_call_it() -> None:
    known = [outcome("copy", 10e9, configuration="mlx-gpu")]
    for name in ("torch-mps", "jax-metal", "torch-cuda"):
        cell = outcome("price", 1.0, workload="black_scholes", configuration=name)
        assert shares(known, cell)[0] == pytest.approx(0.1)
    assert shares(known, CELL)[0] is None


def test_a_cell_whose_data_stay_in_a_cache_may_exceed_the_memorys_bandwidth() -> None:
    assert shares([outcome("copy", 0.5e9)], CELL)[0] == 2.0


def test_without_limits_the_shares_are_unknown() -> None:
    assert shares([], CELL) == (None, None)


@pytest.mark.parametrize("kind", ["wrong-result", "unstable", "fell-back"])
def test_a_limit_that_is_not_proven_is_none(kind: OutcomeKind) -> None:
    assert shares([outcome("copy", 10e9, kind=kind)], CELL)[0] is None


def test_a_cell_without_a_work_model_has_no_share() -> None:
    bare = msgspec.structs.replace(CELL, bytes_per_second=None)
    assert shares([outcome("copy", 10e9)], bare)[0] is None


def test_a_users_task_of_the_same_name_is_no_ceiling() -> None:
    foreign = outcome("copy", 10e9, workload="theirs")
    assert shares([foreign], CELL)[0] is None
    assert not is_ceiling("theirs", "copy")


def test_every_ceiling_is_a_task_of_the_limits() -> None:
    ceilings = [task.name for task in WORKLOAD.tasks if is_ceiling("limits", task.name)]
    assert ceilings == ["copy", "matrix_product", "triad", "host_to_device", "device_to_host"]

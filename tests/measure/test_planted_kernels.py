"""A kernel that is wrong in whatever way is told apart, and none of them is ever ranked."""

import importlib.util
from pathlib import Path

import psutil
import pytest

from hwdoctor.measure import engine
from hwdoctor.measure.cell import Cell
from hwdoctor.measure.run import Run
from hwdoctor.measure.sampling import Plan
from hwdoctor.model import Configuration, Outcome

SOURCE = str(Path(__file__).with_name("planted_kernels.py"))
QUICK = Plan(seconds=0.02)


def measure(
    tmp_path: Path, task: str, *, configuration: str = "numpy-cpu", memory: int | None = None
) -> Outcome:
    run = Run(
        id="20260101T000000Z-000000",
        machine="planted",
        results=str(tmp_path),
        fingerprint="f",
        facts_digest="d",
        seed=1,
        memory_limit_bytes=memory,
        apis=(),
    )
    cell = Cell(
        source=SOURCE,
        workload="planted",
        task=task,
        configuration=Configuration.parse(configuration),
        precision="float64",
        size="smoke",
    )
    return engine.measure(cell, run, plan=QUICK)


def test_the_right_kernel_is_ok_and_carries_what_it_takes_to_run_it_again(tmp_path: Path) -> None:
    outcome = measure(tmp_path, "right")
    assert (outcome.outcome, outcome.reason) == ("ok", None)
    assert outcome.samples_seconds
    assert outcome.first_call_seconds is not None
    assert outcome.largest_error is not None
    assert outcome.tolerance is not None
    assert outcome.largest_error <= outcome.tolerance
    assert outcome.throughput is not None
    assert outcome.throughput.unit == "items/s"
    assert outcome.host_peak_bytes is not None
    assert outcome.capsule.packages["numpy"]
    assert outcome.capsule.inputs_digest
    assert outcome.benchmark == "planted.Right.time_steady"


@pytest.mark.parametrize(
    ("task", "expected", "reason"),
    [
        ("transposed", "wrong-result", "largest error"),
        ("float32_passed_off", "wrong-result", "largest error"),
        ("float32_outright", "wrong-result", "is float32, asked for float64"),
        ("another_device", "fell-back", "lies on"),
        ("unsynchronised", "wrong-result", "not a number"),
        ("remembered", "wrong-result", "not a number"),
        ("right_only_at_first", "wrong-result", "largest error"),
        ("raising", "failed", "ValueError: planted"),
        ("unsupported", "skipped", "planted gap"),
        ("segfaulting", "crashed", "SIGSEGV in stage: first call"),
    ],
)
def test_a_planted_fault_is_told_apart(
    tmp_path: Path, task: str, expected: str, reason: str
) -> None:
    outcome = measure(tmp_path, task)
    assert outcome.outcome == expected
    assert reason in (outcome.reason or "")


@pytest.mark.parametrize("backend", ["jax", "torch", "mlx"])
def test_right_numbers_from_the_host_are_no_answer_of_a_device(
    tmp_path: Path, backend: str
) -> None:
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    outcome = measure(tmp_path, "answered_by_numpy", configuration=f"{backend}-cpu")
    assert outcome.outcome == "fell-back"
    assert "numpy.ndarray" in (outcome.reason or "")


def test_a_hanging_kernel_is_ended_with_all_its_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "DEADLINE_SECONDS", {"smoke": 3.0})
    outcome = measure(tmp_path, "hanging")
    assert outcome.outcome == "timeout"
    assert "first call" in (outcome.reason or "")
    assert psutil.Process().children(recursive=True) == []


def test_a_kernel_that_eats_all_memory_runs_out_of_it(tmp_path: Path) -> None:
    outcome = measure(tmp_path, "devouring", memory=600_000_000)
    assert outcome.outcome == "out-of-memory"


@pytest.mark.parametrize(
    ("configuration", "reason"),
    [
        ("numba-cpu", "no numba kernel"),
        ("jax-tpu", "no float64 on this device"),
        ("torch-cuda", "no CUDA or ROCm device on this machine"),
    ],
)
def test_what_cannot_be_tried_costs_no_process_and_says_why(
    tmp_path: Path, configuration: str, reason: str
) -> None:
    outcome = measure(tmp_path, "right", configuration=configuration)
    assert outcome.outcome == "skipped"
    assert outcome.reason in (reason, f"{configuration.split('-', maxsplit=1)[0]} is not installed")
    assert outcome.duration_seconds == 0

"""A kernel that is wrong in whatever way is told apart, and none of them is ever ranked."""

import importlib.util
import itertools
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psutil
import pytest

from hwdoctor.measure import engine, store
from hwdoctor.measure.cell import Cell
from hwdoctor.measure.foreign import usable_cpus
from hwdoctor.measure.hygiene import disturbances, measured_quietly
from hwdoctor.measure.run import Run
from hwdoctor.measure.sampling import Plan
from hwdoctor.measure.watch import Watch
from hwdoctor.model import Configuration, Outcome, Telemetry
from hwdoctor.probing import diagnosis
from hwdoctor.results import sidecar
from hwdoctor.workloads import find

SOURCE = str(Path(__file__).with_name("planted_kernels.py"))
MEMORY = str(Path(__file__).with_name("planted_memory.py"))
SIDE = 64
QUICK = Plan(seconds=0.02)
LONG = Plan(seconds=2.0, relative_half_width=0.0, most_samples=10**6)


def run_in(results: Path, *, memory: int | None = None) -> Run:
    return Run(
        id="20260101T000000Z-000000",
        machine="planted",
        results=str(results),
        fingerprint="f",
        facts_digest="d",
        seed=1,
        memory_limit_bytes=memory,
        apis=(),
    )


def measure(
    tmp_path: Path,
    task: str,
    *,
    configuration: str = "numpy-cpu",
    memory: int | None = None,
    plan: Plan = QUICK,
    source: str = SOURCE,
) -> Outcome:
    cell = Cell(
        source=source,
        workload=find(source).name,
        task=task,
        configuration=Configuration.parse(configuration),
        precision="float64",
        size="smoke",
    )
    return engine.measure(cell, run_in(tmp_path, memory=memory), plan=plan)


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
        ("unsynchronised", "failed", "not synchronised: the result was wrong when the call"),
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


@pytest.mark.alone
@pytest.mark.parametrize("backend", ["numpy", "jax", "torch", "mlx"])
def test_a_leak_is_measured_and_no_frameworks_allocator_hides_it(
    tmp_path: Path, backend: str
) -> None:
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    # As many samples as there is time for: few calls would leak too little to be seen. On a busy
    # machine a round may look uneven, and then nobody is accused: so there are three tries.
    plan = Plan(seconds=0.3, relative_half_width=0.0)
    for _ in range(3):
        outcome = measure(
            tmp_path, "leaking", configuration=f"{backend}-cpu", plan=plan, source=MEMORY
        )
        if outcome.outcome == "failed":
            break
    assert (outcome.outcome, outcome.exception) == ("failed", None)
    assert re.match(r"leaks \d+\.\d kB of host memory per call: it grew", outcome.reason or "")
    left_behind = SIDE * SIDE * 8
    assert outcome.memory_growth_bytes_per_call == pytest.approx(left_behind, rel=0.25)
    assert outcome.samples_seconds


@pytest.mark.alone
@pytest.mark.parametrize("task", ["harmless", "keeping_the_last", "leaving_cycles"])
def test_a_pool_that_fills_and_garbage_that_waits_are_no_leaks(tmp_path: Path, task: str) -> None:
    outcome = measure(tmp_path, task, source=MEMORY)
    assert (outcome.outcome, outcome.reason) == ("ok", None)
    assert outcome.memory_growth_bytes_per_call == 0


def test_a_leak_that_hits_the_limit_is_told_from_a_kernel_that_is_too_large(
    tmp_path: Path,
) -> None:
    too_large = measure(tmp_path, "devouring", memory=600_000_000)
    assert too_large.outcome == "out-of-memory"
    assert "grew" not in (too_large.reason or "")
    growing = measure(tmp_path, "leaking_fast", memory=600_000_000, plan=LONG, source=MEMORY)
    assert growing.outcome == "out-of-memory"
    assert "memory grew from call to call" in (growing.reason or "")


@pytest.mark.alone
def test_a_hanging_kernel_is_ended_with_all_its_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "DEADLINE_SECONDS", {"smoke": 3.0})
    outcome = measure(tmp_path, "hanging")
    assert outcome.outcome == "timeout"
    assert "first call" in (outcome.reason or "")
    assert psutil.Process().children(recursive=True) == []


@pytest.mark.alone
def test_a_kernel_that_eats_all_memory_runs_out_of_it(tmp_path: Path) -> None:
    outcome = measure(tmp_path, "devouring", memory=600_000_000)
    assert outcome.outcome == "out-of-memory"


CGROUPS = {
    # Version 2, then version 1: the tree, the file of the limit, and a file that tells the version.
    Path("/sys/fs/cgroup"): ("memory.max", "cgroup.controllers"),
    Path("/sys/fs/cgroup/memory"): ("memory.limit_in_bytes", "memory.limit_in_bytes"),
}


@pytest.fixture
def small_cgroup() -> Iterator[Path]:
    """A memory cgroup of 96 MiB; only root may make one, and not in every container."""
    for root, (limit, sign) in CGROUPS.items():
        if not (root / sign).exists():
            continue
        folder = root / f"hwdoctor-test-{os.getpid()}"
        try:
            folder.mkdir()
        except OSError:
            continue
        try:
            (folder / limit).write_text(str(96 * 2**20))
        except OSError:  # the controller is not handed down
            folder.rmdir()
            continue
        yield folder
        folder.rmdir()
        return
    pytest.skip("no memory cgroup can be made here")


@pytest.mark.alone
def test_a_kernel_that_the_oom_killer_ends_ran_out_of_memory(
    tmp_path: Path, small_cgroup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLANTED_CGROUP", str(small_cgroup))
    outcome = measure(tmp_path, "killed_in_its_cgroup", source=MEMORY)
    assert (outcome.outcome, outcome.signal) == ("out-of-memory", "SIGKILL")
    assert outcome.reason == "ran out of memory in stage: first call"


def test_a_kernel_that_somebody_kills_did_not_run_out_of_memory(tmp_path: Path) -> None:
    outcome = measure(tmp_path, "killed", source=MEMORY)
    assert (outcome.outcome, outcome.signal) == ("crashed", "SIGKILL")


BUSY = "import sys\nprint(flush=True)\nwhile True: pass"


@pytest.fixture
def busy_from_sampling_on(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Competing processes, one a processor, that start when the first sample is taken."""
    started: list[subprocess.Popen[bytes]] = []
    stage = Watch.stage

    def with_competitors(watch: Watch, name: str) -> None:
        stage(watch, name)
        if name == "sample" and not started:
            count = len(usable_cpus() or range(os.cpu_count() or 1))
            started.extend(subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(count))

    monkeypatch.setattr(Watch, "stage", with_competitors)
    yield
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.alone
def test_a_competing_process_that_starts_midway_is_seen_and_the_cell_is_not_ranked(
    tmp_path: Path, busy_from_sampling_on: None
) -> None:
    outcome = measure(tmp_path, "right", plan=LONG)
    assert outcome.outcome == "ok", "the kernel itself is right"
    assert (outcome.telemetry_after.foreign_cpu_cores_worst or 0) > 0.5
    assert any("other processes" in text for text in disturbances(outcome))
    judged = measured_quietly(lambda number: outcome, "small")
    assert judged.outcome == "unstable"
    assert "other processes" in (judged.reason or "")


@pytest.mark.alone
def test_the_six_faults_are_told_apart_in_the_side_car(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forgets to synchronise, answers from the CPU, leaks, is throttled, hangs, is OOM-killed.

    Here the kernel's count of such kills is planted; a real one is in a test of its own.
    """
    measured = {task: measure(tmp_path, task) for task in ("unsynchronised", "another_device")}
    measured["leaking"] = measure(tmp_path, "leaking", source=MEMORY)
    kills = itertools.count()
    with monkeypatch.context() as patch:
        patch.setattr(diagnosis, "oom_kills", lambda: (next(kills),))
        measured["killed"] = measure(tmp_path, "killed", source=MEMORY)
        patch.setattr(engine, "DEADLINE_SECONDS", {"smoke": 3.0})
        measured["hanging"] = measure(tmp_path, "hanging")
    slowed = msgspec.structs.replace(
        measure(tmp_path, "right"), telemetry_after=Telemetry(foreign_cpu_cores_worst=1.0)
    )
    measured["throttled"] = measured_quietly(lambda number: slowed, "small")
    for outcome in measured.values():
        store.append(run_in(tmp_path), outcome)
    read = sidecar.read(run_in(tmp_path).sidecar).outcomes
    told = {outcome.task: (outcome.outcome, outcome.reason or "") for outcome in read}
    assert {task: outcome for task, (outcome, _) in told.items()} == {
        "unsynchronised": "failed",
        "another_device": "fell-back",
        "leaking": "failed",
        "killed": "out-of-memory",
        "hanging": "timeout",
        "right": "unstable",
    }
    assert "not synchronised" in told["unsynchronised"][1]
    assert "leaks" in told["leaking"][1]
    assert "other processes" in told["right"][1]


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

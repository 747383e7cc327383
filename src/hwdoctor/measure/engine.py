"""The parent's side of a cell: decide whether to try, start the worker, tell what became of it."""

import importlib.util
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from hwdoctor.backends import Backend, backend
from hwdoctor.measure import telemetry
from hwdoctor.measure.cell import Cell
from hwdoctor.measure.control import control_seconds
from hwdoctor.measure.protocol import Answer, Request
from hwdoctor.measure.run import Run
from hwdoctor.measure.sampling import Plan
from hwdoctor.measure.watch import Watch
from hwdoctor.model import Capsule, Configuration, Outcome, OutcomeKind, Telemetry, UsageError
from hwdoctor.probing import spawn
from hwdoctor.workloads import Task, Workload

# Per size: seconds to spend on samples, and the wall-clock deadline of a cell in one process.
SAMPLING_SECONDS: Mapping[str, float] = {"smoke": 0.3, "small": 2.0, "full": 6.0}
DEADLINE_SECONDS: Mapping[str, float] = {"smoke": 90.0, "small": 240.0, "full": 900.0}

# The interface by which a backend reaches a device; any one of them will do.
_NEEDS: Mapping[str, tuple[str, ...]] = {
    "metal": ("metal",),
    "mps": ("metal",),
    "cuda": ("cuda", "rocm"),
    "tpu": ("tpu",),
    "gpu": ("metal", "cuda"),
}
_DEVICE_NAMES: Mapping[str, str] = {"metal": "Metal", "cuda": "CUDA", "tpu": "TPU", "rocm": "ROCm"}


UNREAD = Telemetry()
REPEATING_STAGES = ("sample", "watch memory")
"""Stages in which nothing happens but calls like those before."""


@dataclass(frozen=True, kw_only=True)
class Around:
    """When the cell was measured, and the state of the machine around it."""

    started_at: str
    seconds: float
    device_process_peak_bytes: int | None = None
    before: Telemetry = UNREAD
    after: Telemetry = UNREAD
    control_before_seconds: float | None = None
    control_after_seconds: float | None = None


def measure(cell: Cell, run: Run, *, process: int = 0, plan: Plan | None = None) -> Outcome:
    """Measure one cell in one fresh process. Never raises for what the patient does."""
    workload, task = cell.resolve()
    described = backend(cell.configuration.backend)
    environment = worker_environment(cell, described, run)
    reason = skip_reason(cell, workload, task, described, run)
    started_at = datetime.now(UTC).isoformat(timespec="seconds")
    if reason is not None:
        nothing = Around(started_at=started_at, seconds=0.0)
        answer = Answer(outcome="skipped", reason=reason)
        return _outcome(cell, workload, run, process, answer, None, environment, nothing)
    control_before = control_seconds(run.threads)
    window = telemetry.Window()
    with telemetry.watch(cell.configuration.device, {**os.environ, **environment}) as watch:
        child = _start(
            cell, workload, described, run, environment, plan or default_plan(cell.size), watch
        )
    after, seen = window.end(), watch.seen()
    around = Around(
        started_at=started_at,
        seconds=child.seconds,
        device_process_peak_bytes=seen.gpu.peak_bytes,
        before=telemetry.with_gpu_before(window.before, seen),
        after=telemetry.with_seen(after, seen),
        control_before_seconds=control_before,
        control_after_seconds=control_seconds(run.threads),
    )
    answer = _with_device_peak(_answer_of(child), seen.gpu.peak_bytes)
    return _outcome(cell, workload, run, process, answer, child, environment, around)


def default_plan(size: str) -> Plan:
    """How long to sample at a size."""
    return Plan(seconds=SAMPLING_SECONDS[size])


def worker_environment(cell: Cell, described: Backend, run: Run) -> dict[str, str]:
    """The variables that make this configuration what it is."""
    variant = described.variants.get(cell.configuration.variant or "")
    threads = _threads(cell, described, run)
    wanted = described.environment(cell.configuration.device, cell.precision, threads)
    return {**wanted, **(variant.environment if variant else {})}


def _threads(cell: Cell, described: Backend, run: Run) -> int | None:
    """The variant's threads, else what this process may use."""
    variant = described.variants.get(cell.configuration.variant or "")
    return variant.threads if variant and variant.threads else run.threads


def skip_reason(
    cell: Cell, workload: Workload, task: Task, described: Backend, run: Run
) -> str | None:
    """Why not even to start a worker; None: start one.

    A workload that cannot be resolved, a backend that is not installed or a device that the
    machine does not have costs no process.
    """
    if cell.precision not in workload.precisions:
        return f"{workload.name} is not defined in {cell.precision}"
    if any(cell.precision not in t.limits for t in task.tolerances.values()):
        return f"{task.name} is not defined in {cell.precision}"
    if cell.configuration.device in task.skipped_on:
        return task.skipped_on[cell.configuration.device]
    if cell.precision not in described.precisions(cell.configuration.device):
        return f"no {cell.precision} on this device"
    if not _installed(described.module):
        return f"{described.name} is not installed"
    missing = _missing_device(cell.configuration, run)
    if missing is not None:
        return missing
    if not _has_kernel(workload, described.name):
        return f"no {described.name} kernel"
    return None


def _installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _missing_device(configuration: Configuration, run: Run) -> str | None:
    needs = _NEEDS.get(configuration.device)
    if needs is None or run.apis is None or set(needs) & set(run.apis):
        return None
    return f"no {' or '.join(_DEVICE_NAMES[n] for n in needs)} device on this machine"


def _has_kernel(workload: Workload, name: str) -> bool:
    """Whether there is a kernel file, without importing it (it may import its framework)."""
    if isinstance(workload.kernels, str):
        return importlib.util.find_spec(f"{workload.kernels}.{name}") is not None
    return name in workload.kernels


def _start(
    cell: Cell,
    workload: Workload,
    described: Backend,
    run: Run,
    environment: Mapping[str, str],
    plan: Plan,
    watch: Watch,
) -> spawn.Child:
    request = Request(
        source=cell.source,
        task=cell.task,
        configuration=cell.configuration.name,
        precision=cell.precision,
        size=cell.size,
        seed=workload.seed,
        threads=_threads(cell, described, run),
        plan=plan,
    )
    return spawn.run(
        [sys.executable, "-m", "hwdoctor.measure.worker"],
        limits=spawn.Limits(
            seconds=DEADLINE_SECONDS[cell.size], memory_bytes=run.memory_limit_bytes
        ),
        environment={**os.environ, **environment},
        stdin=msgspec.json.encode(request),
        on_stage=watch.stage,
        on_look=watch.members,
    )


def _with_device_peak(answer: Answer, seen_bytes: int | None) -> Answer:
    """Where the framework keeps no mark, the driver's count of the worker's memory stands in."""
    if seen_bytes is None or answer.device_peak_bytes is not None:
        return answer
    return msgspec.structs.replace(answer, device_peak_bytes=seen_bytes, device_peak_source="nvml")


def _answer_of(child: spawn.Child) -> Answer:
    """Translate the child's fate; only a worker that finished speaks for itself."""
    stage = child.stages[-1] if child.stages else "start"
    if child.status == "finished" and child.result is not None:
        try:
            return _with_growth(msgspec.convert(child.result, Answer), stage)
        except msgspec.ValidationError as error:
            return Answer(outcome="failed", reason=f"the worker answered nonsense: {error}")
    fates: dict[str, tuple[OutcomeKind, str]] = {
        "timeout": ("timeout", f"no answer within the deadline; last stage: {stage}"),
        "out-of-memory": ("out-of-memory", f"ran out of memory in stage: {stage}"),
        "crashed": ("crashed", f"{child.signal or 'crash'} in stage: {stage}"),
    }
    default: tuple[OutcomeKind, str] = (
        "failed",
        f"exit status {child.returncode} without an answer; last stage: {stage}",
    )
    outcome, reason = fates.get(child.status, default)
    return _with_growth(Answer(outcome=outcome, reason=reason), stage)


def _with_growth(answer: Answer, stage: str) -> Answer:
    """A kernel that is too large runs out of memory at once; one that grows does so later."""
    if answer.outcome != "out-of-memory" or stage not in REPEATING_STAGES:
        return answer
    reason = f"{answer.reason}; the calls before had fitted: memory grew from call to call"
    return msgspec.structs.replace(answer, reason=reason)


_OWN_FIELDS = ("status", "packages", "python", "inputs_digest", "items", "threads")
"""Fields of an Answer that do not go into an Outcome under the same name."""


def _outcome(
    cell: Cell,
    workload: Workload,
    run: Run,
    process: int,
    answer: Answer,
    child: spawn.Child | None,
    environment: dict[str, str],
    around: Around,
) -> Outcome:
    told = msgspec.structs.asdict(answer)
    own = {name: told.pop(name) for name in _OWN_FIELDS}
    worst = max(
        answer.errors,
        key=lambda e: float("inf") if e.largest_error is None else e.largest_error / e.tolerance,
        default=None,
    )
    failed = answer.outcome not in ("ok", "skipped")
    return Outcome(
        **told,
        benchmark=cell.benchmark,
        workload=cell.workload,
        task=cell.task,
        parameters=cell.parameters,
        run=run.id,
        process=process,
        signal=child.signal if child else None,
        stage=child.stages[-1] if child and child.stages and failed else None,
        stderr_tail=(_without_home(child.stderr_tail) or None) if child and failed else None,
        started_at=around.started_at,
        duration_seconds=round(around.seconds, 4),
        process_peak_bytes=child.peak_bytes if child else None,
        device_process_peak_bytes=around.device_process_peak_bytes,
        memory_trace=_thinned(child.trace) if child else (),
        largest_error=worst.largest_error if worst else None,
        tolerance=worst.tolerance if worst else None,
        control_before_seconds=_six_digits(around.control_before_seconds),
        control_after_seconds=_six_digits(around.control_after_seconds),
        telemetry_before=around.before,
        telemetry_after=around.after,
        fingerprint=run.fingerprint,
        facts_digest=run.facts_digest,
        capsule=Capsule(
            command=_command(cell),
            configuration=cell.configuration.name,
            environment=environment,
            packages=own["packages"],
            python=own["python"],
            seed=workload.seed,
            workload_version=workload.version,
            inputs_digest=own["inputs_digest"],
            items=own["items"],
            threads=own["threads"] if own["threads"] is not None else run.threads,
        ),
    )


def _six_digits(seconds: float | None) -> float | None:
    return None if seconds is None else float(f"{seconds:.6g}")


TRACE_POINTS = 24


def _thinned(trace: Sequence[tuple[float, int]]) -> tuple[tuple[float, int], ...]:
    """A few points tell the shape: result files are kept for years."""
    step = max(1, len(trace) // TRACE_POINTS)
    return tuple((round(seconds, 2), resident) for seconds, resident in trace[::step])


def _without_home(text: str) -> str:
    """User names must not enter a result file."""
    home = str(Path.home())
    return text if home == "/" else text.replace(home, "~")


def _command(cell: Cell) -> str:
    source = Path(cell.source).name if cell.source.endswith(".py") else cell.source
    return (
        f"hwdoctor bench {source} --config {cell.configuration.name} "
        f"--precision {cell.precision} --size {cell.size}"
    )


def check_size(size: str) -> str:
    """A size that the engine knows.

    Raises:
        UsageError: there is no such size.
    """
    if size not in SAMPLING_SECONDS:
        raise UsageError(f"unknown size {size!r}: choose from {', '.join(SAMPLING_SECONDS)}")
    return size

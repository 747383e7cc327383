"""One trial: inputs, transfer, first calls, verification, synchronisation, samples, memory.

The order is the point. Nothing is sampled before the output was found right, of the right type,
on the right device and complete; and the last sample's output is verified again.
"""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from hwdoctor.backends import Runtime, backend, known
from hwdoctor.backends.base import HostArray
from hwdoctor.measure import energy, growth, placement, synchronisation
from hwdoctor.measure.memory import HostPeak
from hwdoctor.measure.protocol import Answer, Request
from hwdoctor.measure.rounding import round_all
from hwdoctor.measure.sampling import CLOCK, Samples, collect
from hwdoctor.measure.verify import (
    Verdict,
    check_placement,
    check_values,
    choose_items,
    in_judged_terms,
    take,
)
from hwdoctor.model import Precision, Throughput
from hwdoctor.workloads import Arrays, HostArrays, Kernel, Problem, Task, find


@dataclass(frozen=True, kw_only=True)
class Bench:
    """A kernel that is ready to be called, and everything needed to judge it."""

    task: Task
    runtime: Runtime
    problem: Problem
    kernel: Kernel
    inputs: Arrays
    host_inputs: HostArrays
    """Float64, rounded to the precision that is judged."""

    def call(self) -> Arrays:
        """One call, complete when it returns."""
        outputs = self.kernel(self.inputs)
        self.runtime.sync(outputs.values())
        return outputs

    def call_afresh(self, outputs: Arrays) -> Arrays:
        """A call whose result can only be its own: buffers of the last one are scrubbed first."""
        placement.scrub(self.task, self.runtime, outputs)
        return self.call()

    def memory(self) -> dict[str, int]:
        """Bytes in use by now, on the host and, where it tells, on the device."""
        device = self.runtime.device_bytes()
        host = growth.settled_host_bytes()
        return {"host": host} if device is None else {"host": host, "device": device}

    def fetch(self, outputs: Arrays) -> dict[str, HostArray]:
        """Copies of the outputs on the host, as they are at this moment."""
        return {name: np.array(self.runtime.get(outputs[name])) for name in self.task.tolerances}


def run_trial(request: Request, stage: Callable[[str], None]) -> Answer:
    """Measure one cell in this process.

    Raises:
        BackendUnavailable: the configuration cannot be had here.
        Exception: whatever the framework or the kernel raises.
    """
    workload = find(request.source)
    task = workload.task(request.task)
    configuration = known(request.configuration)
    described = backend(configuration.backend)
    factory = workload.kernel(configuration.backend, request.task)
    if factory is None:
        return Answer(outcome="skipped", reason=f"no {configuration.backend} kernel")
    precision: Precision = msgspec.convert(request.precision, Precision)
    items = workload.items(task, request.size)

    runtime = described.open(configuration.device, precision)
    growth.set_imports_aside()
    peak = HostPeak()
    stage("inputs")
    raw = task.inputs(items, request.seed)
    host_inputs = round_all(raw, precision)
    del raw
    stage("transfer to device")
    began = CLOCK()
    inputs = placement.given(task, runtime, host_inputs)
    runtime.sync(inputs.values())
    to_device = CLOCK() - began
    problem = Problem(items=items, precision=precision, seed=request.seed, threads=request.threads)
    stage("build kernel")
    runtime.reset_device_peak()
    began = CLOCK()
    kernel = factory(problem, runtime)
    bench = Bench(
        task=task,
        runtime=runtime,
        problem=problem,
        kernel=kernel,
        inputs=inputs,
        host_inputs=host_inputs,
    )
    stage("first call")
    outputs = bench.call()
    first = CLOCK() - began
    stage("second call")
    outputs, second = _timed(bench.call)
    peak.end_first_window()

    answer = Answer(
        outcome="ok",
        first_call_seconds=first,
        second_call_seconds=second,
        transfer_to_device_seconds=to_device,
        host_baseline_bytes=peak.baseline_bytes,
        items=items,
        threads=runtime.threads(),
    )
    return _judged(bench, answer, outputs, peak, request, stage)


def _judged(
    bench: Bench,
    answer: Answer,
    outputs: Arrays,
    peak: HostPeak,
    request: Request,
    stage: Callable[[str], None],
) -> Answer:
    """Verify, prove completeness, sample, verify again."""
    stage("verify")
    judge = _Judge(bench)
    outputs = bench.call_afresh(outputs)
    verdict, to_host = judge.verdict(outputs)
    if verdict.outcome == "wrong-result":
        verdict = _looked_at_later(judge, outputs, verdict)
    answer = msgspec.structs.replace(
        answer,
        transfer_to_host_seconds=to_host,
        errors=verdict.errors,
        inputs_digest=judge.inputs_digest,
    )
    if verdict.outcome != "ok":
        return _with_verdict(answer, verdict)
    stage("prove synchronisation")
    late = synchronisation.unfinished_reason(bench.call, bench.fetch)
    if late is not None:
        return msgspec.structs.replace(answer, outcome="failed", reason=late)
    output_bytes = sum(int(getattr(array, "nbytes", 0)) for array in outputs.values())
    del outputs
    meter = energy.meter(bench.runtime.device)
    before = bench.memory()
    peak.begin_second_window()
    stage("sample")
    began = CLOCK()
    meter.start()
    samples = collect(bench.call, request.plan)
    spent = meter.stop()
    seconds = CLOCK() - began
    stage("watch memory")
    answer = _with_samples(answer, bench, samples, peak.over_baseline())
    answer = _with_energy(answer, spent, samples)
    calls = max(1, round(seconds / float(np.mean(samples.seconds))))
    leak = growth.leak(bench.call, bench.memory, before, calls=calls, output_bytes=output_bytes)
    stage("verify again")
    verdict, _ = judge.verdict(bench.call_afresh(bench.call()))
    return _with_verdict(_with_growth(answer, leak), verdict)


class _Judge:
    """Holds the reference, so that judging twice computes it once."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        task, items = bench.task, bench.problem.items
        wanted = task.sample(items) if task.sample else None
        self._chosen = choose_items(items, wanted, bench.problem.seed)
        self._inputs = take(bench.host_inputs, self._chosen)
        self._reference = task.reference(self._inputs)
        self.inputs_digest = _digest(bench.host_inputs)

    def verdict(self, outputs: Arrays) -> tuple[Verdict, float | None]:
        """The verdict, and the seconds it took to bring the outputs to the host."""
        bench = self._bench
        placed = check_placement(outputs, bench.runtime, bench.task)
        if placed.outcome != "ok":
            return placed, None
        fetched, seconds = _timed(lambda: bench.fetch(outputs))
        answered = in_judged_terms(bench.task, self._inputs, take(fetched, self._chosen))
        checked = check_values(answered, self._reference, bench.task, bench.problem.precision)
        return checked, seconds


LATER_SECONDS = 0.5
"""Long enough for whatever was still being computed; spent on wrong results only."""


def _looked_at_later(judge: _Judge, outputs: Arrays, verdict: Verdict) -> Verdict:
    """A result that turns right by itself was not wrong, but handed out too early."""
    time.sleep(LATER_SECONDS)
    again, _ = judge.verdict(outputs)
    if again.outcome != "ok":
        return verdict
    return Verdict(
        outcome="failed",
        reason=f"not synchronised: the result was wrong when the call returned, and right "
        f"{LATER_SECONDS:g} s later ({verdict.reason})",
    )


def _with_growth(answer: Answer, leak: growth.Leak | None) -> Answer:
    """What leaks is right for an hour: it is measured, and never ranked."""
    if leak is None:
        return msgspec.structs.replace(answer, memory_growth_bytes_per_call=0.0)
    return msgspec.structs.replace(
        answer,
        outcome="failed",
        reason=leak.reason,
        memory_growth_bytes_per_call=_six_digits(leak.bytes_per_call),
    )


def _with_energy(answer: Answer, spent: energy.Spent | None, samples: Samples) -> Answer:
    joules = None if spent is None else spent.per_call(samples.seconds)
    if spent is None or joules is None:
        return answer
    return msgspec.structs.replace(
        answer, energy_joules=_six_digits(joules), energy_source=spent.source
    )


def _with_verdict(answer: Answer, verdict: Verdict) -> Answer:
    """A wrong result outranks what was found before."""
    if verdict.outcome == "ok":
        return msgspec.structs.replace(answer, errors=verdict.errors or answer.errors)
    return msgspec.structs.replace(
        answer,
        outcome=verdict.outcome,
        reason=verdict.reason,
        errors=verdict.errors or answer.errors,
    )


def _with_samples(answer: Answer, bench: Bench, samples: Samples, host_peak: int) -> Answer:
    middle = float(np.median(samples.seconds))
    task, items = bench.task, bench.problem.items
    itemsize = {"float64": 8, "float32": 4, "bfloat16": 2}[bench.problem.precision]
    work = task.work(items, itemsize) if task.work else float(items)
    device_peak = bench.runtime.device_peak_bytes()
    return msgspec.structs.replace(
        answer,
        samples_seconds=tuple(_six_digits(s) for s in samples.seconds),
        calls_per_sample=samples.calls_per_sample,
        stopped_by=samples.stopped_by,
        throughput=Throughput(value=work / middle, unit=task.unit),
        host_peak_bytes=host_peak,
        device_peak_bytes=device_peak,
        device_peak_source=None if device_peak is None else "runtime",
        device_reserved_bytes=bench.runtime.device_reserved_bytes(),
        unified_memory=bench.runtime.unified_memory(),
        flops_per_second=task.flops(items) / middle if task.flops else None,
        bytes_per_second=task.bytes_moved(items, itemsize) / middle if task.bytes_moved else None,
    )


def _six_digits(seconds: float) -> float:
    """A clock tells no more; result files are kept for years."""
    return float(f"{seconds:.6g}")


def _digest(arrays: HostArrays) -> str:
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name}:{array.dtype}:{array.shape}".encode())
        digest.update(array.data)
    return digest.hexdigest()


def _timed(call: Callable[[], Any]) -> tuple[Any, float]:
    began = time.perf_counter()
    value = call()
    return value, time.perf_counter() - began

"""How far a backend's kernels are from the reference, told as JSON by a process of its own.

Run as a program: `kernel_report.py SOURCE BACKEND DEVICE PRECISION... --items TASK=N...`, where
SOURCE is what `hwdoctor bench` takes (a name, FILE.py, MODULE:ATTRIBUTE). It calls the protocol
directly: what a kernel must do for itself is not hidden behind the measuring engine.
"""

import argparse
import json
import sys
from typing import Any

from hwdoctor.backends import BackendUnavailable, Runtime, backend
from hwdoctor.measure.placement import given
from hwdoctor.measure.rounding import round_all
from hwdoctor.measure.verify import Verdict, check_placement, check_values, in_judged_terms
from hwdoctor.workloads import Problem, Workload, find


def judge(workload: Workload, name: str, runtime: Runtime, task_name: str, items: int) -> Any:
    """None where there is no kernel, else `{outcome, reason, errors}` of its second call."""
    factory = workload.kernel(name, task_name)
    if factory is None:
        return None
    task = workload.task(task_name)
    host = round_all(task.inputs(items, workload.seed), runtime.precision)
    other = round_all(task.inputs(items, workload.seed + 1), runtime.precision)
    inputs, others = (given(task, runtime, arrays) for arrays in (host, other))
    problem = Problem(items=items, precision=runtime.precision, seed=workload.seed)
    kernel = factory(problem, runtime)
    # Buffers may be reused and first calls traced: the call after one on other inputs must be
    # right, or the kernel remembers.
    runtime.sync(kernel(others).values())
    outputs = kernel(inputs)
    runtime.sync(outputs.values())
    placed = check_placement(outputs, runtime, task)
    if placed.outcome != "ok":
        return told(placed)
    fetched = {key: runtime.get(outputs[key]) for key in task.tolerances}
    for key, array in host.items():
        assert (runtime.get(inputs[key]) == array).all(), f"the kernel changed its input {key}"
    judged = in_judged_terms(task, host, fetched)
    return told(check_values(judged, task.reference(host), task, runtime.precision))


def is_defined(workload: Workload, task: str, precision: str) -> bool:
    """Whether the task can be judged in this precision: elsewhere nobody may ask for it."""
    limits = [tolerance.limits for tolerance in workload.task(task).tolerances.values()]
    return all(precision in limit for limit in limits)


def told(verdict: Verdict) -> dict[str, Any]:
    """A verdict as JSON; errors in units of their tolerance."""
    errors = {
        error.output: None if error.largest_error is None else error.largest_error / error.tolerance
        for error in verdict.errors
    }
    return {"outcome": verdict.outcome, "reason": verdict.reason, "errors": errors}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("source")
    parser.add_argument("backend")
    parser.add_argument("device")
    parser.add_argument("precisions", nargs="+")
    parser.add_argument("--items", action="append", default=[])
    arguments = parser.parse_args()
    workload = find(arguments.source)
    items = {task: int(n) for task, _, n in (text.partition("=") for text in arguments.items)}
    answer: dict[str, Any] = {}
    for precision in arguments.precisions:
        try:
            runtime = backend(arguments.backend).open(arguments.device, precision)
        except BackendUnavailable as error:
            answer[precision] = {"unavailable": str(error)}
            continue
        answer[precision] = {
            task: judge(workload, arguments.backend, runtime, task, n)
            for task, n in items.items()
            if is_defined(workload, task, precision)
        }
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()

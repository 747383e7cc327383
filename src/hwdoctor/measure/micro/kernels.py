"""A kernel made ready for pytest-benchmark: in the child only, verified before it is timed.

The same judge as in `measure.trial`: the output is right, of the right type, on the named
device, and complete when the call returns. What is not is never handed out.
"""

from typing import Any

import numpy as np

from hwdoctor.backends import BackendUnavailable, backend, known
from hwdoctor.measure import synchronisation
from hwdoctor.measure.rounding import round_all
from hwdoctor.measure.trial import Bench
from hwdoctor.measure.verify import check_placement, check_values, in_judged_terms
from hwdoctor.model import Precision
from hwdoctor.workloads import Problem, find


class UnfitKernelError(Exception):
    """The kernel must not be timed; the text begins with the outcome: `wrong-result: ...`."""


class VerifiedKernel:
    """A kernel whose output was right when it was made, and can be judged again."""

    def __init__(self, bench: Bench, version: str) -> None:
        """Judge it.

        Raises:
            UnfitKernelError: it is wrong, fell back, or returns before it is done.
        """
        self._bench = bench
        self._reference = bench.task.reference(bench.host_inputs)
        self._largest_error: float | None = None
        self._version = version
        self.verify()
        late = synchronisation.unfinished_reason(bench.call, bench.fetch)
        if late is not None:
            raise UnfitKernelError(f"failed: {late}")

    def call(self) -> Any:
        """What is timed: one call, complete when it returns."""
        return self._bench.call()

    def verify(self) -> None:
        """Judge the output of a new call.

        Raises:
            UnfitKernelError: it is wrong, or fell back to another device.
        """
        bench = self._bench
        outputs = bench.call_afresh(bench.call())
        verdict = check_placement(outputs, bench.runtime, bench.task)
        if verdict.outcome == "ok":
            answered = in_judged_terms(bench.task, bench.host_inputs, bench.fetch(outputs))
            verdict = check_values(answered, self._reference, bench.task, bench.problem.precision)
        if verdict.outcome != "ok":
            raise UnfitKernelError(f"{verdict.outcome}: {verdict.reason}")
        self._largest_error = verdict.worst.largest_error if verdict.worst else None

    @property
    def described(self) -> dict[str, Any]:
        """What a reader of the result file needs besides the parameters."""
        task = self._bench.task
        return {
            "workload_version": self._version,
            "unit": task.unit.removesuffix("/s"),
            "largest_error": self._largest_error,
            "threads": self._bench.runtime.threads(),
        }


def verified(
    workload: str,
    task: str,
    items: int,
    *,
    configuration: str,
    precision: Precision,
    threads: int | None,
) -> VerifiedKernel:
    """Open the backend in this process, build the kernel, and judge it.

    Raises:
        BackendUnavailable: the configuration, the precision or the kernel cannot be had here.
        UnfitKernelError: the kernel must not be timed.
    """
    specification = find(workload)
    wanted = specification.task(task)
    asked = known(configuration)
    described = backend(asked.backend)
    if precision not in described.precisions(asked.device):
        raise BackendUnavailable(f"no {precision} on this device")
    factory = specification.kernel(asked.backend, task)
    if factory is None:
        raise BackendUnavailable(f"no {asked.backend} kernel")
    runtime = described.open(asked.device, precision)
    host_inputs = round_all(wanted.inputs(items, specification.seed), precision)
    problem = Problem(items=items, precision=precision, seed=specification.seed, threads=threads)
    inputs = {name: runtime.put(array) for name, array in host_inputs.items()}
    runtime.sync(inputs.values())
    bench = Bench(
        task=wanted,
        runtime=runtime,
        problem=problem,
        kernel=factory(problem, runtime),
        inputs=inputs,
        host_inputs={name: np.asarray(array) for name, array in host_inputs.items()},
    )
    return VerifiedKernel(bench, specification.version)

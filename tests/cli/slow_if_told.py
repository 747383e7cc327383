"""A user's workload that becomes slower when a file beside it says so."""

from pathlib import Path

import numpy as np

from hwdoctor.backends import Runtime
from hwdoctor.workloads import Arrays, HostArrays, Kernel, Problem, Task, Tolerance, Workload

REPEATS = Path(__file__).with_name("repeats.txt")


def inputs(items: int, seed: int) -> HostArrays:
    return {"a": np.random.default_rng(seed).normal(size=items)}


def reference(arrays: HostArrays) -> HostArrays:
    return {"b": np.sqrt(np.abs(arrays["a"]))}


def roots(problem: Problem, runtime: Runtime) -> Kernel:
    times = int(REPEATS.read_text()) if REPEATS.exists() else 1

    def kernel(arrays: Arrays) -> Arrays:
        for _ in range(times):
            found = np.sqrt(np.abs(arrays["a"]))
        return {"b": found}

    return kernel


WORKLOAD = Workload(
    name="slow_if_told",
    version="1",
    summary="Square roots, as often as a file says.",
    tasks=(
        Task(
            name="roots",
            inputs=inputs,
            reference=reference,
            tolerances={"b": Tolerance(limits={"float64": 1e-15})},
            unit="items/s",
        ),
    ),
    sizes={"smoke": 200_000, "small": 200_000, "full": 200_000},
    precisions=("float64",),
    kernels={"numpy": {"roots": roots}},
)

"""Three tasks that cost next to nothing, for the tests of what is around a measurement."""

import numpy as np

from hwdoctor.backends import Runtime
from hwdoctor.workloads import Arrays, HostArrays, Kernel, Problem, Task, Tolerance, Workload

NAMES = ("first", "second", "third")


def inputs(items: int, seed: int) -> HostArrays:
    return {"a": np.random.default_rng(seed).normal(size=items)}


def reference(arrays: HostArrays) -> HostArrays:
    return {"b": arrays["a"] * 2.0}


def double(problem: Problem, runtime: Runtime) -> Kernel:
    def kernel(arrays: Arrays) -> Arrays:
        return {"b": arrays["a"] + arrays["a"]}

    return kernel


WORKLOAD = Workload(
    name="tiny",
    version="1",
    summary="Doubles a few numbers.",
    tasks=tuple(
        Task(
            name=name,
            inputs=inputs,
            reference=reference,
            tolerances={"b": Tolerance(limits={"float64": 1e-15})},
            unit="items/s",
        )
        for name in NAMES
    ),
    sizes={"smoke": 1000, "small": 1000, "full": 1000},
    precisions=("float64",),
    kernels={"numpy": dict.fromkeys(NAMES, double)},
)

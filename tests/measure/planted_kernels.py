"""A workload whose kernels are wrong in one way each; run by test_planted_kernels.py.

It stands in a file of its own because workers load it as a user's workload.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import numpy as np

from hwdoctor.backends import Runtime
from hwdoctor.workloads import Arrays, HostArrays, Kernel, Problem, Task, Tolerance, Workload

SIDE = 64


def inputs(items: int, seed: int) -> HostArrays:
    rng = np.random.default_rng(seed)
    return {"a": rng.normal(size=(items, items)), "b": rng.normal(size=(items, items))}


def reference(arrays: HostArrays) -> HostArrays:
    return {"c": np.exp(arrays["a"]) * arrays["b"], "scale": np.exp(arrays["a"])}


def right(problem: Problem, runtime: Runtime) -> Kernel:
    return lambda arrays: {"c": np.exp(arrays["a"]) * arrays["b"]}


def transposed(problem: Problem, runtime: Runtime) -> Kernel:
    return lambda arrays: {"c": (np.exp(arrays["a"]) * arrays["b"]).T}


def float32_passed_off(problem: Problem, runtime: Runtime) -> Kernel:
    def kernel(arrays: Arrays) -> Arrays:
        low = np.exp(arrays["a"].astype(np.float32)) * arrays["b"].astype(np.float32)
        return {"c": low.astype(np.float64)}

    return kernel


def float32_outright(problem: Problem, runtime: Runtime) -> Kernel:
    return lambda arrays: {"c": (np.exp(arrays["a"]) * arrays["b"]).astype(np.float32)}


def another_device(problem: Problem, runtime: Runtime) -> Kernel:
    class ForeignArray(list[Any]):
        pass

    return lambda arrays: {"c": ForeignArray((np.exp(arrays["a"]) * arrays["b"]).tolist())}


def unsynchronised(problem: Problem, runtime: Runtime) -> Kernel:
    """Returns a buffer that a thread is still filling; from the second call on it looks right."""
    buffer = np.zeros((problem.items, problem.items))

    def fill(arrays: Arrays) -> None:
        time.sleep(0.05)
        np.multiply(np.exp(arrays["a"]), arrays["b"], out=buffer)

    def kernel(arrays: Arrays) -> Arrays:
        threading.Thread(target=fill, args=(arrays,)).start()
        return {"c": buffer}

    return kernel


def remembered(problem: Problem, runtime: Runtime) -> Kernel:
    """Computes once and hands out the same buffer for ever."""
    kept: dict[str, Any] = {}

    def kernel(arrays: Arrays) -> Arrays:
        if not kept:
            kept["c"] = np.exp(arrays["a"]) * arrays["b"]
        return kept

    return kernel


def right_only_at_first(problem: Problem, runtime: Runtime) -> Kernel:
    calls = iter(range(10**9))

    def kernel(arrays: Arrays) -> Arrays:
        fault = 0.0 if next(calls) < 12 else 1e-3
        return {"c": np.exp(arrays["a"]) * arrays["b"] + fault}

    return kernel


def raising(problem: Problem, runtime: Runtime) -> Kernel:
    def kernel(arrays: Arrays) -> Arrays:
        raise ValueError("planted")

    return kernel


def unsupported(problem: Problem, runtime: Runtime) -> Kernel:
    raise NotImplementedError("planted gap")


def segfaulting(problem: Problem, runtime: Runtime) -> Kernel:
    def kernel(arrays: Arrays) -> Arrays:
        os.kill(os.getpid(), signal.SIGSEGV)
        return {}

    return kernel


def hanging(problem: Problem, runtime: Runtime) -> Kernel:
    def kernel(arrays: Arrays) -> Arrays:
        subprocess.run([sys.executable, "-c", "import time; time.sleep(600)"], check=True)
        return {}

    return kernel


def devouring(problem: Problem, runtime: Runtime) -> Kernel:
    def kernel(arrays: Arrays) -> Arrays:
        eaten = [np.ones(2**22) for _ in range(10_000)]
        return {"c": eaten[0]}

    return kernel


def answered_by_numpy(problem: Problem, runtime: Runtime) -> Kernel:
    """For another backend than NumPy: right numbers, computed on the host."""
    return lambda arrays: {"c": np.exp(np.asarray(arrays["a"])) * np.asarray(arrays["b"])}


FACTORIES = (
    right, transposed, float32_passed_off, float32_outright, another_device, unsynchronised,
    remembered, right_only_at_first, raising, unsupported, segfaulting, hanging, devouring,
    answered_by_numpy,
)  # fmt: skip

WORKLOAD = Workload(
    name="planted",
    version="1",
    summary="Kernels with one fault each.",
    tasks=tuple(
        Task(
            name=factory.__name__,
            inputs=inputs,
            reference=reference,
            tolerances={"c": Tolerance(limits={"float64": 1e-13}, unit="relative", scale="scale")},
            unit="items/s",
        )
        for factory in FACTORIES
    ),
    sizes={"smoke": SIDE, "small": SIDE, "full": SIDE},
    precisions=("float64",),
    kernels={
        "numpy": {factory.__name__: factory for factory in FACTORIES},
        "jax": {"answered_by_numpy": answered_by_numpy},
        "torch": {"answered_by_numpy": answered_by_numpy},
        "mlx": {"answered_by_numpy": answered_by_numpy},
    },
)

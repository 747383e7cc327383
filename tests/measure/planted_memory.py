"""A workload whose kernels are right and treat memory badly; run by test_planted_kernels.py.

It stands in a file of its own because workers load it as a user's workload, and apart from
planted_kernels.py because it takes some hundred megabytes.
"""

import os
import signal
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np

from hwdoctor.backends import Runtime
from hwdoctor.workloads import Arrays, HostArrays, Kernel, Problem, Task, Tolerance, Workload

SIDE = 64


def inputs(items: int, seed: int) -> HostArrays:
    rng = np.random.default_rng(seed)
    return {"a": rng.normal(size=(items, items)), "b": rng.normal(size=(items, items))}


def reference(arrays: HostArrays) -> HostArrays:
    return {"c": arrays["a"] * arrays["b"]}


def harmless(problem: Problem, runtime: Runtime) -> Kernel:
    return lambda arrays: {"c": arrays["a"] * arrays["b"]}


def leaking(problem: Problem, runtime: Runtime) -> Kernel:
    """Every call leaves its result behind, in the backend's own memory."""
    kept: list[Any] = []

    def kernel(arrays: Arrays) -> Arrays:
        kept.append(arrays["a"] * arrays["b"])
        return {"c": kept[-1] * 1.0}

    return kernel


def leaking_fast(problem: Problem, runtime: Runtime) -> Kernel:
    """The first calls fit."""
    kept: list[Any] = []

    def kernel(arrays: Arrays) -> Arrays:
        kept.append(np.ones(2**20))
        return {"c": arrays["a"] * arrays["b"]}

    return kernel


def keeping_the_last(problem: Problem, runtime: Runtime) -> Kernel:
    """A pool that fills up while samples are taken, and is full then."""
    kept: deque[Any] = deque(maxlen=600)

    def kernel(arrays: Arrays) -> Arrays:
        kept.append(arrays["a"] * arrays["b"])
        return {"c": kept[-1].copy()}

    return kernel


def leaving_cycles(problem: Problem, runtime: Runtime) -> Kernel:
    """Garbage that only the collector finds, which is off while samples are taken."""

    def kernel(arrays: Arrays) -> Arrays:
        cycle: list[Any] = [arrays["a"] * arrays["b"]]
        cycle.append(cycle)
        return {"c": cycle[0].copy()}

    return kernel


def killed(problem: Problem, runtime: Runtime) -> Kernel:
    """By somebody, not for memory."""

    def kernel(arrays: Arrays) -> Arrays:
        os.kill(os.getpid(), signal.SIGKILL)
        return {}

    return kernel


def killed_in_its_cgroup(problem: Problem, runtime: Runtime) -> Kernel:
    """Enters the memory cgroup that PLANTED_CGROUP names and asks for more than it grants."""

    def kernel(arrays: Arrays) -> Arrays:
        Path(os.environ["PLANTED_CGROUP"], "cgroup.procs").write_text(str(os.getpid()))
        eaten = [np.ones(2**20) for _ in range(64)]
        return {"c": eaten[0]}

    return kernel


FACTORIES = (
    harmless, leaking, leaking_fast, keeping_the_last, leaving_cycles, killed,
    killed_in_its_cgroup,
)  # fmt: skip

WORKLOAD = Workload(
    name="planted_memory",
    version="1",
    summary="Kernels that treat memory badly.",
    tasks=tuple(
        Task(
            name=factory.__name__,
            inputs=inputs,
            reference=reference,
            tolerances={"c": Tolerance(limits={"float64": 1e-12}, unit="absolute")},
            unit="items/s",
        )
        for factory in FACTORIES
    ),
    sizes={"smoke": SIDE, "small": SIDE, "full": SIDE},
    precisions=("float64",),
    kernels={
        "numpy": {factory.__name__: factory for factory in FACTORIES},
        "jax": {"leaking": leaking},
        "torch": {"leaking": leaking},
        "mlx": {"leaking": leaking},
    },
)

"""Ceilings with Numba: parallel loops into given buffers.

There is no product: `np.dot` in compiled code calls the BLAS that SciPy brings, so its figure
would be SciPy's.
"""

import math
from typing import Any

import numpy as np

from hwdoctor.backends.base import Runtime, host_dtype
from hwdoctor.workloads.base import Arrays, Kernel, Problem
from hwdoctor.workloads.limits.reference import SCALAR


def copy(problem: Problem, runtime: Runtime) -> Kernel:  # noqa: ARG001 -- the protocol's shape
    """A parallel loop into a given buffer."""
    import numba

    @numba.njit(parallel=True, cache=True)  # type: ignore[untyped-decorator, unused-ignore]
    def parallel_copy(target: Any, source: Any) -> None:
        for i in numba.prange(source.size):
            target[i] = source[i]

    target = np.zeros(problem.items, dtype=host_dtype(problem.precision))

    def kernel(inputs: Arrays) -> Arrays:
        parallel_copy(target, inputs["source"])
        return {"target": target}

    return kernel


def triad(problem: Problem, runtime: Runtime) -> Kernel:  # noqa: ARG001
    """One fused parallel loop."""
    import numba

    target = np.zeros(problem.items, dtype=host_dtype(problem.precision))
    scalar = target.dtype.type(SCALAR)  # a float64 one would make float32 arithmetic double

    @numba.njit(parallel=True, cache=True)  # type: ignore[untyped-decorator, unused-ignore]
    def parallel_triad(a: Any, b: Any, c: Any, s: Any) -> None:
        for i in numba.prange(a.size):
            a[i] = b[i] + s * c[i]

    def kernel(inputs: Arrays) -> Arrays:
        parallel_triad(target, inputs["b"], inputs["c"], scalar)
        return {"a": target}

    return kernel


def exp(problem: Problem, runtime: Runtime) -> Kernel:  # noqa: ARG001
    """The C library's, element by element: the wheel has no vector mathematics."""
    return _function(math.exp, problem)


def log(problem: Problem, runtime: Runtime) -> Kernel:  # noqa: ARG001
    """As `exp`."""
    return _function(math.log, problem)


def erf(problem: Problem, runtime: Runtime) -> Kernel:  # noqa: ARG001
    """As `exp`."""
    return _function(math.erf, problem)


def _function(function: Any, problem: Problem) -> Kernel:
    import numba

    @numba.njit(parallel=True, cache=True)  # type: ignore[untyped-decorator, unused-ignore]
    def parallel_function(y: Any, x: Any) -> None:
        for i in numba.prange(x.size):
            y[i] = function(x[i])

    target = np.zeros(problem.items, dtype=host_dtype(problem.precision))

    def kernel(inputs: Arrays) -> Arrays:
        parallel_function(target, inputs["x"])
        return {"y": target}

    return kernel

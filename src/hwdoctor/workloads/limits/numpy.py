"""Ceilings with NumPy. All but the product, which is the wheel's BLAS's, are one thread's.

NumPy has no erf, and no multiply-add: its triad goes over the target twice.
"""

from typing import Any

import numpy as np

from hwdoctor.backends.base import Runtime, host_dtype
from hwdoctor.workloads.base import Arrays, Kernel, Problem
from hwdoctor.workloads.limits.reference import SCALAR


def copy(problem: Problem, runtime: Runtime) -> Kernel:  # noqa: ARG001 -- the protocol's shape
    """Into a given buffer: fresh pages would cost more than the copy."""
    target = np.zeros(problem.items, dtype=host_dtype(problem.precision))

    def kernel(inputs: Arrays) -> Arrays:
        np.copyto(target, inputs["source"])
        return {"target": target}

    return kernel


def matrix_product(problem: Problem, runtime: Runtime) -> Kernel:  # noqa: ARG001
    """Into a given buffer."""
    result = np.zeros((problem.items, problem.items), dtype=host_dtype(problem.precision))

    def kernel(inputs: Arrays) -> Arrays:
        np.matmul(inputs["a"], inputs["b"], out=result)
        return {"product": result}

    return kernel


def triad(problem: Problem, runtime: Runtime) -> Kernel:  # noqa: ARG001
    """Two operations into a given buffer."""
    target = np.zeros(problem.items, dtype=host_dtype(problem.precision))

    def kernel(inputs: Arrays) -> Arrays:
        np.multiply(inputs["c"], SCALAR, out=target)
        np.add(inputs["b"], target, out=target)
        return {"a": target}

    return kernel


def exp(problem: Problem, runtime: Runtime) -> Kernel:  # noqa: ARG001
    """Into a given buffer."""
    return _function(np.exp, problem)


def log(problem: Problem, runtime: Runtime) -> Kernel:  # noqa: ARG001
    """Into a given buffer."""
    return _function(np.log, problem)


def _function(function: Any, problem: Problem) -> Kernel:
    target = np.zeros(problem.items, dtype=host_dtype(problem.precision))

    def kernel(inputs: Arrays) -> Arrays:
        function(inputs["x"], out=target)
        return {"y": target}

    return kernel

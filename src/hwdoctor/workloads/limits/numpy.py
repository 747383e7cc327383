"""Ceilings with NumPy. A copy is one thread's; the product is that of the BLAS in the wheel."""

import numpy as np

from hwdoctor.backends.base import Runtime, host_dtype
from hwdoctor.workloads.base import Arrays, Kernel, Problem


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

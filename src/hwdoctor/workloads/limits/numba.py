"""Ceilings with Numba: the copy alone.

There is no product: `np.dot` in compiled code calls the BLAS that SciPy brings, so its figure
would be SciPy's.
"""

from typing import Any

import numpy as np

from hwdoctor.backends.base import Runtime, host_dtype
from hwdoctor.workloads.base import Arrays, Kernel, Problem


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

"""Ceilings with MLX."""

from typing import Any

import numpy as np

from hwdoctor.backends.base import Runtime
from hwdoctor.workloads.base import Arrays, Kernel, Problem


def copy(problem: Problem, runtime: Runtime) -> Kernel:
    """Into the buffer of the last result, which MLX reuses if nobody else holds it.

    MLX has no `out=`, and on the CPU it returns every freed buffer to the system: `x + 0` would
    measure page faults (3 GB/s where this is 15).
    """
    import mlx.core as mx

    start = mx.array([0])
    target: Any = runtime.put(np.zeros(problem.items))

    def kernel(inputs: Arrays) -> Arrays:
        nonlocal target
        last, target = target, None
        made = mx.slice_update(last, inputs["source"], start, axes=[0])
        del last  # evaluation writes in place only if this was the last reference
        mx.eval(made)
        target = made
        return {"target": made}

    return kernel


def matrix_product(problem: Problem, runtime: Runtime) -> Kernel:  # noqa: ARG001
    """The plain call; MLX has no `out=`."""
    import mlx.core as mx

    def kernel(inputs: Arrays) -> Arrays:
        return {"product": mx.matmul(inputs["a"], inputs["b"])}

    return kernel

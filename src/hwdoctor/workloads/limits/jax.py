"""Ceilings with JAX."""

from typing import Any

import numpy as np

from hwdoctor.backends.base import Runtime
from hwdoctor.workloads.base import Arrays, Kernel, Problem


def copy(problem: Problem, runtime: Runtime) -> Kernel:
    """Into the buffer of the last result, which is donated; that result is gone then."""
    import jax

    overwrite = jax.jit(lambda target, source: target.at[:].set(source), donate_argnums=0)
    target: Any = runtime.put(np.zeros(problem.items))

    def kernel(inputs: Arrays) -> Arrays:
        nonlocal target
        target = overwrite(target, inputs["source"])
        return {"target": target}

    return kernel


def matrix_product(problem: Problem, runtime: Runtime) -> Kernel:  # noqa: ARG001
    """At the highest precision: by default JAX rounds float32 factors on GPUs and TPUs."""
    import jax

    multiply = jax.jit(lambda a, b: jax.numpy.matmul(a, b, precision=jax.lax.Precision.HIGHEST))

    def kernel(inputs: Arrays) -> Arrays:
        return {"product": multiply(inputs["a"], inputs["b"])}

    return kernel

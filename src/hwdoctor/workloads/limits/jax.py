"""Ceilings with JAX: jitted operations into the donated buffer of the last result."""

from collections.abc import Callable
from typing import Any

import numpy as np

from hwdoctor.backends.base import Runtime
from hwdoctor.workloads.base import Arrays, Kernel, Problem
from hwdoctor.workloads.limits.reference import SCALAR


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


def triad(problem: Problem, runtime: Runtime) -> Kernel:
    """One fused computation."""
    compute = _into_the_last(lambda b, c: b + SCALAR * c, problem, runtime)

    def kernel(inputs: Arrays) -> Arrays:
        return {"a": compute(inputs["b"], inputs["c"])}

    return kernel


def exp(problem: Problem, runtime: Runtime) -> Kernel:
    """XLA's."""
    import jax

    return _function(jax.numpy.exp, problem, runtime)


def log(problem: Problem, runtime: Runtime) -> Kernel:
    """XLA's."""
    import jax

    return _function(jax.numpy.log, problem, runtime)


def erf(problem: Problem, runtime: Runtime) -> Kernel:
    """XLA's."""
    import jax

    return _function(jax.lax.erf, problem, runtime)


def host_to_device(problem: Problem, runtime: Runtime) -> Kernel:  # noqa: ARG001
    """From a NumPy array, whose memory is not page-locked."""
    import jax

    (device,) = runtime.put(np.zeros(1)).devices()

    def kernel(inputs: Arrays) -> Arrays:
        return {"target": jax.device_put(inputs["source"], device)}

    return kernel


def device_to_host(problem: Problem, runtime: Runtime) -> Kernel:  # noqa: ARG001
    """Of an array object made anew: a JAX array keeps the copy that was made of it once."""
    import jax

    def kernel(inputs: Arrays) -> Arrays:
        source = inputs["source"]
        unread = jax.make_array_from_single_device_arrays(source.shape, source.sharding, [source])
        return {"target": np.asarray(unread)}

    return kernel


def _function(function: Callable[[Any], Any], problem: Problem, runtime: Runtime) -> Kernel:
    compute = _into_the_last(function, problem, runtime)

    def kernel(inputs: Arrays) -> Arrays:
        return {"y": compute(inputs["x"])}

    return kernel


def _into_the_last(
    formula: Callable[..., Any], problem: Problem, runtime: Runtime
) -> Callable[..., Any]:
    import jax

    def compute(last: Any, *arrays: Any) -> Any:  # noqa: ARG001 -- `last` is donated, not read
        return formula(*arrays)

    compiled = jax.jit(compute, donate_argnums=0, keep_unused=True)
    target: Any = runtime.put(np.zeros(problem.items))

    def call(*arrays: Any) -> Any:
        nonlocal target
        target = compiled(target, *arrays)
        return target

    return call

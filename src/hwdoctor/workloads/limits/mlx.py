"""Ceilings with MLX.

MLX has no `out=`, and on the CPU it returns every freed buffer to the system: a plain `x + 0`
measures page faults (3 GB/s where a copy into the last buffer reaches 15). So on the CPU one
operand is first copied into the buffer of the last result, which MLX then computes in, for
nobody else holds it. Its GPUs' allocators keep what is freed: there the plain call is best.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from hwdoctor.backends.base import Runtime, host_dtype
from hwdoctor.workloads.base import Arrays, Kernel, Problem
from hwdoctor.workloads.limits.reference import SCALAR


def copy(problem: Problem, runtime: Runtime) -> Kernel:
    """Into the buffer of the last result, on GPUs too: a copy has to go somewhere."""
    compute = _into_the_last(lambda copied: copied, problem, runtime)

    def kernel(inputs: Arrays) -> Arrays:
        return {"target": compute(inputs["source"])}

    return kernel


def matrix_product(problem: Problem, runtime: Runtime) -> Kernel:  # noqa: ARG001
    """The plain call; MLX has no `out=`."""
    import mlx.core as mx

    def kernel(inputs: Arrays) -> Arrays:
        return {"product": mx.matmul(inputs["a"], inputs["b"])}

    return kernel


def triad(problem: Problem, runtime: Runtime) -> Kernel:
    """Two operations."""
    compute = _applied(lambda c, b: b + SCALAR * c, problem, runtime)

    def kernel(inputs: Arrays) -> Arrays:
        return {"a": compute(inputs["c"], inputs["b"])}

    return kernel


def exp(problem: Problem, runtime: Runtime) -> Kernel:
    """MLX's own; in float64 it is good to single precision only, which verification says."""
    import mlx.core as mx

    return _function(mx.exp, problem, runtime)


def log(problem: Problem, runtime: Runtime) -> Kernel:
    """MLX's own."""
    import mlx.core as mx

    return _function(mx.log, problem, runtime)


def erf(problem: Problem, runtime: Runtime) -> Kernel:
    """MLX's own; in float64 as `exp`."""
    import mlx.core as mx

    return _function(mx.erf, problem, runtime)


def host_to_device(problem: Problem, runtime: Runtime) -> Kernel:  # noqa: ARG001
    """A copy into memory that the GPU sees, too: MLX does not take over a NumPy array."""
    import mlx.core as mx

    kind = mx.float64 if problem.precision == "float64" else mx.float32

    def kernel(inputs: Arrays) -> Arrays:
        return {"target": mx.array(inputs["source"], dtype=kind)}

    return kernel


def device_to_host(problem: Problem, runtime: Runtime) -> Kernel:  # noqa: ARG001
    """A copy out of that memory into a given buffer."""
    target = np.zeros(problem.items, host_dtype(problem.precision))

    def kernel(inputs: Arrays) -> Arrays:
        np.copyto(target, np.asarray(inputs["source"]))
        return {"target": target}

    return kernel


def _function(function: Callable[[Any], Any], problem: Problem, runtime: Runtime) -> Kernel:
    compute = _applied(function, problem, runtime)

    def kernel(inputs: Arrays) -> Arrays:
        return {"y": compute(inputs["x"])}

    return kernel


def _applied(formula: Callable[..., Any], problem: Problem, runtime: Runtime) -> Callable[..., Any]:
    return _into_the_last(formula, problem, runtime) if runtime.device == "cpu" else formula


def _into_the_last(
    formula: Callable[..., Any], problem: Problem, runtime: Runtime
) -> Callable[..., Any]:
    """`formula` of a copy of its first argument in the last result's buffer, and of the others."""
    import mlx.core as mx

    start = mx.array([0])
    target: Any = runtime.put(np.zeros(problem.items))

    def compute(first: Any, *others: Any) -> Any:
        nonlocal target
        last, target = target, None
        made = formula(mx.slice_update(last, first, start, axes=[0]), *others)
        del last  # evaluation writes in place only if this was the last reference
        mx.eval(made)
        target = made
        return made

    return compute

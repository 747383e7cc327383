"""Black-Scholes with MLX: its own operations, fused by its compiler where that pays.

MLX has float64 on the CPU, but its exp there is good to single precision only: the verification
says so. It has no `out=`: every call makes new arrays.
"""

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from hwdoctor.backends.base import Runtime
from hwdoctor.workloads.base import Arrays, Kernel, Problem
from hwdoctor.workloads.black_scholes import OUTPUTS, closed_form, implied_form
from hwdoctor.workloads.black_scholes.coefficients import approximation
from hwdoctor.workloads.black_scholes.implied import QUOTED
from hwdoctor.workloads.black_scholes.inputs import NAMES

COMPILED_ABOVE = 100_000
"""Options. On the CPU compiling means running a C++ compiler for ten seconds, to gain a half."""


def price(problem: Problem, runtime: Runtime) -> Kernel:
    """The closed form, evaluated before the kernel returns: MLX only notes what is to be done."""
    fit = approximation(problem.precision)
    formula = partial(closed_form.price_and_greeks, _operations(), fit)
    return _kernel(problem, runtime, formula, NAMES, OUTPUTS)


def implied_volatility(problem: Problem, runtime: Runtime) -> Kernel:
    """All steps in one graph."""
    import mlx.core as mx

    fit = approximation(problem.precision)
    operations = implied_form.with_plain_logarithm(_operations(), mx.log)

    def formula(*quotes: Any) -> tuple[Any, ...]:
        return (implied_form.solved(operations, fit, *quotes),)

    return _kernel(problem, runtime, formula, QUOTED, ("volatility",))


def _kernel(
    problem: Problem,
    runtime: Runtime,
    formula: Callable[..., tuple[Any, ...]],
    names: tuple[str, ...],
    outputs: tuple[str, ...],
) -> Kernel:
    import mlx.core as mx

    worthwhile = runtime.device != "cpu" or problem.items > COMPILED_ABOVE
    chosen = _compiled(formula, runtime, len(names)) if worthwhile else formula

    def kernel(inputs: Arrays) -> Arrays:
        results = chosen(*(inputs[name] for name in names))
        mx.eval(*results)
        return dict(zip(outputs, results, strict=True))

    return kernel


def _operations() -> closed_form.Operations:
    import mlx.core as mx

    return closed_form.Operations(
        sqrt=mx.sqrt,
        exp=mx.exp,
        log_ratio=lambda a, b: mx.log1p((a - b) / b),
        magnitude=mx.abs,
        at_least=mx.maximum,
        at_most=mx.minimum,
        where=mx.where,
    )


def _compiled(compute: Any, runtime: Runtime, arrays: int) -> Any:
    """The compiled function, tried once; as it was where it cannot be compiled (no compiler)."""
    import mlx.core as mx

    compiled = mx.compile(compute)
    book = [runtime.put(np.ones(16)) for _ in range(arrays)]
    try:
        mx.eval(*compiled(*book))
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:200]
        warnings.warn(f"not compiled, running as it is: {reason}", RuntimeWarning, stacklevel=2)
        return compute
    return compiled

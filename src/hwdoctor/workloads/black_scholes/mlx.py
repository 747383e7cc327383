"""Black-Scholes with MLX: its own operations, fused by its compiler where that pays.

MLX has float64 on the CPU, but its exp there is good to single precision only: the verification
says so. It has no `out=`: every call makes new arrays.
"""

import warnings
from typing import Any

import numpy as np

from hwdoctor.backends.base import Runtime
from hwdoctor.workloads.base import Arrays, Kernel, Problem
from hwdoctor.workloads.black_scholes import OUTPUTS, closed_form
from hwdoctor.workloads.black_scholes.coefficients import approximation
from hwdoctor.workloads.black_scholes.inputs import NAMES

COMPILED_ABOVE = 100_000
"""Options. On the CPU compiling means running a C++ compiler for ten seconds, to gain a half."""


def price(problem: Problem, runtime: Runtime) -> Kernel:
    """Evaluated before the kernel returns: MLX only notes what is to be done."""
    import mlx.core as mx

    fit = approximation(problem.precision)
    operations = closed_form.Operations(
        sqrt=mx.sqrt,
        exp=mx.exp,
        log_ratio=lambda a, b: mx.log1p((a - b) / b),
        magnitude=mx.abs,
        at_least=mx.maximum,
        at_most=mx.minimum,
        where=mx.where,
    )

    def compute(*book: Any) -> Any:
        return closed_form.price_and_greeks(operations, fit, *book)

    worthwhile = runtime.device != "cpu" or problem.items > COMPILED_ABOVE
    chosen = _compiled(compute, runtime) if worthwhile else compute

    def kernel(inputs: Arrays) -> Arrays:
        results = chosen(*(inputs[name] for name in NAMES))
        mx.eval(*results)
        return dict(zip(OUTPUTS, results, strict=True))

    return kernel


def _compiled(compute: Any, runtime: Runtime) -> Any:
    """The compiled function, tried once; as it was where it cannot be compiled (no compiler)."""
    import mlx.core as mx

    compiled = mx.compile(compute)
    book = [runtime.put(np.ones(16)) for _ in NAMES]
    try:
        mx.eval(*compiled(*book))
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:200]
        warnings.warn(f"not compiled, running as it is: {reason}", RuntimeWarning, stacklevel=2)
        return compute
    return compiled

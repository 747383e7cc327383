"""Black-Scholes with MLX: its own operations, fused by its compiler where that pays.

MLX has float64 on the CPU, but its exp there is good to single precision only: the verification
says so. It has no `out=`: every call makes new arrays.
"""

from typing import Any

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
    compiled = mx.compile(compute) if worthwhile else compute

    def kernel(inputs: Arrays) -> Arrays:
        results = compiled(*(inputs[name] for name in NAMES))
        mx.eval(*results)
        return dict(zip(OUTPUTS, results, strict=True))

    return kernel

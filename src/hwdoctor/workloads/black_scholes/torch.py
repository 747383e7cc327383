"""Black-Scholes with PyTorch: operation by operation for small books, compiled for large ones.

Compiling takes up to half a minute when nothing is cached, so it has to be worth it. Both forms
write into given tensors: fresh ones would cost page faults on every call.
"""

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from hwdoctor.backends.base import Runtime
from hwdoctor.workloads.base import Arrays, Kernel, Problem
from hwdoctor.workloads.black_scholes import OUTPUTS, closed_form, implied_form
from hwdoctor.workloads.black_scholes.coefficients import (
    DENSITY_AT_ZERO,
    LEAST_DEVIATION,
    Approximation,
    approximation,
)
from hwdoctor.workloads.black_scholes.implied import QUOTED
from hwdoctor.workloads.black_scholes.inputs import NAMES

COMPILED_ABOVE = 100_000
"""Options."""
COMPILED_ON = ("cpu", "cuda")
"""MPS is left to single operations: the compiler's support for it is young."""

Step = Callable[..., None]
"""`step(results, book)` writes the results into given tensors."""
Formula = Callable[..., tuple[Any, ...]]
"""From tensors of options to tensors of results."""


def price(problem: Problem, runtime: Runtime) -> Kernel:
    """The compiled form where it pays and compiles; else the eager one."""
    fit = approximation(problem.precision)
    operations = _operations(fit, on_cpu=runtime.device == "cpu")

    def formula(*book: Any) -> tuple[Any, ...]:
        return closed_form.price_and_greeks(operations, fit, *book)

    return _kernel(problem, runtime, formula, _eager, NAMES, OUTPUTS)


def implied_volatility(problem: Problem, runtime: Runtime) -> Kernel:
    """All steps in one compiled loop, or operation by operation."""
    import torch

    fit = approximation(problem.precision)
    native = implied_form.with_plain_logarithm(_operations(fit, on_cpu=False), torch.log)
    operations = _operations(fit, on_cpu=True) if runtime.device == "cpu" else native

    def formula(*quotes: Any) -> tuple[Any, ...]:
        return (implied_form.solved(operations, fit, *quotes),)

    def eager(results: tuple[Any, ...]) -> Step:  # noqa: ARG001 -- made anew by every call
        def step(targets: Any, quotes: Any) -> None:
            targets[0].copy_(implied_form.solved(native, fit, *quotes))

        return step

    return _kernel(problem, runtime, formula, eager, QUOTED, ("volatility",))


def _kernel(
    problem: Problem,
    runtime: Runtime,
    formula: Formula,
    eager: Callable[[tuple[Any, ...]], Step],
    names: tuple[str, ...],
    outputs: tuple[str, ...],
) -> Kernel:
    import torch

    results = tuple(runtime.put(np.zeros(problem.items)) for _ in outputs)
    step: Step | None = None
    if problem.items > COMPILED_ABOVE and runtime.device in COMPILED_ON:
        step = _compiled(formula, results, len(names))
    if step is None:
        step = eager(results)

    def kernel(inputs: Arrays) -> Arrays:
        with torch.inference_mode():
            step(results, [inputs[name] for name in names])
        return dict(zip(outputs, results, strict=True))

    return kernel


def _compiled(formula: Formula, results: tuple[Any, ...], arrays: int) -> Step | None:
    """The compiled step, tried once; None where it cannot be compiled (no C++ compiler)."""
    import torch
    from torch._dynamo.exc import TorchDynamoException

    def step(targets: Any, book: Any) -> None:
        for target, value in zip(targets, formula(*book), strict=True):
            target.copy_(value)

    compiled: Step = torch.compile(step, dynamic=False)
    book = [torch.ones_like(results[0]) for _ in range(arrays)]
    try:
        with torch.inference_mode():
            compiled(results, book)
    except TorchDynamoException as error:
        reason = " ".join(str(error).split())[:200]
        warnings.warn(f"not compiled, running eagerly: {reason}", RuntimeWarning, stacklevel=2)
        return None
    return compiled


def _operations(fit: Approximation, *, on_cpu: bool) -> closed_form.Operations:
    """On the CPU exp and log are ours: the compiler inlines them into its vector loop."""
    import torch

    if on_cpu:
        double = fit.mantissa_bits == 52
        real, integer = (torch.float64, torch.int64) if double else (torch.float32, torch.int32)
        bits = closed_form.Bits(
            of=lambda x: x.view(integer),
            number=lambda i: i.view(real),
            to_real=lambda i: i.to(real),
            to_integer=lambda x: x.to(integer),
            rounded=torch.round,
        )
        exp, log_ratio = closed_form.functions_by_bits(bits, fit)
    else:
        exp, log_ratio = torch.exp, lambda a, b: torch.log1p((a - b) / b)
    return closed_form.Operations(
        sqrt=torch.sqrt,
        exp=exp,
        log_ratio=log_ratio,
        magnitude=torch.abs,
        at_least=lambda x, bound: torch.clamp(x, min=bound),
        at_most=lambda x, bound: torch.clamp(x, max=bound),
        where=torch.where,
    )


def _eager(results: tuple[Any, ...]) -> Step:
    """The textbook formulas on PyTorch's own erf: few operations, each into a given tensor.

    The names of the temporaries say what they hold first.
    """
    import torch

    root, deviation, moneyness, d, first, second, owed = (
        torch.empty_like(results[0]) for _ in range(7)
    )

    def step(targets: Any, book: Any) -> None:
        spot, strike, rate, volatility, maturity, sign = book
        price, delta, gamma, vega, theta, rho = targets
        torch.sqrt(maturity, out=root)
        torch.mul(volatility, root, out=deviation).clamp_(min=LEAST_DEVIATION)
        torch.sub(spot, strike, out=moneyness).div_(strike).log1p_()
        torch.mul(rate, maturity, out=owed)
        torch.add(moneyness, owed, out=d).div_(deviation)
        torch.add(d, deviation, alpha=0.5, out=first)
        torch.sub(d, deviation, alpha=0.5, out=second)
        torch.mul(first, first, out=d).mul_(-0.5).exp_().mul_(DENSITY_AT_ZERO)
        _distribution(first, sign)
        _distribution(second, sign)
        owed.neg_().exp_().mul_(strike).mul_(second).mul_(sign)
        torch.mul(sign, first, out=delta)
        torch.mul(spot, delta, out=price).sub_(owed)
        torch.mul(spot, deviation, out=second)
        torch.div(d, second, out=gamma)
        torch.mul(spot, d, out=first)
        torch.mul(first, root, out=vega)
        torch.mul(volatility, volatility, out=theta).mul_(first).div_(deviation).mul_(-0.5)
        theta.addcmul_(rate, owed, value=-1.0)
        torch.mul(maturity, owed, out=rho)

    def _distribution(x: Any, sign: Any) -> None:
        """N(sign x), in place. PyTorch's erf takes half the time of its erfc."""
        x.mul_(sign).mul_(math.sqrt(0.5)).erf_().add_(1.0).mul_(0.5)

    return step

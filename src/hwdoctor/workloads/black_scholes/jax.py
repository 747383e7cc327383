"""Black-Scholes with JAX: jitted, results in the buffers of the last call.

Donating the last results avoids page faults on hundreds of megabytes per call; they are gone
when the kernel is called again.

On the CPU, XLA splits the formula into a dozen loops with temporaries between them. So a large
book is worked off in blocks that stay in the cache. exp and log are ours there: XLA's logarithm
in double precision does not vectorise, its exp costs twice as much. Other devices get one plain
fused computation.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from hwdoctor.backends.base import Runtime
from hwdoctor.workloads.base import Arrays, Kernel, Problem
from hwdoctor.workloads.black_scholes import OUTPUTS, closed_form, implied_form
from hwdoctor.workloads.black_scholes.coefficients import Approximation, approximation
from hwdoctor.workloads.black_scholes.implied import QUOTED
from hwdoctor.workloads.black_scholes.inputs import NAMES

CPU_BLOCK = 1 << 17
"""Options. Temporaries of a block fit a shared last-level cache, and XLA still gives each thread
a part of every loop."""

# XLA vectorises to 256 bits even where the CPU has 512; 25 % on such a CPU, nothing on others.
CPU_COMPILER_OPTIONS = {"xla_cpu_prefer_vector_width": 512}

Formula = Callable[..., tuple[Any, ...]]
"""From arrays of options to arrays of results."""
Compute = Callable[[Any, Any], Any]
"""`compute(last results, book)`."""


def price(problem: Problem, runtime: Runtime) -> Kernel:
    """Whole blocks on the CPU, all at once elsewhere."""
    fit = approximation(problem.precision)
    operations = _operations(fit, on_cpu=runtime.device == "cpu")
    formula = partial(closed_form.price_and_greeks, operations, fit)
    return _kernel(problem, runtime, formula, NAMES, OUTPUTS)


def implied_volatility(problem: Problem, runtime: Runtime) -> Kernel:
    """As `price`; the steps are a loop inside of every block."""
    from jax import lax
    from jax import numpy as jnp

    fit = approximation(problem.precision)
    operations = _operations(fit, on_cpu=runtime.device == "cpu")
    if runtime.device != "cpu":
        operations = implied_form.with_plain_logarithm(operations, jnp.log)

    def formula(*quotes: Any) -> tuple[Any, ...]:
        depth, side, goal, guess = implied_form.start(operations, fit, *quotes)

        def step(_: Any, state: Any) -> Any:
            return implied_form.improved(operations, fit, depth, side, goal, *state)

        bracket = (0.0 * goal + implied_form.LEAST, 0.0 * goal + implied_form.MOST)
        deviation, _, _ = lax.fori_loop(0, implied_form.STEPS, step, (guess, *bracket))
        return (deviation / operations.sqrt(quotes[QUOTED.index("maturity")]),)

    return _kernel(problem, runtime, formula, QUOTED, ("volatility",))


def _kernel(
    problem: Problem,
    runtime: Runtime,
    formula: Formula,
    names: tuple[str, ...],
    outputs: tuple[str, ...],
) -> Kernel:
    results: Any = tuple(runtime.put(np.zeros(problem.items)) for _ in outputs)
    if runtime.device == "cpu" and problem.items > CPU_BLOCK:
        compiled = _compiled_in_blocks(formula, results, len(names))
    else:
        compiled = _compiled_whole(formula)

    def kernel(inputs: Arrays) -> Arrays:
        nonlocal results
        results = compiled(results, tuple(inputs[name] for name in names))
        return dict(zip(outputs, results, strict=True))

    return kernel


def _compiled_whole(formula: Formula) -> Compute:
    import jax

    def compute(last: Any, book: Any) -> Any:  # noqa: ARG001 -- `last` is donated, not read
        return formula(*book)

    compiled: Compute = jax.jit(compute, donate_argnums=0, keep_unused=True)
    return compiled


def _compiled_in_blocks(formula: Formula, results: Any, arrays: int) -> Compute:
    """The last block overlaps the one before it instead of being shorter."""
    import jax
    from jax import lax
    from jax import numpy as jnp

    items = results[0].shape[0]

    def compute(last: Any, book: Any) -> Any:
        def block(index: Any, state: Any) -> Any:
            begin = (jnp.minimum(index * CPU_BLOCK, items - CPU_BLOCK),)
            computed = formula(*(lax.dynamic_slice(array, begin, (CPU_BLOCK,)) for array in book))
            return tuple(
                lax.dynamic_update_slice(whole, new, begin)
                for whole, new in zip(state, computed, strict=True)
            )

        return lax.fori_loop(0, -(-items // CPU_BLOCK), block, last)

    shape = jax.ShapeDtypeStruct(results[0].shape, results[0].dtype)
    given = (shape,) * len(results), (shape,) * arrays
    lowered = jax.jit(compute, donate_argnums=0).lower(*given)
    try:
        compiled: Compute = lowered.compile(compiler_options=CPU_COMPILER_OPTIONS)
    except RuntimeError as error:
        if "No such compile option" not in str(error):
            raise
        compiled = lowered.compile()  # an older XLA
    return compiled


def _operations(fit: Approximation, *, on_cpu: bool) -> closed_form.Operations:
    import jax
    from jax import numpy as jnp

    if on_cpu:
        width = 64 if fit.mantissa_bits == 52 else 32
        integer, real = jnp.dtype(f"int{width}"), jnp.dtype(f"float{width}")
        bits = closed_form.Bits(
            of=lambda x: jax.lax.bitcast_convert_type(x, integer),
            number=lambda i: jax.lax.bitcast_convert_type(i, real),
            to_real=lambda i: i.astype(real),
            to_integer=lambda x: x.astype(integer),
            rounded=jnp.round,
        )
        exp, log_ratio = closed_form.functions_by_bits(bits, fit)
    else:
        exp, log_ratio = jnp.exp, lambda a, b: jnp.log1p((a - b) / b)
    return closed_form.Operations(
        sqrt=jnp.sqrt,
        exp=exp,
        log_ratio=log_ratio,
        magnitude=jnp.abs,
        at_least=jnp.maximum,
        at_most=jnp.minimum,
        where=jnp.where,
    )

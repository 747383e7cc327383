"""A workload of your own: the rolling z-score of prices, on three backends.

    hwdoctor bench ./examples/my_workload.py --size smoke

The z-score says how many standard deviations a price lies from the mean of its last 20 prices.
Copy this file and replace the mathematics; docs/workloads.md explains each part. Frameworks are
imported inside functions, so the file can be read where they are not installed.
"""

import numpy as np

from hwdoctor.backends import Runtime
from hwdoctor.workloads import Arrays, HostArrays, Kernel, Problem, Task, Tolerance, Workload

BARS = 1000
WINDOW = 20
OUTPUTS = BARS - WINDOW + 1  # the first WINDOW - 1 bars have no full window: they are NaN


# 1. Inputs: seeded NumPy arrays, float64, with the items along the first axis.


def prices(symbols: int, seed: int) -> HostArrays:
    """`prices` [symbols, BARS]: random walks around 100 with 1 % daily steps."""
    steps = np.random.default_rng(seed).normal(0.0, 0.01, (symbols, BARS))
    return {"prices": 100.0 * np.exp(np.cumsum(steps, axis=1))}


# 2. The reference: float64, obvious rather than fast, and written without looking at a kernel.


def reference(inputs: HostArrays) -> HostArrays:
    """`z` [symbols, BARS], and `condition`, by which its errors are divided (see 3)."""
    windows = np.lib.stride_tricks.sliding_window_view(inputs["prices"], WINDOW, axis=1)
    deviation = windows.std(axis=-1)
    z = np.full(inputs["prices"].shape, np.nan)
    z[:, WINDOW - 1 :] = (windows[:, :, -1] - windows.mean(axis=-1)) / deviation
    condition = np.full(inputs["prices"].shape, np.nan)
    condition[:, WINDOW - 1 :] = windows.max(axis=-1) / deviation
    return {"z": z, "condition": condition}


# 3. The tolerance, in the output's natural unit, for a reason that can be written down. Prices
# near 100 that differ by about 1 are subtracted, which multiplies every rounding error by
# price / deviation. So errors are divided by that, and what is left must be a few roundings:
# 16 of them here (unit roundoffs 2**-53 and 2**-24). A running sum of squares would miss it.

Z_TOLERANCE = Tolerance(
    limits={"float64": 16 * 2.0**-53, "float32": 16 * 2.0**-24},
    unit="standard deviations x price / deviation",
    scale="condition",
)


# 4. The kernels. A factory compiles, allocates, and returns the callable that is timed.


def numpy_zscore(problem: Problem, runtime: Runtime) -> Kernel:
    """Sums of shifted views into given buffers: two passes, as the reference has them."""
    kind = np.dtype(problem.precision)
    z = np.full((problem.items, BARS), np.nan, dtype=kind)
    mean, variance, difference = (np.zeros((problem.items, OUTPUTS), dtype=kind) for _ in range(3))

    def kernel(inputs: Arrays) -> Arrays:
        shifted = [inputs["prices"][:, k : k + OUTPUTS] for k in range(WINDOW)]
        mean[:] = shifted[0]
        for price in shifted[1:]:
            np.add(mean, price, out=mean)
        np.divide(mean, WINDOW, out=mean)
        variance[:] = 0.0
        for price in shifted:
            np.subtract(price, mean, out=difference)
            np.square(difference, out=difference)
            np.add(variance, difference, out=variance)
        np.divide(variance, WINDOW, out=variance)
        np.sqrt(variance, out=variance)
        z[:, : WINDOW - 1] = np.nan
        np.subtract(shifted[-1], mean, out=difference)
        np.divide(difference, variance, out=z[:, WINDOW - 1 :])
        return {"z": z}

    return kernel


def numba_zscore(problem: Problem, runtime: Runtime) -> Kernel:
    """The loops themselves, parallel over symbols."""
    import numba

    kind = np.dtype(problem.precision).type

    @numba.njit(parallel=True)
    def fill(z, prices):
        for symbol in numba.prange(prices.shape[0]):
            row = prices[symbol]
            z[symbol, : WINDOW - 1] = np.nan
            for last in range(WINDOW - 1, BARS):
                window = row[last - WINDOW + 1 : last + 1]
                # Typed constants: 0.0 and a plain 20 would turn the sums into float64.
                total = kind(0)
                for price in window:
                    total += price
                mean = total / kind(WINDOW)
                squares = kind(0)
                for price in window:
                    squares += (price - mean) * (price - mean)
                z[symbol, last] = (row[last] - mean) / np.sqrt(squares / kind(WINDOW))

    z = np.zeros((problem.items, BARS), dtype=kind)

    def kernel(inputs: Arrays) -> Arrays:
        fill(z, inputs["prices"])
        return {"z": z}

    return kernel


def jax_zscore(problem: Problem, runtime: Runtime) -> Kernel:
    """Unrolled over the window when traced; XLA fuses it into one pass."""
    import jax
    import jax.numpy as jnp

    @jax.jit
    def zscore(prices):
        shifted = [prices[:, k : k + OUTPUTS] for k in range(WINDOW)]
        mean = sum(shifted) / WINDOW
        variance = sum(jnp.square(price - mean) for price in shifted) / WINDOW
        z = (shifted[-1] - mean) / jnp.sqrt(variance)
        return jnp.pad(z, ((0, 0), (WINDOW - 1, 0)), constant_values=jnp.nan)

    return lambda inputs: {"z": zscore(inputs["prices"])}


# 5. The specification. `hwdoctor bench FILE.py` looks for this name.

WORKLOAD = Workload(
    name="rolling_zscore",
    version="1",  # raise it when inputs, outputs or meaning change: old results stay apart
    summary="rolling z-score of prices, window 20",
    tasks=(
        Task(
            name="zscore",
            inputs=prices,
            reference=reference,
            tolerances={"z": Z_TOLERANCE},
            unit="bars/s",
            work=lambda symbols, itemsize: float(symbols * BARS),
            bytes_moved=lambda symbols, itemsize: 2.0 * symbols * BARS * itemsize,
            sample=lambda symbols: min(symbols, 1000),
        ),
    ),
    sizes={"smoke": 50, "small": 1000, "full": 20_000},
    precisions=("float64", "float32"),
    kernels={
        "numpy": {"zscore": numpy_zscore},
        "numba": {"zscore": numba_zscore},
        "jax": {"zscore": jax_zscore},
    },
)

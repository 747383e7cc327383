"""Black-Scholes with NumPy alone: chunks that stay in the cache, one thread per core.

Every operation goes into a given buffer, and the book is worked off in chunks so that those
buffers never leave the second- or third-level cache: whole-array operations are three times as
slow. NumPy lets go of the interpreter lock inside an operation, so threads add up.

NumPy has no erf, hence the rational approximation of the normal distribution. What looks odd is
measured: `minimum` with a number in place of an array, and `copysign`, miss NumPy's vector code
and take three times as long as what stands here.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from hwdoctor.backends.base import HostArray, Runtime, host_dtype
from hwdoctor.model import Precision
from hwdoctor.workloads.base import Arrays, Kernel, Problem
from hwdoctor.workloads.black_scholes import OUTPUTS, closed_form, implied_form
from hwdoctor.workloads.black_scholes.coefficients import (
    DENSITY_AT_ZERO,
    LEAST_DEVIATION,
    Coefficients,
    approximation,
)
from hwdoctor.workloads.black_scholes.implied import QUOTED
from hwdoctor.workloads.black_scholes.inputs import NAMES

CHUNK_BYTES = 1 << 17
"""Of one buffer; a dozen are in use."""


Work = Callable[[list[HostArray], list[HostArray], int, int], None]
"""`work(book, targets, begin, end)` computes options `begin` to `end`."""


def price(problem: Problem, runtime: Runtime) -> Kernel:  # noqa: ARG001 -- the protocol's shape
    """Equal shares of the book, one per thread, each with buffers of its own."""

    def work(options: int) -> Work:
        return Scratch(options, problem.precision).price

    return _kernel(problem, work, NAMES, OUTPUTS)


def implied_volatility(problem: Problem, runtime: Runtime) -> Kernel:  # noqa: ARG001
    """As `price`, in chunks; temporaries are NumPy's own."""
    return _kernel(problem, partial(_solver, problem.precision), QUOTED, ("volatility",))


def _kernel(
    problem: Problem,
    make: Callable[[int], Work],
    names: tuple[str, ...],
    outputs: tuple[str, ...],
) -> Kernel:
    dtype: np.dtype[Any] = np.dtype(host_dtype(problem.precision))
    results = {name: np.zeros(problem.items, dtype) for name in outputs}
    shares = _shares(problem.items, problem.threads or _usable_cores(), dtype.itemsize)
    longest = CHUNK_BYTES // dtype.itemsize
    works = [make(min(longest, end - begin)) for begin, end in shares]
    pool = ThreadPoolExecutor(len(shares)) if len(shares) > 1 else None

    def kernel(inputs: Arrays) -> Arrays:
        book = [inputs[name] for name in names]
        targets = list(results.values())

        def part(index: int) -> None:
            works[index](book, targets, *shares[index])

        if pool is None:
            part(0)
        else:
            list(pool.map(part, range(len(shares))))
        return results

    return kernel


def _solver(precision: Precision, options: int) -> Work:
    fit = approximation(precision)
    operations = implied_form.with_plain_logarithm(
        closed_form.Operations(
            sqrt=np.sqrt,
            exp=np.exp,
            log_ratio=np.divide,  # replaced
            magnitude=np.absolute,
            at_least=np.maximum,
            at_most=np.minimum,
            where=np.where,
        ),
        np.log,
    )

    def work(book: list[HostArray], targets: list[HostArray], begin: int, end: int) -> None:
        # Steps that leave their bracket are replaced, wherever they would have gone.
        with np.errstate(all="ignore"):
            for start in range(begin, end, options):
                part = slice(start, min(start + options, end))
                quotes = (array[part] for array in book)
                targets[0][part] = implied_form.solved(operations, fit, *quotes)

    return work


class Scratch:
    """One thread's buffers and constants."""

    def __init__(self, options: int, precision: Precision) -> None:
        real: type[np.floating[Any]] = np.float64 if precision == "float64" else np.float32
        fit = approximation(precision)
        self.options = options
        self.half, self.minus_half = real(0.5), real(-0.5)
        self.density_at_zero = real(DENSITY_AT_ZERO)
        self.top = [real(value) for value in fit.mills_top]
        self.bottom = [real(value) for value in fit.mills_bottom]
        integer = np.int64 if precision == "float64" else np.int32
        self.integer, self.sign_bit = integer, integer(np.iinfo(integer).min)
        self.floor = np.full(options, LEAST_DEVIATION, real)
        self.farthest = np.full((2, options), fit.farthest, real)
        self.single = np.empty((5, options), real)
        self.pairs = np.empty((4, 2, options), real)

    def price(self, book: list[HostArray], targets: list[HostArray], begin: int, end: int) -> None:
        """Options `begin` to `end`, chunk after chunk."""
        for start in range(begin, end, self.options):
            stop = min(start + self.options, end)
            self._chunk(
                [array[start:stop] for array in book], [array[start:stop] for array in targets]
            )

    def _chunk(self, book: list[HostArray], targets: list[HostArray]) -> None:
        spot, strike, rate, volatility, maturity, sign = book
        price, delta, gamma, vega, theta, rho = targets
        items = spot.size
        root, deviation, drift, half_sign, work = self.single[:, :items]
        d, far, tail, other = self.pairs[:, :, :items]

        np.sqrt(maturity, out=root)
        np.multiply(volatility, root, out=deviation)
        np.maximum(deviation, self.floor[:items], out=deviation)
        np.multiply(rate, maturity, out=drift)
        np.subtract(spot, strike, out=work)
        np.divide(work, strike, out=work)
        np.log1p(work, out=work)
        np.add(work, drift, out=work)
        np.divide(work, deviation, out=work)
        np.multiply(deviation, self.half, out=half_sign)
        np.add(work, half_sign, out=d[0])
        np.subtract(work, half_sign, out=d[1])

        np.absolute(d, out=far)
        np.minimum(far, self.farthest[:, :items], out=far)
        self._mills_ratio(far, tail, other)
        density = other
        np.multiply(far, far, out=density)
        np.multiply(density, self.minus_half, out=density)
        np.exp(density, out=density)
        np.multiply(density, self.density_at_zero, out=density)
        np.multiply(tail, density, out=tail)
        self._distribution(tail, d)

        # s N(s d) = s / 2 + (N(d) - 1 / 2)
        np.multiply(sign, self.half, out=half_sign)
        np.add(tail[0], half_sign, out=delta)
        owed = tail[1]
        np.add(owed, half_sign, out=owed)
        np.negative(drift, out=drift)
        np.exp(drift, out=drift)
        np.multiply(drift, strike, out=drift)
        np.multiply(owed, drift, out=owed)

        np.multiply(spot, delta, out=price)
        np.subtract(price, owed, out=price)
        np.multiply(maturity, owed, out=rho)
        np.multiply(spot, deviation, out=work)
        np.divide(density[0], work, out=gamma)
        np.multiply(spot, density[0], out=work)
        np.multiply(work, root, out=vega)
        np.multiply(work, volatility, out=work)
        np.multiply(work, volatility, out=work)
        np.divide(work, deviation, out=work)
        np.multiply(work, self.minus_half, out=work)
        np.multiply(rate, owed, out=drift)
        np.subtract(work, drift, out=theta)

    def _mills_ratio(self, x: HostArray, out: HostArray, other: HostArray) -> None:
        _polynomial(self.top, x, out)
        _polynomial(self.bottom, x, other)
        np.divide(out, other, out=out)

    def _distribution(self, tail: HostArray, d: HostArray) -> None:
        """N(d) - 1/2 in place of N(-|d|): one half less the tail, with the sign of d."""
        np.subtract(self.half, tail, out=tail)
        sign = d.view(self.integer)
        np.bitwise_and(sign, self.sign_bit, out=sign)
        bits = tail.view(self.integer)
        np.bitwise_or(bits, sign, out=bits)


def _polynomial(
    coefficients: Coefficients | list[np.floating], x: HostArray, out: HostArray
) -> None:
    np.multiply(x, coefficients[-1], out=out)
    np.add(out, coefficients[-2], out=out)
    for coefficient in coefficients[-3::-1]:
        np.multiply(out, x, out=out)
        np.add(out, coefficient, out=out)


def _shares(items: int, threads: int, itemsize: int) -> list[tuple[int, int]]:
    """Equal parts of whole chunks, as many as there are threads to use; never an empty one."""
    parts = max(1, min(threads, items * itemsize // CHUNK_BYTES))
    edges = [items * part // parts for part in range(parts + 1)]
    return list(pairwise(edges))


def _usable_cores() -> int:
    """Cores that this process may run on, where the system tells."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

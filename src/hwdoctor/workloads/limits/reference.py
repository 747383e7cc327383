"""Inputs and float64 references of the ceilings.

The reference of the product is NumPy's product, which is quick but comes from the same BLAS as
one of the rows it judges. So it is itself judged: sums that no BLAS had a hand in must agree, on
every row of a small product and on a seeded sample of the rows of a large one.

The references of exp, log and erf are the C library's, through `math`, one value at a time: none
of the vector loops that they judge had a hand in them.
"""

import math
from collections.abc import Callable

import numpy as np

from hwdoctor.backends.base import HostArray
from hwdoctor.workloads.base import HostArrays

ARBITER_ROWS = 32
"""Rows of a large product that are summed without BLAS: under a second at n = 4096."""
ALL_ROWS_UP_TO = 512
ARBITER_LIMIT = 32 * 2.0**-53
"""Both sides round: twice what one product is allowed."""

SCALAR = 3.0
"""s of the triad b + s c, as in STREAM; exact in every precision."""


def copy_inputs(items: int, seed: int) -> HostArrays:
    """`source` [items], values in [0, 1)."""
    return {"source": np.random.default_rng(seed).random(items)}


def copied(inputs: HostArrays) -> HostArrays:
    """`target` [items]."""
    return {"target": inputs["source"]}


def triad_inputs(items: int, seed: int) -> HostArrays:
    """`b` and `c` [items], of either sign."""
    random = np.random.default_rng(seed)
    return {"b": random.uniform(-1.0, 1.0, items), "c": random.uniform(-1.0, 1.0, items)}


def triad_result(inputs: HostArrays) -> HostArrays:
    """`a` = b + s c [items], and `magnitude` = |b| + |s c| [items]."""
    scaled = SCALAR * inputs["c"]
    return {"a": inputs["b"] + scaled, "magnitude": np.abs(inputs["b"]) + np.abs(scaled)}


def product_inputs(n: int, seed: int) -> HostArrays:
    """`a` [n, n] and `b` [n, n], independent and normal with zero mean.

    Nothing is symmetric: an answer that is transposed, or that swaps the factors, is wrong.
    """
    random = np.random.default_rng(seed)
    return {"a": random.standard_normal((n, n)), "b": random.standard_normal((n, n))}


def product(inputs: HostArrays) -> HostArrays:
    """`product` [n, n], and `norms` [n, n]: |row i of a| times |column j of b|.

    Raises:
        ArithmeticError: this machine's NumPy multiplies wrongly and can judge nobody.
    """
    a, b = inputs["a"], inputs["b"]
    result = np.matmul(a, b)
    norms = np.outer(np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=0))
    rows = _arbiter_rows(len(a))
    # einsum without `optimize` sums in loops of its own.
    error = float(np.max(np.abs(result[rows] - np.einsum("ik,kj->ij", a[rows], b)) / norms[rows]))
    if not error <= ARBITER_LIMIT:
        raise ArithmeticError(
            f"NumPy's own matrix product is wrong on this machine: off by {error:.2g} of "
            f"|row| |column|, at most {ARBITER_LIMIT:.2g} expected"
        )
    return {"product": result, "norms": norms}


def _arbiter_rows(n: int) -> HostArray:
    if n <= ALL_ROWS_UP_TO:
        return np.arange(n)
    return np.sort(np.random.default_rng(n).choice(n, ARBITER_ROWS, replace=False))


def exp_inputs(items: int, seed: int) -> HostArrays:
    """`x` [items], where exp(x) is a normal number in every precision."""
    ends = [0.0, 1e-30, 1e-8, 0.5 * math.log(2.0), math.log(2.0), 1.0, 10.0, 80.0]
    return _led_by(ends, np.random.default_rng(seed).uniform(-80.0, 80.0, items))


def exp_values(inputs: HostArrays) -> HostArrays:
    """`y` = exp(x), and `sensitivity` = exp(x) (1 + |x|)."""
    y = _one_by_one(math.exp, inputs["x"])
    return {"y": y, "sensitivity": y * (1.0 + np.abs(inputs["x"]))}


def log_inputs(items: int, seed: int) -> HostArrays:
    """`x` [items] > 0, half of them over 60 decades and half around one, where log crosses zero."""
    random = np.random.default_rng(seed)
    wide = np.exp(random.uniform(-69.0, 69.0, items))
    near = np.exp(random.uniform(-0.5, 0.5, items))
    ends = [1.0, 2.0, 0.5, 1e-30, 1e30]
    ends += [math.sqrt(0.5), math.sqrt(2.0)]  # where most implementations split the mantissa
    ends += [1.0 + 2.0**-k for k in (52, 23, 7)] + [1.0 - 2.0**-k for k in (53, 24, 8)]
    chosen = _led_by(ends, np.where(random.random(items) < 0.5, wide, near))["x"]
    return {"x": np.abs(chosen)}


def log_values(inputs: HostArrays) -> HostArrays:
    """`y` = log(x), and `sensitivity` = |log(x)| + 1."""
    y = _one_by_one(math.log, inputs["x"])
    return {"y": y, "sensitivity": np.abs(y) + 1.0}


def erf_inputs(items: int, seed: int) -> HostArrays:
    """`x` [items]; beyond 4 it is one in single precision, beyond 6 in double."""
    # 0.84375 and 1.25: where the usual rational approximations change.
    ends = [0.0, 1e-30, 1e-8, 0.5, 0.84375, 1.0, 1.25, 2.0, 3.9, 6.0]
    return _led_by(ends, np.random.default_rng(seed).uniform(-4.0, 4.0, items))


def erf_values(inputs: HostArrays) -> HostArrays:
    """`y` = erf(x)."""
    return {"y": _one_by_one(math.erf, inputs["x"])}


def _led_by(ends: list[float], x: HostArray) -> HostArrays:
    """Corner cases of either sign first: verification always looks at the leading items."""
    corners = np.array([sign * end for end in ends for sign in (1.0, -1.0)])[: x.size]
    x[: corners.size] = corners
    return {"x": x}


def _one_by_one(function: Callable[[float], float], x: HostArray) -> HostArray:
    return np.fromiter(map(function, x.tolist()), np.float64, count=x.size)

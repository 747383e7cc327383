"""Inputs and float64 references of the ceilings.

The reference of the product is NumPy's product, which is quick but comes from the same BLAS as
one of the rows it judges. So it is itself judged: sums that no BLAS had a hand in must agree, on
every row of a small product and on a seeded sample of the rows of a large one.
"""

import numpy as np

from hwdoctor.backends.base import HostArray
from hwdoctor.workloads.base import HostArrays

ARBITER_ROWS = 32
"""Rows of a large product that are summed without BLAS: under a second at n = 4096."""
ALL_ROWS_UP_TO = 512
ARBITER_LIMIT = 32 * 2.0**-53
"""Both sides round: twice what one product is allowed."""


def copy_inputs(items: int, seed: int) -> HostArrays:
    """`source` [items], values in [0, 1)."""
    return {"source": np.random.default_rng(seed).random(items)}


def copied(inputs: HostArrays) -> HostArrays:
    """`target` [items]."""
    return {"target": inputs["source"]}


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

"""Quantiles of Student's t distribution: the bare install has no SciPy."""

import math
from statistics import NormalDist


def student_t(probability: float, freedom: float) -> float:
    """The quantile at a probability in [0.5, 1), for any degrees of freedom > 0.

    By bisection of the distribution function; exact to about 1e-9, relative.
    """
    if math.isinf(freedom) or freedom > 1e6:
        return NormalDist().inv_cdf(probability)
    upper_tail = 1 - probability
    low, high = 0.0, 1.0
    while _upper_tail(high, freedom) > upper_tail:
        low, high = high, 2 * high
        if high > 1e100:
            return high
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if _upper_tail(middle, freedom) > upper_tail else (low, middle)
    return (low + high) / 2


def _upper_tail(t: float, freedom: float) -> float:
    """P(T > t) for t >= 0: half the incomplete beta function at f / (f + t^2)."""
    return 0.5 * _incomplete_beta(freedom / (freedom + t * t), freedom / 2, 0.5)


def _incomplete_beta(x: float, a: float, b: float) -> float:
    """Regularised; by its continued fraction (NIST DLMF 8.17.22), evaluated as Lentz does."""
    if x <= 0 or x >= 1:
        return max(0.0, min(1.0, x))
    if x > (a + 1) / (a + b + 2):  # where the fraction converges slowly, its mirror does not
        return 1 - _incomplete_beta(1 - x, b, a)
    logarithm = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    front = math.exp(logarithm + a * math.log(x) + b * math.log1p(-x)) / a
    value, numerator, denominator = 1.0, 1.0, 0.0
    for i in range(400):
        m = i // 2
        if i == 0:
            term = 1.0
        elif i % 2 == 0:
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        else:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        denominator = 1 / (1 + term * denominator)
        numerator = 1 + term / numerator
        change = numerator * denominator
        value *= change
        if abs(1 - change) < 1e-14:
            break
    return front * (value - 1)

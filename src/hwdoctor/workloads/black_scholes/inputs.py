"""Seeded books of European options: corner cases first, then random contracts.

Verification always looks at the leading items, so whatever breaks a careless kernel stands
there. Cases where the answer itself is singular (at the money at expiry: delta jumps and gamma
is infinite) are not asked for.
"""

import math
from collections.abc import Iterator
from itertools import product

import numpy as np

from hwdoctor.workloads.base import HostArrays

NAMES = ("spot", "strike", "rate", "volatility", "maturity", "sign")

Contract = tuple[float, float, float, float, float]
"""Spot, strike, rate, volatility, maturity."""

DAY = 1.0 / 365.0


def book(items: int, seed: int) -> HostArrays:
    """`items` options, each array [items].

    Spot and strike in the same money, rate per year and continuously compounded, volatility per
    square root of a year, maturity in years; sign is +1 for a call, -1 for a put.

    The smallest volatility * sqrt(maturity) among the random contracts is 0.029. Below that the
    textbook's log(S / K) leaves gamma few digits in single precision: its error there grows as
    the inverse square.
    """
    corners = corner_cases()
    random = np.random.default_rng(seed)
    spot = 100.0 * np.exp(random.uniform(-1.0, 1.0, items))
    arrays = {
        "spot": spot,
        "strike": spot * np.exp(random.uniform(-0.5, 0.5, items)),
        "rate": random.uniform(-0.02, 0.10, items),
        "volatility": random.uniform(0.1, 0.6, items),
        "maturity": random.uniform(1.0 / 12.0, 3.0, items),
        "sign": np.where(random.random(items) < 0.5, 1.0, -1.0),
    }
    for name in NAMES:
        leading = corners[name][:items]
        arrays[name][: len(leading)] = leading
    return arrays


def corner_cases() -> HostArrays:
    """Every corner contract, as a call and as a put."""
    contracts = [*_deep(), *_far(), *_expiring(), *_quiet(), *_rates(), *_extremes()]
    rows = [(*contract, sign) for contract in contracts for sign in (1.0, -1.0)]
    return dict(zip(NAMES, np.array(rows).T.copy(), strict=True))


def _deep() -> Iterator[Contract]:
    """Deep in and out of the money."""
    for ratio, volatility, maturity in product((0.05, 0.2, 5.0, 20.0), (0.1, 0.4), (0.25, 2.0)):
        yield 100.0, 100.0 * ratio, 0.03, volatility, maturity


def _far() -> Iterator[Contract]:
    """|d| around and beyond 8, and where the density underflows (13 and 38)."""
    volatility, maturity = 0.1, 0.04
    deviation = volatility * math.sqrt(maturity)
    for d, side in product((7.0, 7.9, 8.1, 9.0, 12.9, 13.1, 37.0, 38.0, 39.0, 100.0), (1, -1)):
        yield 100.0, 100.0 * math.exp(side * d * deviation), 0.01, volatility, maturity


def _expiring() -> Iterator[Contract]:
    """T -> 0, and expired."""
    maturities = (DAY, DAY / 24.0, 1e-6, 1e-9, 0.0)
    for maturity, ratio, volatility in product(maturities, (0.8, 0.95, 1.05, 1.25), (0.1, 0.5)):
        yield 100.0, 100.0 * ratio, 0.05, volatility, maturity
    yield 100.0, 100.0, 0.01, 0.3, DAY


def _quiet() -> Iterator[Contract]:
    """Volatility -> 0, and none, away from the forward (the answer jumps there)."""
    for volatility, ratio, rate in product(
        (1e-3, 1e-6, 0.0), (0.8, 0.95, 1.1, 1.25), (0.03, -0.02)
    ):
        yield 100.0, 100.0 * ratio, rate, volatility, 1.0


def _rates() -> Iterator[Contract]:
    """Negative, zero and large rates; exactly at the money among them."""
    for rate, ratio, maturity in product((-0.10, -0.01, 0.0, 0.25), (0.9, 1.0, 1.1), (0.5, 5.0)):
        yield 100.0, 100.0 * ratio, rate, 0.2, maturity


def _extremes() -> Iterator[Contract]:
    """Long and wild contracts; very small and very large prices."""
    for volatility, maturity in product((0.8, 2.0), (10.0, 30.0)):
        yield 100.0, 120.0, 0.02, volatility, maturity
    for spot, ratio in product((1e-4, 0.01, 1e6), (0.7, 1.0, 1.3)):
        yield spot, spot * ratio, 0.03, 0.25, 0.75

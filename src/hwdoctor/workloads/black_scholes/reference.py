"""The float64 reference: the textbook formulas with `math.erfc`, nothing but NumPy besides.

It must stay obvious and share nothing with the kernels that it judges. The tests hold it against
SciPy and against QuantLib's analytic engine.

Source: J. C. Hull, Options, Futures, and Other Derivatives, chapters "The Black-Scholes-Merton
model" and "The Greek letters"; E. G. Haug, The Complete Guide to Option Pricing Formulas,
2nd edition, chapters 1 and 2. With s = +1 for a call and -1 for a put, no dividends:

    d1 = (log(S / K) + (r + v^2 / 2) T) / (v sqrt(T)),  d2 = d1 - v sqrt(T)
    price = s (S N(s d1) - K exp(-r T) N(s d2))
    delta = dprice/dS      = s N(s d1)
    gamma = d2price/dS2    = phi(d1) / (S v sqrt(T))
    vega  = dprice/dv      = S phi(d1) sqrt(T)                        per 1.00 of volatility
    theta = -dprice/dT     = -S phi(d1) v / (2 sqrt(T)) - s r K exp(-r T) N(s d2)     per year
    rho   = dprice/dr      = s K T exp(-r T) N(s d2)                       per 1.00 of rate

At expiry (T = 0) and without volatility the limits are meant. v sqrt(T) has a floor that gives
them, and v / (2 sqrt(T)) is written v^2 / (2 v sqrt(T)) so that the floor serves there too.
"""

import math
from typing import Any

import numpy as np

from hwdoctor.backends.base import HostArray
from hwdoctor.workloads.base import HostArrays
from hwdoctor.workloads.black_scholes.coefficients import DENSITY_AT_ZERO, LEAST_DEVIATION

_erfc: Any = np.frompyfunc(math.erfc, 1, 1)


def normal_distribution(x: HostArray) -> HostArray:
    """N(x), accurate in both tails."""
    return np.asarray(0.5 * _erfc(-x * math.sqrt(0.5)).astype(np.float64))


def price_and_greeks(inputs: HostArrays) -> HostArrays:
    """Price and Greeks of every option, and the scales of their errors (`scale_*`)."""
    spot, strike, rate = inputs["spot"], inputs["strike"], inputs["rate"]
    volatility, maturity, sign = inputs["volatility"], inputs["maturity"], inputs["sign"]

    root = np.sqrt(maturity)
    deviation = np.maximum(volatility * root, LEAST_DEVIATION)
    # log1p: near the money S / K would lose digits that d1 divides by a small deviation.
    moneyness = np.log1p((spot - strike) / strike)
    middle = (moneyness + rate * maturity) / deviation
    d1, d2 = middle + 0.5 * deviation, middle - 0.5 * deviation
    density = DENSITY_AT_ZERO * np.exp(-0.5 * d1 * d1)
    first, second = normal_distribution(sign * d1), normal_distribution(sign * d2)
    owed = sign * strike * np.exp(-rate * maturity) * second

    return {
        "price": sign * spot * first - owed,
        "delta": sign * first,
        "gamma": density / (spot * deviation),
        "vega": spot * density * root,
        "theta": -0.5 * spot * density * volatility**2 / deviation - rate * owed,
        "rho": maturity * owed,
        "scale_spot": spot,
        "scale_per_spot": 1.0 / spot,
        "scale_spot_years": spot * maturity,
    }

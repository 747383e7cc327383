"""Implied volatility: the volatility at which the closed form gives a quoted price.

It is judged by the price that it gives back. Its own error would mean nothing: far from the
money, or at the bounds, many volatilities give the same price.
"""

import numpy as np

from hwdoctor.workloads.base import HostArrays
from hwdoctor.workloads.black_scholes.inputs import DAY, NAMES, book
from hwdoctor.workloads.black_scholes.reference import price_and_greeks

QUOTED = ("spot", "strike", "rate", "maturity", "sign", "price")
"""Inputs: the book without its volatilities, and prices."""


def quotes(items: int, seed: int) -> HostArrays:
    """A book of options with their prices; volatilities are gone.

    The corner cases stay, as far as they ask a question: at expiry there is no volatility to
    find, and quotes there are replaced by ones a day before it.
    """
    whole = book(items, seed)
    options = {**whole, "maturity": np.maximum(whole["maturity"], DAY)}
    priced = {**options, "price": price_and_greeks(options)["price"]}
    return {name: priced[name] for name in QUOTED}


def prices_to_meet(inputs: HostArrays) -> HostArrays:
    """The reference: nothing needs solving."""
    return {"volatility": inputs["price"], "scale_spot": inputs["spot"]}


def prices_given_back(inputs: HostArrays, outputs: HostArrays) -> HostArrays:
    """What the volatilities found are worth, in float64."""
    options = {name: inputs[name] for name in NAMES if name != "volatility"}
    found = np.asarray(outputs["volatility"], np.float64)
    return {"volatility": price_and_greeks({**options, "volatility": found})["price"]}

"""Black-Scholes: price and five Greeks of European options, and the volatility behind a price."""

from hwdoctor.measure import asv


class Price(asv.Suite, workload="black_scholes", task="price"):
    """Price, delta, gamma, vega, theta and rho."""


class ImpliedVolatility(asv.Suite, workload="black_scholes", task="implied_volatility"):
    """The volatility at which the closed form gives a quoted price."""

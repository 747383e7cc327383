"""Black-Scholes: price and five Greeks of European options."""

from hwdoctor.measure import asv


class Price(asv.Suite, workload="black_scholes", task="price"):
    """Price, delta, gamma, vega, theta and rho."""

"""TA-Lib's 111 indicators, and the anchored VWAP, on every backend.

    from hwdoctor.workloads.indicators import compute, CATALOGUE

    found = compute({"close": close}, ["RSI"], parameters={"RSI": {"timeperiod": 7}})
    found["RSI"]["real"]

Formulas are written once, a module per family, over the small vocabulary of `primitives`; what
they share is in `shared`; where they begin and what they need is data, in `catalogue`.
"""

from hwdoctor.workloads.indicators.api import compute
from hwdoctor.workloads.indicators.catalogue import CATALOGUE
from hwdoctor.workloads.indicators.workload import WORKLOAD

__all__ = ["CATALOGUE", "WORKLOAD", "compute"]

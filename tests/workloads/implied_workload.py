"""Black-Scholes with both of its tasks, for programs that are told a workload's file."""

from dataclasses import replace

from hwdoctor.workloads.black_scholes import IMPLIED_VOLATILITY, PRICE
from hwdoctor.workloads.black_scholes import WORKLOAD as OF_PRICES

WORKLOAD = replace(OF_PRICES, tasks=(PRICE, IMPLIED_VOLATILITY))

"""European options in closed form: price, delta, gamma, vega, theta and rho of a mixed book.

Six numbers in and six out per option and some 180 floating-point operations between them: a
kernel without branches, fused into one pass, is limited by memory bandwidth; a chain of library
calls is limited by temporaries. That is what this workload tells apart.

Each option carries a sign, +1 for a call and -1 for a put, so a book may mix both. Formulas,
units and sources are in `reference`. Errors are judged in each output's own unit: price, vega
and theta in units of the spot, rho in spot times years, delta as it is, gamma times the spot.

The way back, from a quoted price to its volatility, is the second task (`implied`).
"""

from hwdoctor.model import Precision
from hwdoctor.workloads.base import Task, Tolerance, Workload
from hwdoctor.workloads.black_scholes.implied import (
    QUOTED,
    prices_given_back,
    prices_to_meet,
    quotes,
)
from hwdoctor.workloads.black_scholes.inputs import NAMES, book
from hwdoctor.workloads.black_scholes.reference import price_and_greeks

OUTPUTS = ("price", "delta", "gamma", "vega", "theta", "rho")

# Double precision must be double precision: a normal distribution good to 1.5e-7, or a detour
# through float32, is a thousand times outside. Single precision: some hundred units in the last
# place, which the cancellation near the money (gamma of short maturities) uses up.
LIMITS: dict[Precision, float] = {"float64": 1e-10, "float32": 2e-5}

# Of the float64 evaluation in `coefficients` and `closed_form`, a multiply-add counted as two:
# 2 Mills' ratios 56, 2 exponentials 56, 1 logarithm 28, everything else 40.
FLOPS_PER_OPTION = 180.0

VERIFIED_OPTIONS = 100_000

PRICE = Task(
    name="price",
    inputs=book,
    reference=price_and_greeks,
    tolerances={
        "price": Tolerance(limits=LIMITS, unit="of spot", scale="scale_spot"),
        "delta": Tolerance(limits=LIMITS),
        "gamma": Tolerance(limits=LIMITS, unit="times spot", scale="scale_per_spot"),
        "vega": Tolerance(limits=LIMITS, unit="of spot", scale="scale_spot"),
        "theta": Tolerance(limits=LIMITS, unit="of spot", scale="scale_spot"),
        "rho": Tolerance(limits=LIMITS, unit="of spot x years", scale="scale_spot_years"),
    },
    unit="options/s",
    flops=lambda items: FLOPS_PER_OPTION * items,
    bytes_moved=lambda items, itemsize: float(len(NAMES) + len(OUTPUTS)) * itemsize * items,
    sample=lambda items: min(items, VERIFIED_OPTIONS),
)

IMPLIED_VOLATILITY = Task(
    name="implied_volatility",
    inputs=quotes,
    reference=prices_to_meet,
    tolerances={
        "volatility": Tolerance(
            limits=LIMITS, unit="of spot, in the price given back", scale="scale_spot"
        )
    },
    unit="options/s",
    # No `flops`: how many steps an option needs is the kernel's own affair, and a count of ours
    # would credit a kernel for steps that a better one saves.
    bytes_moved=lambda items, itemsize: float(len(QUOTED) + 1) * itemsize * items,
    sample=lambda items: min(items, VERIFIED_OPTIONS),
    judged_as=prices_given_back,
    first_look=False,
)

WORKLOAD = Workload(
    name="black_scholes",
    version="1",
    summary="price and five Greeks of European options in closed form, and implied volatility",
    tasks=(PRICE, IMPLIED_VOLATILITY),
    sizes={"smoke": 10_000, "small": 1_000_000, "full": 10_000_000},
    precisions=("float64", "float32"),
    kernels="hwdoctor.workloads.black_scholes",
)

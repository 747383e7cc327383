"""Polynomials by which the kernels get exp, log and the normal distribution without branches.

Library functions for these either do not vectorise (`math.erf` in compiled loops, log in XLA's
CPU code) or do not exist (NumPy has no erf). All that is needed is here, once per precision.

Each set is a minimax fit made for this project: linearised least squares whose weights are
raised where the error is largest (Lawson's iteration), in 40-digit arithmetic, then rounded.
The error stated is that of the fit; evaluation adds rounding. The tests measure both against
`math`.

* `mills_top(x) / mills_bottom(x)` is Mills' ratio (1 - N(x)) / phi(x) for x >= 0, where N is the
  normal distribution and phi its density. Weighted by phi, so the stated error is that of N.
  Its tail behaves as 1/x, as the true one does.
* `exponential(r)` is exp(r) for |r| <= log(2)/2; relative error.
* `logarithm(u * u)` is (log((1 + u) / (1 - u)) - 2 u) / u^3 for |u| <= 0.2014; the error is that of
  the logarithm, relative.
"""

from dataclasses import dataclass

from hwdoctor.model import Precision

Coefficients = tuple[float, ...]
"""Lowest power first."""

LOG_2 = 0.6931471805599453
LOG_2_E = 1.4426950408889634
DENSITY_AT_ZERO = 0.3989422804014327  # 1 / sqrt(2 pi)

LEAST_DEVIATION = 1e-20
"""Floor of `volatility * sqrt(maturity)`: at expiry, or without volatility, the formulas take
their limits instead of dividing zero by zero. Its inverse times a spot is finite in float32."""


@dataclass(frozen=True, kw_only=True)
class Approximation:
    """What one precision needs."""

    mills_top: Coefficients
    mills_bottom: Coefficients
    exponential: Coefficients
    logarithm: Coefficients
    farthest: float
    """|d| is cut off here: the density is far below the spacing of 1 and still a normal number."""
    largest_exponent: float
    """Arguments of exp are cut off here: the result is still a normal number."""
    mantissa_bits: int
    exponent_bias: int


DOUBLE = Approximation(
    mills_top=(  # 2.3e-17
        1.2533141373155003,
        1.2589493321223866,
        0.6378176144503964,
        0.19297783241001928,
        0.03626779673706547,
        0.003984834159611803,
        0.00020060506776110382,
    ),
    mills_bottom=(
        1.0,
        1.8023807957364069,
        1.4469966367833358,
        0.6732814314859998,
        0.1970039924217175,
        0.036465296052090576,
        0.003984986879643798,
        0.00020060137607745605,
    ),
    exponential=(  # 3.6e-18
        1.0,
        1.0,
        0.5000000000000011,
        0.16666666666666424,
        0.04166666666652988,
        0.008333333333486594,
        0.0013888888943739558,
        0.00019841269524370706,
        2.4801492968479763e-05,
        2.755757014120007e-06,
        2.7630298298541677e-07,
        2.500525059458532e-08,
    ),
    logarithm=(  # 1.7e-17
        0.6666666666667334,
        0.3999999999582523,
        0.28571429455311464,
        0.22222133625032386,
        0.18186554745986921,
        0.15246234386446672,
        0.15398780743796395,
    ),
    farthest=37.5,
    largest_exponent=700.0,
    mantissa_bits=52,
    exponent_bias=1023,
)

SINGLE = Approximation(
    mills_top=(  # 2.7e-10
        1.2533141366479033,
        0.7463905608738369,
        0.21671491005667087,
        0.02490211791174074,
    ),
    mills_bottom=(
        1.0,
        1.3934180096827284,
        0.7847011568167087,
        0.215216221729996,
        0.024983437398818552,
    ),
    exponential=(  # 3.1e-09
        1.0,
        1.0,
        0.4999999343488191,
        0.16666520398558002,
        0.04166838966897671,
        0.008368745006879475,
        0.0013814617128137892,
    ),
    logarithm=(  # 3.0e-09
        0.6666695966763825,
        0.39956597860305904,
        0.30386740385648264,
    ),
    farthest=13.0,
    largest_exponent=80.0,
    mantissa_bits=23,
    exponent_bias=127,
)


def approximation(precision: Precision) -> Approximation:
    """The set for a precision."""
    return DOUBLE if precision == "float64" else SINGLE

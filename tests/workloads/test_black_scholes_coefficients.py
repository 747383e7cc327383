"""The fits keep what their comments promise, measured with `math`."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwdoctor.model import Precision
from hwdoctor.workloads.black_scholes import closed_form
from hwdoctor.workloads.black_scholes.coefficients import (
    DENSITY_AT_ZERO,
    LEAST_DEVIATION,
    LOG_2,
    Approximation,
    approximation,
)

PRECISIONS: tuple[Precision, ...] = ("float64", "float32")
# The fit's error and some roundings of float64 arithmetic.
ALLOWED = {"float64": 5e-16, "float32": 5e-9}


def density(x: float) -> float:
    return DENSITY_AT_ZERO * math.exp(-0.5 * x * x)


def tail(x: float) -> float:
    return 0.5 * math.erfc(x * math.sqrt(0.5))


@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_tail_of_the_distribution_is_density_times_mills_ratio(precision: Precision) -> None:
    fit = approximation(precision)
    for x in np.linspace(0.0, 12.0, 4001).tolist():
        found = density(x) * closed_form.mills_ratio(fit, x)
        assert abs(found - tail(x)) <= ALLOWED[precision], x


@pytest.mark.parametrize("precision", PRECISIONS)
def test_mills_ratio_falls_as_one_over_x_in_the_tail(precision: Precision) -> None:
    """So a tail keeps most of its relative accuracy, too."""
    fit = approximation(precision)
    for x in (10.0, 20.0, fit.farthest):
        series = (1.0 - 1.0 / x**2 + 3.0 / x**4) / x
        assert closed_form.mills_ratio(fit, x) == pytest.approx(series, rel=5e-3)


@pytest.mark.parametrize("precision", PRECISIONS)
@given(data=st.data())
def test_exponential_and_logarithm_fit_on_their_intervals(
    precision: Precision, data: st.DataObject
) -> None:
    fit = approximation(precision)
    r = data.draw(st.floats(-0.5 * LOG_2, 0.5 * LOG_2))
    found = closed_form.polynomial(fit.exponential, r)
    assert found == pytest.approx(math.exp(r), rel=ALLOWED[precision])
    u = data.draw(st.floats(-0.2014, 0.2014))
    series = u * u * u * closed_form.polynomial(fit.logarithm, u * u) + 2.0 * u
    assert series == pytest.approx(2.0 * math.atanh(u), rel=ALLOWED[precision], abs=1e-300)


def functions(precision: Precision) -> tuple[Any, Any, Any]:
    """exp, log_ratio and the type of NumPy numbers that they take."""
    kind: Any = np.float64 if precision == "float64" else np.float32
    integer: Any = np.int64 if precision == "float64" else np.int32
    bits = closed_form.Bits(
        of=lambda x: np.asarray(x, kind).view(integer),
        number=lambda i: np.asarray(i, integer).view(kind),
        to_real=lambda i: i.astype(kind),
        to_integer=lambda x: np.asarray(x).astype(integer),
        rounded=np.round,
    )
    return *closed_form.functions_by_bits(bits, approximation(precision)), kind


@pytest.mark.parametrize("precision", PRECISIONS)
def test_exp_is_right_over_its_whole_range(precision: Precision) -> None:
    exp, _, kind = functions(precision)
    limit = approximation(precision).largest_exponent
    x = np.linspace(-limit, limit, 20001).astype(kind)
    expected = np.exp(x.astype(np.float64))
    # The argument's own rounding shows: reduction multiplies it by up to the exponent.
    allowed = (2.0 + np.abs(x)) * np.finfo(kind).eps
    assert (np.abs(exp(x) / expected - 1.0) <= allowed).all()


@pytest.mark.parametrize("precision", PRECISIONS)
@given(data=st.data())
def test_the_logarithm_of_a_ratio_is_relatively_accurate_even_near_one(
    precision: Precision, data: st.DataObject
) -> None:
    _, log_ratio, kind = functions(precision)
    b = kind(data.draw(st.floats(1e-3, 1e6)))
    a = kind(b * data.draw(st.one_of(st.floats(0.01, 100.0), st.floats(0.9999, 1.0001))))
    exact = math.log(float(a) / float(b))
    if abs(exact) < 0.1:
        exact = math.log1p((float(a) - float(b)) / float(b))
    assert float(log_ratio(a, b)) == pytest.approx(exact, rel=4 * float(np.finfo(kind).eps))


@pytest.mark.parametrize("precision", PRECISIONS)
def test_limits_of_a_precision_are_normal_numbers_of_it(precision: Precision) -> None:
    fit: Approximation = approximation(precision)
    kind: Any = np.float64 if precision == "float64" else np.float32
    least = float(np.finfo(kind).tiny)
    assert density(fit.farthest) > least
    assert math.exp(-fit.largest_exponent) > least
    assert math.exp(fit.largest_exponent) < float(np.finfo(kind).max)
    assert float(np.finfo(kind).max) * LEAST_DEVIATION > 1.0
    assert 2**fit.mantissa_bits == round(1.0 / float(np.finfo(kind).eps))

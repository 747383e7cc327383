"""The reference is itself judged: by SciPy, by QuantLib, by differentiation and by laws."""

import math
import warnings
from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_ndtr, ndtr

from hwdoctor.backends.base import HostArray
from hwdoctor.measure.verify import check_values
from hwdoctor.workloads import HostArrays
from hwdoctor.workloads.black_scholes import OUTPUTS, PRICE
from hwdoctor.workloads.black_scholes.inputs import NAMES, book, corner_cases
from hwdoctor.workloads.black_scholes.reference import normal_distribution, price_and_greeks


def options(*rows: tuple[float, ...]) -> HostArrays:
    """Rows of spot, strike, rate, volatility, maturity, sign."""
    return dict(zip(NAMES, np.array(rows, dtype=np.float64).T, strict=True))


def grid() -> HostArrays:
    """Whole days only: QuantLib's engines count days."""
    days = (1, 7, 30, 365, 3650)
    ratios = (0.3, 0.8, 0.97, 1.0, 1.03, 1.25, 3.0)
    return options(
        *(
            (100.0, 100.0 * ratio, rate, volatility, day / 365.0, sign)
            for ratio, rate, volatility, day, sign in product(
                ratios, (-0.05, 0.0, 0.08), (0.05, 0.2, 0.9), days, (1.0, -1.0)
            )
        )
    )


def alive(inputs: HostArrays) -> HostArrays:
    """With some time and volatility left.

    Without any, QuantLib 1.44 tells a delta of +1 for a worthless put.
    """
    kept = (inputs["maturity"] > 0.0) & (inputs["volatility"] > 0.0)
    return {name: array[kept] for name, array in inputs.items()}


def assert_agree(outputs: HostArrays, inputs: HostArrays, share: float) -> None:
    """Every output within a share of the float64 tolerance."""
    judged = check_values(outputs, price_and_greeks(inputs), PRICE, "float64")
    worst = judged.worst
    assert worst is not None
    assert worst.largest_error is not None, worst
    assert worst.largest_error <= share * worst.tolerance, worst


def by_scipy(inputs: HostArrays) -> HostArrays:
    """The textbook, with SciPy's normal distribution and the logarithm of the quotient."""
    s, k, r, v, t, sign = (inputs[name] for name in NAMES)
    w = v * np.sqrt(t)
    d1 = (np.log(s / k) + (r + v * v / 2) * t) / w
    d2 = d1 - w
    n1, n2 = ndtr(sign * d1), ndtr(sign * d2)
    density = np.exp(-d1 * d1 / 2) / math.sqrt(2 * math.pi)
    present = k * np.exp(-r * t)
    return {
        "price": sign * (s * n1 - present * n2),
        "delta": sign * n1,
        "gamma": density / (s * w),
        "vega": s * density * np.sqrt(t),
        "theta": -s * density * v / (2 * np.sqrt(t)) - sign * r * present * n2,
        "rho": sign * t * present * n2,
    }


def quantlib() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its SWIG types have no __module__
        import QuantLib
    return QuantLib


def by_quantlib_calculator(inputs: HostArrays) -> HostArrays:
    ql = quantlib()
    rows = []
    for s, k, r, v, t, sign in zip(*(inputs[name].tolist() for name in NAMES), strict=True):
        payoff = ql.PlainVanillaPayoff(ql.Option.Call if sign > 0 else ql.Option.Put, k)
        black = ql.BlackCalculator(payoff, s * math.exp(r * t), v * math.sqrt(t), math.exp(-r * t))
        greeks = black.delta(s), black.gamma(s), black.vega(t), black.theta(s, t), black.rho(t)
        rows.append((black.value(), *greeks))
    return dict(zip(OUTPUTS, np.array(rows).T, strict=True))


def by_quantlib_engine(inputs: HostArrays) -> HostArrays:
    return dict(zip(OUTPUTS, np.array(list(_engine_rows(inputs))).T, strict=True))


def _engine_rows(inputs: HostArrays) -> Iterator[tuple[float, ...]]:
    ql = quantlib()
    today = ql.Date(2, 1, 2026)
    ql.Settings.instance().evaluationDate = today
    count = ql.Actual365Fixed()
    for s, k, r, v, t, sign in zip(*(inputs[name].tolist() for name in NAMES), strict=True):
        curve, none = (
            ql.YieldTermStructureHandle(ql.FlatForward(today, rate, count)) for rate in (r, 0.0)
        )
        surface = ql.BlackVolTermStructureHandle(
            ql.BlackConstantVol(today, ql.NullCalendar(), v, count)
        )
        spot = ql.QuoteHandle(ql.SimpleQuote(s))
        option = ql.VanillaOption(
            ql.PlainVanillaPayoff(ql.Option.Call if sign > 0 else ql.Option.Put, k),
            ql.EuropeanExercise(today + round(t * 365)),
        )
        option.setPricingEngine(
            ql.AnalyticEuropeanEngine(ql.BlackScholesMertonProcess(spot, none, curve, surface))
        )
        yield (
            option.NPV(),
            option.delta(),
            option.gamma(),
            option.vega(),
            option.theta(),
            option.rho(),
        )


@pytest.mark.parametrize("inputs", [grid(), alive(book(3000, 1))], ids=["grid", "book"])
def test_the_reference_agrees_with_scipy(inputs: HostArrays) -> None:
    # SciPy's side takes log(S / K), whose digits a small deviation divides: hence the share.
    assert_agree(by_scipy(inputs), inputs, share=1e-2)


def test_the_reference_agrees_with_quantlibs_analytic_engine() -> None:
    assert_agree(by_quantlib_engine(grid()), grid(), share=1e-2)


def test_the_reference_agrees_with_quantlib_in_the_corners() -> None:
    living = alive(corner_cases())
    # QuantLib divides by the maturity for theta: nothing is left of its digits within hours.
    corners = {name: array[living["maturity"] > 1e-3] for name, array in living.items()}
    assert len(corners["spot"]) > 150
    assert_agree(by_quantlib_calculator(corners), corners, share=1e-2)


def test_an_expired_option_is_worth_its_intrinsic_value() -> None:
    inputs = options(
        *((100.0, k, 0.05, 0.3, 0.0, sign) for k in (80.0, 99.0, 101.0, 130.0) for sign in (1, -1))
    )
    found = price_and_greeks(inputs)
    intrinsic = np.maximum(inputs["sign"] * (inputs["spot"] - inputs["strike"]), 0.0)
    np.testing.assert_array_equal(found["price"], intrinsic)
    np.testing.assert_array_equal(found["delta"], inputs["sign"] * (intrinsic > 0))
    for name in ("gamma", "vega", "rho"):
        np.testing.assert_array_equal(found[name], 0.0)


def test_without_volatility_the_forward_decides() -> None:
    inputs = options((100.0, 102.0, 0.05, 0.0, 1.0, 1.0), (100.0, 110.0, 0.05, 0.0, 1.0, 1.0))
    found = price_and_greeks(inputs)
    np.testing.assert_allclose(found["price"], [100.0 - 102.0 * math.exp(-0.05), 0.0], rtol=1e-15)


def test_the_distribution_keeps_its_digits_in_the_far_tail() -> None:
    x = np.array([-37.0, -20.0, -8.0, -1.0, 0.0, 1.0, 8.0])
    np.testing.assert_allclose(normal_distribution(x), np.exp(log_ndtr(x)), rtol=1e-12)


SPOTS = st.floats(1.0, 1e4)
RATIOS = st.floats(0.3, 3.0)
RATES = st.floats(-0.1, 0.2)
VOLATILITIES = st.floats(0.02, 1.5)
MATURITIES = st.floats(0.01, 20.0)
CONTRACTS = st.tuples(SPOTS, RATIOS, RATES, VOLATILITIES, MATURITIES)


def call_and_put(contract: tuple[float, ...]) -> tuple[HostArrays, HostArrays]:
    spot, ratio, *rest = contract
    inputs = options((spot, spot * ratio, *rest, 1.0), (spot, spot * ratio, *rest, -1.0))
    return inputs, price_and_greeks(inputs)


@given(CONTRACTS)
def test_put_call_parity_holds_for_price_and_every_greek(contract: tuple[float, ...]) -> None:
    inputs, found = call_and_put(contract)
    spot, strike, rate, maturity = (
        float(inputs[name][0]) for name in ("spot", "strike", "rate", "maturity")
    )
    present = strike * math.exp(-rate * maturity)
    difference = {name: float(found[name][0] - found[name][1]) for name in OUTPUTS}
    scale = max(spot, present)
    assert difference["price"] == pytest.approx(spot - present, abs=1e-14 * scale)
    assert difference["delta"] == pytest.approx(1.0, abs=1e-15)
    assert difference["gamma"] == 0.0
    assert difference["vega"] == 0.0
    assert difference["theta"] == pytest.approx(-rate * present, abs=1e-13 * scale)
    assert difference["rho"] == pytest.approx(maturity * present, abs=1e-14 * maturity * scale)


@given(CONTRACTS)
def test_prices_and_greeks_stay_within_their_bounds(contract: tuple[float, ...]) -> None:
    inputs, found = call_and_put(contract)
    spot = float(inputs["spot"][0])
    present = inputs["strike"] * np.exp(-inputs["rate"] * inputs["maturity"])
    slack = 1e-14 * max(spot, float(present[0]))
    call, put = found["price"]
    assert max(0.0, spot - float(present[0])) - slack <= call <= spot + slack
    assert max(0.0, float(present[0]) - spot) - slack <= put <= float(present[0]) + slack
    assert 0.0 <= found["delta"][0] <= 1.0
    assert -1.0 <= found["delta"][1] <= 0.0
    assert (found["gamma"] >= 0.0).all()
    assert (found["vega"] >= 0.0).all()
    assert found["rho"][0] >= 0.0
    assert found["rho"][1] <= 0.0


@given(CONTRACTS, st.floats(1.001, 2.0))
def test_a_call_rises_and_a_put_falls_with_the_spot(
    contract: tuple[float, ...], factor: float
) -> None:
    spot, ratio, *rest = contract
    _, low = call_and_put((spot, ratio, *rest))
    _, high = call_and_put((spot * factor, ratio / factor, *rest))
    slack = 1e-13 * spot * max(ratio, factor)
    assert high["price"][0] >= low["price"][0] - slack
    assert high["price"][1] <= low["price"][1] + slack


@given(CONTRACTS, st.sampled_from([2.0**-6, 0.5, 4.0, 1024.0]))
def test_the_currency_does_not_matter(contract: tuple[float, ...], unit: float) -> None:
    _, found = call_and_put(contract)
    _, scaled = call_and_put((contract[0] * unit, *contract[1:]))
    for name in ("price", "vega", "theta", "rho"):
        np.testing.assert_allclose(scaled[name], unit * found[name], rtol=0.0, atol=1e-300)
    np.testing.assert_array_equal(scaled["delta"], found["delta"])
    np.testing.assert_allclose(scaled["gamma"] * unit, found["gamma"], rtol=0.0, atol=1e-300)


def shifted(inputs: HostArrays, name: str, step: HostArray) -> HostArrays:
    return {**inputs, name: inputs[name] + step}


@pytest.mark.parametrize(
    ("greek", "of", "with_respect_to", "sign"),
    [
        ("delta", "price", "spot", 1.0),
        ("gamma", "delta", "spot", 1.0),
        ("vega", "price", "volatility", 1.0),
        ("theta", "price", "maturity", -1.0),
        ("rho", "price", "rate", 1.0),
    ],
)
def test_a_greek_is_the_derivative_that_it_is_called(
    greek: str, of: str, with_respect_to: str, sign: float
) -> None:
    """Central differences: units and signs, which oracles may define otherwise."""
    inputs = {name: array[276:] for name, array in book(1276, 3).items()}
    step = 1e-5 * inputs["spot"] if with_respect_to == "spot" else np.full(1000, 1e-6)
    up = price_and_greeks(shifted(inputs, with_respect_to, step))[of]
    down = price_and_greeks(shifted(inputs, with_respect_to, -step))[of]
    found = price_and_greeks(inputs)
    slope = sign * (up - down) / (2.0 * step)
    scale = 1.0 / inputs["spot"] if greek == "gamma" else inputs["spot"]
    if greek == "delta":
        scale = np.ones(1000)
    assert np.max(np.abs(slope - found[greek]) / scale) < 1e-5

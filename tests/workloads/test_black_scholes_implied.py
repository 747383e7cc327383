"""Implied volatility: the solver, every kernel, and a judge that looks at the price given back."""

import math
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwdoctor.backends import BACKENDS, backend
from hwdoctor.backends.base import HostArray
from hwdoctor.measure.rounding import round_all
from hwdoctor.measure.verify import check_values, in_judged_terms
from hwdoctor.model import Precision
from hwdoctor.workloads import HostArrays
from hwdoctor.workloads.black_scholes import IMPLIED_VOLATILITY, closed_form, implied_form
from hwdoctor.workloads.black_scholes.coefficients import approximation
from hwdoctor.workloads.black_scholes.implied import QUOTED, quotes
from hwdoctor.workloads.black_scholes.inputs import book, corner_cases
from hwdoctor.workloads.black_scholes.reference import price_and_greeks

PRECISIONS: tuple[Precision, ...] = ("float64", "float32")
SMOKE = 10_000
Verdicts = Callable[..., dict[str, Any]]

LENGTHS = {
    "numpy": {1: "one", SMOKE: "smoke", 50_003: "several threads and chunks"},
    "numba": {1: "one", SMOKE: "smoke", 20_003: "several shares, no whole blocks"},
    "jax": {1: "one", SMOKE: "smoke", 150_001: "blocks that overlap"},
    "torch": {1: "one", SMOKE: "smoke"},
    "mlx": {1: "one", SMOKE: "smoke"},
}


def with_numpy(precision: Precision) -> closed_form.Operations:
    kind: Any = np.float64 if precision == "float64" else np.float32
    integer: Any = np.int64 if precision == "float64" else np.int32
    exp, log_ratio = closed_form.functions_by_bits(
        closed_form.Bits(
            of=lambda x: x.view(integer),
            number=lambda i: i.view(kind),
            to_real=lambda i: i.astype(kind),
            to_integer=lambda x: x.astype(integer),
            rounded=np.round,
        ),
        approximation(precision),
    )
    return closed_form.Operations(
        sqrt=np.sqrt,
        exp=exp,
        log_ratio=log_ratio,
        magnitude=np.abs,
        at_least=np.maximum,
        at_most=np.minimum,
        where=np.where,
    )


def error_of(inputs: HostArrays, precision: Precision) -> float:
    """Largest error of the price given back by the shared solver, of spot."""
    kind: Any = np.float64 if precision == "float64" else np.float32
    host = round_all(inputs, precision)
    given_quotes = (host[name].astype(kind) for name in QUOTED)
    with np.errstate(all="ignore"):
        found = implied_form.solved(with_numpy(precision), approximation(precision), *given_quotes)
    assert found.dtype == kind
    judged = check_values(
        in_judged_terms(IMPLIED_VOLATILITY, host, {"volatility": found}),
        IMPLIED_VOLATILITY.reference(host),
        IMPLIED_VOLATILITY,
        precision,
    )
    assert judged.worst is not None
    assert judged.worst.largest_error is not None
    return judged.worst.largest_error


@pytest.mark.parametrize(("precision", "allowed"), [("float64", 1e-14), ("float32", 1e-6)])
def test_quotes_are_given_back_to_the_last_digits(precision: Precision, allowed: float) -> None:
    assert error_of(quotes(50_000, 1), precision) < allowed


@pytest.mark.parametrize(("precision", "allowed"), [("float64", 2e-14), ("float32", 5e-6)])
def test_wild_deviations_are_solved_in_the_steps_there_are(
    precision: Precision, allowed: float
) -> None:
    """Deviations v sqrt(T) between 0.001 and 11, strikes between a 20th and 20 times the spot."""
    random = np.random.default_rng(5)
    items = 100_000
    maturity = random.uniform(0.1, 3.0, items)
    deviation = np.exp(random.uniform(np.log(1e-3), np.log(11.0), items))
    options = {
        "spot": np.full(items, 100.0),
        "strike": 100.0 * np.exp(random.uniform(-3.0, 3.0, items)),
        "rate": random.uniform(-0.05, 0.1, items),
        "volatility": deviation / np.sqrt(maturity),
        "maturity": maturity,
        "sign": np.where(random.random(items) < 0.5, 1.0, -1.0),
    }
    priced = {**options, "price": price_and_greeks(options)["price"]}
    assert error_of({name: priced[name] for name in QUOTED}, precision) < allowed


def deviation_by_quantlib(quote: HostArrays) -> HostArray:
    """Volatility times the root of the maturity, from a solver that shares no line with ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its SWIG types have no __module__
        import QuantLib
    found = []
    for s, k, r, t, sign, price in zip(*(quote[name].tolist() for name in QUOTED), strict=True):
        kind = QuantLib.Option.Call if sign > 0 else QuantLib.Option.Put
        forward, discount = s * math.exp(r * t), math.exp(-r * t)
        guess, accuracy, evaluations = 0.3, 1e-14, 1000
        found.append(
            QuantLib.blackFormulaImpliedStdDev(
                kind, k, forward, price, discount, 0.0, guess, accuracy, evaluations
            )
        )
    return np.array(found)


def test_quantlib_finds_the_same_volatilities() -> None:
    """Where the price tells the volatility: within a fifth of the money, at some deviation."""
    random = np.random.default_rng(11)
    items = 2_000
    maturity = random.uniform(0.1, 3.0, items)
    options = {
        "spot": np.full(items, 100.0),
        "strike": 100.0 * np.exp(random.uniform(-0.2, 0.2, items)),
        "rate": random.uniform(-0.02, 0.1, items),
        "volatility": random.uniform(0.15, 0.9, items),
        "maturity": maturity,
        "sign": np.where(random.random(items) < 0.5, 1.0, -1.0),
    }
    priced = {**options, "price": price_and_greeks(options)["price"]}
    quote = {name: priced[name] for name in QUOTED}
    ours = implied_form.solved(
        with_numpy("float64"), approximation("float64"), *(quote[name] for name in QUOTED)
    )
    theirs = deviation_by_quantlib(quote) / np.sqrt(maturity)
    np.testing.assert_allclose(ours, theirs, rtol=1e-10)


@given(
    st.floats(-2.0, 2.0),
    st.floats(0.02, 3.0),
    st.floats(-0.1, 0.2),
    st.floats(0.01, 10.0),
    st.sampled_from([1.0, -1.0]),
)
def test_pricing_and_solving_are_inverse(
    log_ratio: float, deviation: float, rate: float, maturity: float, sign: float
) -> None:
    volatility = deviation / maturity**0.5
    row = (100.0, 100.0 * float(np.exp(log_ratio)), rate, volatility, maturity, sign)
    names = ("spot", "strike", "rate", "volatility", "maturity", "sign")
    options = {name: np.array([value]) for name, value in zip(names, row, strict=True)}
    priced = {**options, "price": price_and_greeks(options)["price"]}
    assert error_of({name: priced[name] for name in QUOTED}, "float64") < 2e-14


@pytest.mark.parametrize("offset", [0.0, -1e-9])
def test_a_price_at_or_below_the_intrinsic_value_asks_for_next_to_no_volatility(
    offset: float,
) -> None:
    quote = {
        "spot": np.array([100.0, 100.0, 100.0]),
        "strike": np.array([80.0, 130.0, 100.0]),
        "rate": np.zeros(3),
        "maturity": np.ones(3),
        "sign": np.array([1.0, -1.0, 1.0]),
        "price": np.array([20.0, 30.0, 0.0]) + offset,
    }
    with np.errstate(all="ignore"):
        found = implied_form.solved(
            with_numpy("float64"), approximation("float64"), *(quote[name] for name in QUOTED)
        )
    assert (found >= 0.0).all()
    assert (found < 0.05).all()


CASES = [
    pytest.param(name, device, precision, items, id=f"{name}-{device}-{precision}-{way}")
    for name in BACKENDS
    for device in backend(name).devices
    for precision in backend(name).precisions(device)
    for items, way in LENGTHS[name].items()
    if precision in PRECISIONS and (name, precision) != ("mlx", "float64")
]


@pytest.mark.parametrize(("name", "device", "precision", "items"), CASES)
def test_a_kernel_gives_the_prices_back(
    verdict_on: Verdicts, name: str, device: str, precision: str, items: int
) -> None:
    lengths = tuple(LENGTHS[name])
    found = verdict_on(
        "black_scholes", "implied_volatility", name, device, lengths, precision, items
    )
    assert found["outcome"] == "ok", found["reason"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "precision"), [("torch", "float64"), ("torch", "float32"), ("mlx", "float32")]
)
def test_a_kernel_that_compiles_cpp_gives_the_prices_back(
    verdict_on: Verdicts, name: str, precision: str
) -> None:
    items = 100_001
    found = verdict_on(
        "black_scholes", "implied_volatility", name, "cpu", (items,), precision, items
    )
    assert found["outcome"] == "ok", found["reason"]


def test_double_precision_of_mlx_gives_other_prices_back(verdict_on: Verdicts) -> None:
    """Strict: when MLX's exp becomes double precision this fails, and the exception goes."""
    lengths = tuple(LENGTHS["mlx"])
    asked = ("implied_volatility", "mlx", "cpu", lengths, "float64", SMOKE)
    found = verdict_on("black_scholes", *asked)
    assert found["outcome"] == "wrong-result"
    assert found["errors"]["volatility"] > 1e2


@pytest.mark.parametrize("beyond", [0.0, 50.0])
def test_a_price_at_or_above_the_bound_asks_for_all_the_volatility_there_is(beyond: float) -> None:
    quote = {
        "spot": np.array([100.0, 100.0]),
        "strike": np.array([100.0, 120.0]),
        "rate": np.zeros(2),
        "maturity": np.full(2, 4.0),
        "sign": np.array([1.0, -1.0]),
        "price": np.array([100.0, 120.0]) + beyond,
    }
    with np.errstate(all="ignore"):
        found = implied_form.solved(
            with_numpy("float64"), approximation("float64"), *(quote[name] for name in QUOTED)
        )
    np.testing.assert_allclose(found * 2.0, implied_form.MOST, rtol=0.02)


def test_the_corner_cases_are_those_of_the_book_a_day_before_they_expire() -> None:
    """No volatility explains a price at expiry; elsewhere the contract is asked about as it is."""
    corners, first = corner_cases(), quotes(1_000, 1)
    count = len(corners["spot"])
    alive = corners["maturity"] >= 1.0 / 365.0
    for name in ("spot", "strike", "rate", "sign"):
        np.testing.assert_array_equal(first[name][:count], corners[name])
    np.testing.assert_array_equal(first["maturity"][:count][alive], corners["maturity"][alive])
    np.testing.assert_allclose(first["maturity"][:count][~alive], 1.0 / 365.0)
    assert (~alive).any()
    assert "volatility" not in first


def test_the_corners_hold_what_breaks_careless_solvers() -> None:
    first = quotes(1_000, 1)
    present = first["strike"] * np.exp(-first["rate"] * first["maturity"])
    intrinsic = np.maximum(first["sign"] * (first["spot"] - present), 0.0)
    smaller, over = np.minimum(first["spot"], present), first["price"] - intrinsic
    wanted = {
        "worthless": first["price"] == 0.0,
        "price at the bound": over <= 1e-15 * smaller,
        "vega next to nothing": (over > 0.0) & (over < 1e-12 * smaller),
        "above half of what it can be": over > 0.5 * smaller,
        "deep in": first["sign"] * (first["spot"] - present) > 0.7 * np.maximum(
            first["spot"], present
        ),
        "negative rate": first["rate"] < 0.0,
    }  # fmt: skip
    for sign in (1.0, -1.0):
        seen = {name for name, is_so in wanted.items() if (is_so & (first["sign"] == sign)).any()}
        assert seen == set(wanted)


def judge(fault: Callable[[HostArray], HostArray], precision: Precision = "float64") -> str:
    """The verdict on the true volatilities after something was done to them."""
    whole = book(SMOKE, 2)
    host = round_all(quotes(SMOKE, 2), precision)
    true = round_all({"volatility": whole["volatility"]}, precision)["volatility"]
    outputs = {"volatility": fault(true)}
    return check_values(
        in_judged_terms(IMPLIED_VOLATILITY, host, outputs),
        IMPLIED_VOLATILITY.reference(host),
        IMPLIED_VOLATILITY,
        precision,
    ).outcome


FAULTS = {
    "shifted by one": lambda x: np.roll(x, 1),
    "constant": lambda x: np.full_like(x, 0.2),
    "half a percent off": lambda x: x * 1.005,
    "in percent": lambda x: x * 100.0,
    "the last one missing": lambda x: np.where(np.arange(x.size) < x.size - 1, x, np.nan),
    "stopped early for a few": lambda x: np.where(np.arange(x.size) % 999 == 998, 0.01, x),
}


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_planted_fault_is_refused(fault: Any, precision: Precision) -> None:
    assert judge(lambda x: x, precision) == "ok"
    assert judge(fault, precision) == "wrong-result"


def test_single_precision_is_refused_as_double() -> None:
    assert judge(lambda x: x.astype(np.float32).astype(np.float64)) == "wrong-result"


def test_only_the_price_counts_where_the_volatility_cannot_be_told() -> None:
    """Another volatility is no error as long as it gives the same price."""
    far = corner_cases()["strike"] == 2000.0
    moved = np.concatenate([far, np.zeros(SMOKE - len(far), dtype=bool)])
    still = quotes(SMOKE, 2)["price"] == 0.0

    def elsewhere(volatility: HostArray) -> HostArray:
        return np.where(moved & still, 0.5 * volatility, volatility)

    assert (moved & still).any()
    assert judge(elsewhere) == "ok"


def test_without_terms_of_its_own_a_task_is_judged_as_it_answers() -> None:
    outputs = {"volatility": np.ones(2)}
    plain = replace(IMPLIED_VOLATILITY, judged_as=None)
    assert in_judged_terms(plain, {}, outputs) is outputs

"""Black-Scholes on every backend, and tolerances that tell right from wrong."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from hwdoctor.backends import BACKENDS, backend
from hwdoctor.backends.base import HostArray
from hwdoctor.measure.rounding import round_all
from hwdoctor.measure.verify import CORNER_ITEMS, check_values, choose_items
from hwdoctor.model import Precision
from hwdoctor.workloads import HostArrays, find
from hwdoctor.workloads.black_scholes import OUTPUTS, PRICE, WORKLOAD, closed_form
from hwdoctor.workloads.black_scholes.coefficients import approximation
from hwdoctor.workloads.black_scholes.inputs import NAMES, book, corner_cases
from hwdoctor.workloads.black_scholes.reference import price_and_greeks

Verdicts = Callable[..., dict[str, Any]]
PRECISIONS: tuple[Precision, ...] = ("float64", "float32")
SMOKE = 10_000

LENGTHS = {
    "numpy": {1: "one", SMOKE: "smoke", 100_003: "several threads and chunks"},
    "numba": {
        1: "one",
        SMOKE: "smoke",
        33_003: "several shares, no whole blocks",
        1_400_011: "streamed past the caches, with a rest",
    },
    "jax": {1: "one", SMOKE: "smoke", 150_001: "blocks that overlap"},
    "torch": {1: "one", SMOKE: "smoke"},
    "mlx": {1: "one", SMOKE: "smoke"},
}
"""Lengths at which a kernel goes another way."""
COMPILED = {"torch": 100_001, "mlx": 100_001}
"""Lengths that run a C++ compiler."""


CASES = [
    pytest.param(name, device, precision, items, id=f"{name}-{device}-{precision}-{way}")
    for name in BACKENDS
    for device in backend(name).devices
    for precision in backend(name).precisions(device)
    for items, way in LENGTHS[name].items()
    if precision in PRECISIONS and (name, precision) != ("mlx", "float64")
]


@pytest.mark.parametrize(("name", "device", "precision", "items"), CASES)
def test_a_kernel_agrees_with_the_reference(
    verdict_on: Verdicts, name: str, device: str, precision: str, items: int
) -> None:
    lengths = tuple(LENGTHS[name])
    found = verdict_on("black_scholes", "price", name, device, lengths, precision, items)
    assert found["outcome"] == "ok", found["reason"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "precision"), [("torch", "float64"), ("torch", "float32"), ("mlx", "float32")]
)
def test_a_kernel_that_compiles_cpp_agrees_with_the_reference(
    verdict_on: Verdicts, name: str, precision: str
) -> None:
    items = COMPILED[name]
    found = verdict_on("black_scholes", "price", name, "cpu", (items,), precision, items)
    assert found["outcome"] == "ok", found["reason"]


def test_double_precision_of_mlx_is_not_double(verdict_on: Verdicts) -> None:
    """Strict: when MLX's exp becomes double precision this fails, and the exception goes."""
    lengths = tuple(LENGTHS["mlx"])
    found = verdict_on("black_scholes", "price", "mlx", "cpu", lengths, "float64", SMOKE)
    assert found["outcome"] == "wrong-result"
    assert found["errors"]["price"] > 1e3


def by_numpy(host: HostArrays, precision: Precision) -> HostArrays:
    """The closed form that the fusing frameworks share, on NumPy arrays."""
    kind: Any = np.float64 if precision == "float64" else np.float32
    integer: Any = np.int64 if precision == "float64" else np.int32
    fit = approximation(precision)
    bits = closed_form.Bits(
        of=lambda x: x.view(integer),
        number=lambda i: i.view(kind),
        to_real=lambda i: i.astype(kind),
        to_integer=lambda x: x.astype(integer),
        rounded=np.round,
    )
    exp, log_ratio = closed_form.functions_by_bits(bits, fit)
    operations = closed_form.Operations(
        sqrt=np.sqrt,
        exp=exp,
        log_ratio=log_ratio,
        magnitude=np.abs,
        at_least=np.maximum,
        at_most=np.minimum,
        where=np.where,
    )
    arrays = (host[name].astype(kind) for name in NAMES)
    return dict(zip(OUTPUTS, closed_form.price_and_greeks(operations, fit, *arrays), strict=True))


@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_shared_closed_form_uses_up_a_small_part_of_the_tolerance(precision: Precision) -> None:
    """It leaves room for frameworks whose own functions round less well."""
    host = round_all(book(20_000, 5), precision)
    outputs = by_numpy(host, precision)
    assert {array.dtype.name for array in outputs.values()} == {precision}
    judged = check_values(outputs, price_and_greeks(host), PRICE, precision)
    assert judged.outcome == "ok", judged.reason
    assert judged.worst is not None
    assert judged.worst.largest_error is not None
    share = {"float64": 1e-3, "float32": 0.25}[precision]
    assert judged.worst.largest_error <= share * judged.worst.tolerance, judged.worst


def judge(
    fault: Callable[[HostArrays, HostArrays], HostArrays], precision: Precision = "float64"
) -> str:
    """The verdict on outputs that `fault(inputs, right outputs)` makes."""
    host = round_all(book(SMOKE, 2), precision)
    right = {name: price_and_greeks(host)[name] for name in OUTPUTS}
    outputs = {**right, **fault(host, right)}
    return check_values(outputs, price_and_greeks(host), PRICE, precision).outcome


def everywhere(change: Callable[[HostArray], HostArray]) -> Any:
    return lambda host, right: {name: change(array) for name, array in right.items()}


def one(name: str, change: Callable[[HostArrays, HostArray], HostArray]) -> Any:
    return lambda host, right: {name: change(host, right[name])}


def with_polynomial_distribution(host: HostArrays, right: HostArrays) -> HostArrays:
    """The normal distribution to 1.5e-7: Abramowitz and Stegun, 7.1.26."""

    def distribution(d: HostArray) -> HostArray:
        x = np.abs(d) * np.sqrt(0.5)
        t = 1.0 / (1.0 + 0.3275911 * x)
        factors = (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592, 0.0)
        tail = 0.5 * np.polyval(factors, t) * np.exp(-x * x)
        return np.asarray(np.where(d > 0.0, 1.0 - tail, tail))

    deviation = np.maximum(host["volatility"] * np.sqrt(host["maturity"]), 1e-20)
    drift = host["rate"] * host["maturity"]
    middle = (np.log(host["spot"] / host["strike"]) + drift) / deviation
    first = distribution(host["sign"] * (middle + 0.5 * deviation))
    second = distribution(host["sign"] * (middle - 0.5 * deviation))
    owed = host["strike"] * np.exp(-drift) * second
    return {"price": host["sign"] * (host["spot"] * first - owed), "delta": host["sign"] * first}


def with_single_precision_formulas(host: HostArrays, right: HostArrays) -> HostArrays:
    single = {name: array.astype(np.float32).astype(np.float64) for name, array in host.items()}
    return {name: price_and_greeks(single)[name] for name in OUTPUTS}


def test_the_right_outputs_are_accepted() -> None:
    assert judge(lambda host, right: {}) == "ok"
    assert judge(everywhere(lambda x: x.astype(np.float32)), "float32") == "ok"


FAULTS = {
    "float32 outputs": everywhere(lambda x: x.astype(np.float32)),
    "float32 inputs": with_single_precision_formulas,
    "a distribution good to 1.5e-7": with_polynomial_distribution,
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_less_than_double_precision_is_refused_as_double(fault: Any) -> None:
    assert judge(fault) == "wrong-result"


def test_a_polynomial_distribution_is_a_single_precision_device() -> None:
    host = round_all(book(SMOKE, 2), "float32")
    found = with_polynomial_distribution(host, {})
    error = np.abs(found["delta"] - price_and_greeks(host)["delta"])
    assert 1e-8 < error.max() < 2e-5


FORMULA_FAULTS = {
    "reversed": everywhere(lambda x: x[::-1]),
    "shifted by one": everywhere(lambda x: np.roll(x, 1)),
    "in blocks of another order": everywhere(lambda x: x.reshape(100, 100).T.ravel()),
    "the last block missing": everywhere(lambda x: np.where(np.arange(x.size) < 9_900, x, 0.0)),
    "price and delta swapped": lambda host, right: {
        "price": right["delta"],
        "delta": right["price"],
    },
    "puts priced as calls": lambda host, right: {
        "delta": price_and_greeks({**host, "sign": np.ones(SMOKE)})["delta"]
    },
    "gamma without the spot": one("gamma", lambda host, x: x * host["spot"]),
    "vega per percent": one("vega", lambda host, x: x / 100.0),
    "theta per day": one("theta", lambda host, x: x / 365.0),
    "theta of the other sign": one("theta", lambda host, x: -x),
    "rho without the maturity": one("rho", lambda host, x: x / np.maximum(host["maturity"], 0.1)),
    "rho of a call for both": one("rho", lambda host, x: np.abs(x)),
    "not a number at expiry": one(
        "gamma", lambda host, x: np.where(host["maturity"] == 0.0, np.nan, x)
    ),
    "the rate ignored below zero": lambda host, right: {
        "price": price_and_greeks({**host, "rate": np.maximum(host["rate"], 0.0)})["price"]
    },
    "deviations cut off at 6": lambda host, right: {
        "delta": np.where(np.abs(right["delta"]) > 1.0 - 1e-4, np.sign(right["delta"]), 0.0)
        + np.where(np.abs(right["delta"]) <= 1.0 - 1e-4, right["delta"], 0.0)
    },
}


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("fault", FORMULA_FAULTS.values(), ids=FORMULA_FAULTS.keys())
def test_a_planted_fault_is_refused_in_both_precisions(fault: Any, precision: Precision) -> None:
    assert judge(fault, precision) == "wrong-result"


def test_the_specification_is_what_the_protocol_finds() -> None:
    assert find("black_scholes") is WORKLOAD
    assert WORKLOAD.tasks[0].class_name == "Price"
    assert {size: WORKLOAD.items(PRICE, size) for size in WORKLOAD.sizes} == {
        "smoke": 10_000,
        "small": 1_000_000,
        "full": 10_000_000,
    }
    assert PRICE.unit == "options/s"
    assert PRICE.bytes_moved is not None
    assert PRICE.bytes_moved(10, 4) == 480.0


def test_corner_cases_lead_every_book_and_do_not_depend_on_the_seed() -> None:
    corners = corner_cases()
    count = len(corners["spot"])
    assert count <= CORNER_ITEMS
    for seed in (1, 2):
        for name in NAMES:
            np.testing.assert_array_equal(book(1_000, seed)[name][:count], corners[name])
    assert not np.array_equal(book(1_000, 1)["spot"], book(1_000, 2)["spot"])
    assert len(book(5, 1)["spot"]) == 5


@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_corners_hold_what_breaks_careless_kernels(precision: Precision) -> None:
    corners = round_all(corner_cases(), precision)
    reference = price_and_greeks(corners)
    deviation = corners["volatility"] * np.sqrt(corners["maturity"])
    with np.errstate(divide="ignore"):
        d1 = (np.log(corners["spot"] / corners["strike"])) / deviation
    wanted = {
        "expired": corners["maturity"] == 0.0,
        "expiring": (corners["maturity"] > 0.0) & (corners["maturity"] < 1e-6),
        "no volatility": corners["volatility"] == 0.0,
        "far out": (np.abs(d1) > 8.0) & (np.abs(d1) < 40.0),
        "density underflows": (np.abs(d1) > 40.0) & np.isfinite(d1),
        "negative rate": corners["rate"] < 0.0,
        "deep in": corners["spot"] > 10.0 * corners["strike"],
        "deep out": corners["spot"] * 10.0 < corners["strike"],
        "at the money": corners["spot"] == corners["strike"],
    }
    for sign in (1.0, -1.0):
        assert {
            name for name, is_so in wanted.items() if (is_so & (corners["sign"] == sign)).any()
        } == set(wanted)
    assert all(np.isfinite(array).all() for array in reference.values())


def test_the_verified_sample_of_a_large_book_reaches_its_end() -> None:
    assert PRICE.sample is not None
    chosen = choose_items(1_000_000, PRICE.sample(1_000_000), 1)
    assert chosen is not None
    assert len(chosen) == 100_000
    assert chosen[-1] > 999_000

"""exp, log, erf and the triad: what the tolerances accept, and the planted faults they refuse."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from hwdoctor.backends.base import HostArray
from hwdoctor.measure.rounding import round_all, round_to
from hwdoctor.measure.verify import CORNER_ITEMS, check_values
from hwdoctor.model import Precision
from hwdoctor.workloads import Task
from hwdoctor.workloads.limits import ERF, EXP, LOG, TRIAD, WORKLOAD
from hwdoctor.workloads.limits.reference import SCALAR

Function = Callable[[HostArray], HostArray]

PRECISIONS: tuple[Precision, ...] = ("float64", "float32", "bfloat16")
TRUE: dict[str, Any] = {"exp": np.exp, "log": np.log, "erf": special.erf}
ITEMS = 20_000


def verdict_of(task: Task, function: Function, precision: Precision) -> str:
    """How a function is judged whose values are rounded to the precision in the end."""
    host = round_all(task.inputs(ITEMS, 3), precision)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        outputs = {"y": round_to(np.asarray(function(host["x"]), np.float64), precision)}
    return check_values(outputs, task.reference(host), task, precision).outcome


def in_type(kind: Any, function: Function) -> Function:
    return lambda x: function(x.astype(kind)).astype(np.float64)


def erf_by_polynomial(x: HostArray) -> HostArray:
    """Good to 1.5e-7: Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26."""
    t = 1.0 / (1.0 + 0.3275911 * np.abs(x))
    terms = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)
    polynomial = sum(term * t ** (power + 1) for power, term in enumerate(terms))
    result: HostArray = np.sign(x) * (1.0 - polynomial * np.exp(-x * x))
    return result


def exp_by_two_to_the(x: HostArray) -> HostArray:
    """A careless range reduction: x / log 2 in single precision."""
    result: HostArray = np.exp2(x.astype(np.float32) * np.float32(1.0 / math.log(2.0)))
    return result.astype(np.float64)


def exp_by_bits(x: HostArray) -> HostArray:
    """N. N. Schraudolph's exponential, good to some 3 %: Neural Computation 11 (1999), 853."""
    bits = (x * (2**20 / math.log(2.0)) + (1023 * 2**20 - 60801)).astype(np.int64) << 32
    result: HostArray = bits.view(np.float64)
    return result


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("task", [EXP, LOG, ERF], ids=lambda task: task.name)
def test_the_function_itself_is_accepted(task: Task, precision: Precision) -> None:
    assert verdict_of(task, TRUE[task.name], precision) == "ok"


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("task", [EXP, LOG, ERF], ids=lambda task: task.name)
def test_a_function_computed_in_single_precision_is_accepted_below_double(
    task: Task, precision: Precision
) -> None:
    assert verdict_of(task, in_type(np.float32, TRUE[task.name]), precision) == "ok"


@pytest.mark.parametrize(
    ("task", "precision", "function"),
    [
        pytest.param(ERF, "float32", erf_by_polynomial, id="erf good to 1.5e-7"),
        pytest.param(EXP, "float32", exp_by_two_to_the, id="exp with a rounded argument"),
    ],
)
def test_what_is_good_enough_for_single_precision_is_refused_as_double(
    task: Task, precision: Precision, function: Function
) -> None:
    assert verdict_of(task, function, precision) == "ok"
    assert verdict_of(task, function, "float64") == "wrong-result"


def one_wrong(function: Function, at: int, by: float) -> Function:
    def wrong(x: HostArray) -> HostArray:
        y = function(x)
        y[at] *= 1.0 + by
        return y

    return wrong


FAULTS = [
    pytest.param(EXP, "float64", in_type(np.float32, np.exp), id="exp in float32 as float64"),
    pytest.param(LOG, "float64", in_type(np.float32, np.log), id="log in float32 as float64"),
    pytest.param(ERF, "float64", in_type(np.float32, special.erf), id="erf in float32 as float64"),
    pytest.param(EXP, "float32", in_type(np.float16, np.exp), id="exp in half as float32"),
    pytest.param(LOG, "float32", in_type(np.float16, np.log), id="log in half as float32"),
    pytest.param(EXP, "bfloat16", exp_by_bits, id="exp from the bits of its argument"),
    pytest.param(EXP, "float32", np.exp2, id="base two in place of e"),
    pytest.param(LOG, "bfloat16", np.log2, id="base two in place of e, log"),
    pytest.param(LOG, "float64", np.log1p, id="log of one more"),
    pytest.param(ERF, "float32", special.erfc, id="the complement"),
    pytest.param(ERF, "bfloat16", special.ndtr, id="the normal distribution"),
    pytest.param(ERF, "float32", np.tanh, id="tanh in place of erf"),
    pytest.param(EXP, "float32", one_wrong(np.exp, -1, 1e-4), id="the last one is off"),
    pytest.param(LOG, "float32", one_wrong(np.log, -1, np.nan), id="the last one is not a number"),
    pytest.param(ERF, "float64", lambda x: special.erf(x)[:-1], id="the last one is missing"),
    pytest.param(LOG, "float64", lambda x: np.log(x) + 2e-15, id="a few units off around one"),
    pytest.param(ERF, "bfloat16", np.zeros_like, id="not written"),
]


@pytest.mark.parametrize(("task", "precision", "fault"), FAULTS)
def test_a_planted_fault_is_refused(task: Task, precision: Precision, fault: Function) -> None:
    assert verdict_of(task, fault, precision) == "wrong-result"


@pytest.mark.parametrize("task", [EXP, LOG, ERF], ids=lambda task: task.name)
def test_the_reference_agrees_with_scipy_and_numpy_to_the_last_digits(task: Task) -> None:
    """Both sides round; so the reference is not merely what one C library says."""
    host = task.inputs(ITEMS, 9)
    found, true = task.reference(host)["y"], TRUE[task.name](host["x"])
    np.testing.assert_allclose(found, true, rtol=4 * 2.0**-53, atol=4 * 2.0**-53)


@given(st.floats(-80.0, 80.0), st.floats(1e-30, 1e30), st.floats(-6.0, 6.0))
def test_the_sensitivity_is_the_value_and_its_slope_times_the_argument(
    power: float, positive: float, bounded: float
) -> None:
    exp = EXP.reference({"x": np.array([power])})
    log = LOG.reference({"x": np.array([positive])})
    assert exp["sensitivity"][0] == pytest.approx(exp["y"][0] + abs(power) * math.exp(power))
    assert log["sensitivity"][0] == pytest.approx(abs(log["y"][0]) + positive / positive)
    erf = abs(math.erf(bounded))
    slope = 2.0 / math.sqrt(math.pi) * math.exp(-bounded * bounded)
    assert erf + abs(bounded) * slope < 1.42, "near one wherever erf is not small"


@pytest.mark.parametrize("task", [EXP, LOG, ERF], ids=lambda task: task.name)
def test_corner_cases_lead_and_stay_with_every_seed(task: Task) -> None:
    first, other = (task.inputs(1000, seed)["x"] for seed in (1, 2))
    same = int(np.argmin(first == other))
    assert 12 <= same <= CORNER_ITEMS
    assert not np.array_equal(first, other)
    assert task.inputs(3, 1)["x"].shape == (3,)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_arguments_and_values_are_normal_numbers_in_every_precision(precision: Precision) -> None:
    tiny, huge = float(np.finfo(np.float32).tiny), float(np.finfo(np.float32).max)
    for task in (EXP, LOG, ERF):
        host = round_all(task.inputs(ITEMS, 4), precision)
        for values in (host["x"], task.reference(host)["y"]):
            magnitude = np.abs(values)
            assert ((magnitude == 0.0) | ((magnitude > tiny) & (magnitude < huge))).all()


def triad_verdict(formula: Callable[[Any, Any], Any], precision: Precision) -> str:
    host = round_all(TRIAD.inputs(ITEMS, 6), precision)
    outputs = {"a": round_to(np.asarray(formula(host["b"], host["c"])), precision)}
    return check_values(outputs, TRIAD.reference(host), TRIAD, precision).outcome


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_triad_is_accepted_fused_or_not(precision: Precision) -> None:
    assert triad_verdict(lambda b, c: b + SCALAR * c, precision) == "ok"
    assert triad_verdict(lambda b, c: b + round_to(SCALAR * c, precision), precision) == "ok"


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(lambda b, c: b + 3.1 * c, id="wrong scalar"),
        pytest.param(lambda b, c: b - SCALAR * c, id="wrong sign"),
        pytest.param(lambda b, c: c + SCALAR * b, id="operands swapped"),
        pytest.param(lambda b, c: b + c, id="no scalar"),
        pytest.param(lambda b, c: (b + SCALAR * c)[::-1], id="reversed"),
        pytest.param(lambda b, c: np.where(np.arange(b.size) < b.size - 1, b + SCALAR * c, 0.0),
                     id="the last one not written"),
    ],
)  # fmt: skip
def test_a_wrong_triad_is_refused(fault: Callable[[Any, Any], Any], precision: Precision) -> None:
    assert triad_verdict(fault, precision) == "wrong-result"


def test_single_precision_is_refused_as_a_double_triad() -> None:
    def single(b: HostArray, c: HostArray) -> HostArray:
        result: HostArray = b.astype("f4") + np.float32(SCALAR) * c.astype("f4")
        return result.astype("f8")

    assert triad_verdict(single, "float64") == "wrong-result"
    assert triad_verdict(single, "float32") == "ok"


def test_rates_and_traffic_are_counted_as_the_program_sees_them() -> None:
    assert EXP.work is None, "the elements are the work"
    assert EXP.unit == LOG.unit == ERF.unit == "elements/s"
    assert EXP.bytes_moved is not None
    assert TRIAD.bytes_moved is not None
    assert TRIAD.flops is not None
    assert TRIAD.work is not None
    assert EXP.bytes_moved(1000, 4) == 8000.0
    assert (TRIAD.work(1000, 8), TRIAD.bytes_moved(1000, 8)) == (24_000.0, 24_000.0)
    assert TRIAD.flops(1000) == 2000.0
    assert WORKLOAD.items(TRIAD, "small") == 32 << 20
    assert WORKLOAD.items(EXP, "small") == 1 << 20

"""The judge must be able to fail: every kind of wrong answer, and right ones that look odd."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwdoctor.backends.base import HostArray
from hwdoctor.backends.host import HostRuntime
from hwdoctor.measure.rounding import round_to
from hwdoctor.measure.verify import (
    CORNER_ITEMS,
    Verdict,
    check_placement,
    check_values,
    choose_items,
)
from hwdoctor.model import Precision
from hwdoctor.workloads import Task, Tolerance

PRECISIONS: tuple[Precision, ...] = ("float64", "float32")
RNG = np.random.default_rng(7)
EXPECTED = RNG.normal(size=(8, 8)) + 3.0

TASK = Task(
    name="main",
    inputs=lambda items, seed: {},
    reference=lambda arrays: {},
    tolerances={"out": Tolerance(limits={"float64": 1e-12, "float32": 1e-6}, unit="absolute")},
    unit="items/s",
)


def judge(value: HostArray, precision: Precision = "float64") -> str:
    return check_values({"out": value}, {"out": EXPECTED}, TASK, precision).outcome


def test_the_exact_answer_passes() -> None:
    assert judge(EXPECTED) == "ok"


@pytest.mark.parametrize(
    "fault",
    [
        lambda x: x.T,
        lambda x: x[::-1],
        lambda x: x.astype(np.float32),
        np.zeros_like,
        lambda x: np.full_like(x, np.nan),
        lambda x: np.where(np.arange(x.size).reshape(x.shape) == 63, np.nan, x),
        lambda x: np.where(np.arange(x.size).reshape(x.shape) == 63, np.inf, x),
        lambda x: x[:4],
        lambda x: x.ravel(),
        lambda x: x[:0],
        lambda x: x + 1e-9,
    ],
    ids=[
        "transposed", "reversed", "float32 inside", "zeros", "all NaN", "one NaN", "one infinity",
        "half of it", "flat", "empty", "slightly off",
    ],
)  # fmt: skip
def test_a_planted_fault_is_a_wrong_result(fault: Callable[[HostArray], HostArray]) -> None:
    assert judge(fault(EXPECTED)) == "wrong-result"


def test_float32_rounding_is_right_where_float32_is_asked_for() -> None:
    assert judge(EXPECTED.astype(np.float32), "float32") == "ok"


def test_nan_and_infinity_are_right_where_the_reference_has_them() -> None:
    expected = np.array([np.nan, np.inf, 1.0])
    verdict = check_values({"out": expected.copy()}, {"out": expected}, TASK, "float64")
    assert verdict.outcome == "ok"


def test_an_error_is_measured_in_the_outputs_own_unit() -> None:
    task = Task(
        name="main",
        inputs=lambda items, seed: {},
        reference=lambda arrays: {},
        tolerances={"out": Tolerance(limits={"float64": 1e-3}, unit="of spot", scale="spot")},
        unit="items/s",
    )
    reference = {"out": np.array([1.0, 1000.0]), "spot": np.array([1.0, 1000.0])}
    verdict = check_values({"out": np.array([1.0, 1000.5])}, reference, task, "float64")
    assert verdict.outcome == "ok"
    assert verdict.errors[0].largest_error == pytest.approx(5e-4)


def test_a_scale_may_differ_between_precisions() -> None:
    tolerance = Tolerance(
        limits={"float64": 1e-3, "float32": 1e-3},
        scale={"float64": "small", "float32": "large"},
    )
    task = dataclasses.replace(TASK, tolerances={"out": tolerance})
    reference = {"out": np.ones(3), "small": np.ones(3), "large": np.full(3, 100.0)}
    outcomes = [
        check_values({"out": np.full(3, 1.05)}, reference, task, precision).outcome
        for precision in PRECISIONS
    ]
    assert outcomes == ["wrong-result", "ok"]


class TestOutliers:
    task = dataclasses.replace(
        TASK,
        tolerances={
            "out": Tolerance(limits={"float64": 1e-6, "float32": 1e-6}, outliers={"float32": 0.02})
        },
    )

    def judge(self, off: int, by: float = 1.0, precision: Precision = "float32") -> Verdict:
        value = np.ones(100)
        value[:off] += by
        value[off:] += 1e-7
        return check_values({"out": value}, {"out": np.ones(100)}, self.task, precision)

    def test_as_many_as_the_share_says_may_be_off(self) -> None:
        verdict = self.judge(2)
        assert verdict.outcome == "ok"
        assert verdict.errors[0].largest_error == pytest.approx(1e-7)

    def test_one_more_is_wrong(self) -> None:
        assert self.judge(3).outcome == "wrong-result"

    def test_where_no_share_is_given_none_may(self) -> None:
        assert self.judge(1, precision="float64").outcome == "wrong-result"

    @pytest.mark.parametrize("odd", [np.nan, np.inf])
    def test_what_is_no_number_is_none_of_them(self, odd: float) -> None:
        assert self.judge(1, by=odd).outcome == "wrong-result"


class TestPlacement:
    runtime = HostRuntime("cpu", "float64")

    def judge(self, outputs: dict[str, Any]) -> str:
        return check_placement(outputs, self.runtime, TASK).outcome

    def test_arrays_of_the_backend_in_the_asked_type_pass(self) -> None:
        assert self.judge({"out": EXPECTED}) == "ok"

    def test_another_type_than_asked_is_wrong_however_close(self) -> None:
        assert self.judge({"out": EXPECTED.astype(np.float32)}) == "wrong-result"

    def test_an_array_from_elsewhere_has_fallen_back(self) -> None:
        assert self.judge({"out": [1.0, 2.0]}) == "fell-back"

    def test_a_missing_output_is_wrong(self) -> None:
        assert self.judge({}) == "wrong-result"


@given(st.integers(1, 10**7), st.integers(1, 200_000), st.integers(0, 2**32))
def test_chosen_items_are_distinct_in_range_and_hold_the_corners(
    items: int, wanted: int, seed: int
) -> None:
    chosen = choose_items(items, wanted, seed)
    if chosen is None:
        assert wanted >= items
        return
    assert len(chosen) == len(np.unique(chosen)) == wanted
    assert 0 <= chosen.min() <= chosen.max() < items
    assert set(range(min(CORNER_ITEMS, wanted))) <= set(chosen.tolist())


class TestRounding:
    def test_bfloat16_keeps_eight_bits_and_rounds_to_even(self) -> None:
        values = np.array([1.0, 1.00390625, 1.01171875, -2.5, np.inf, np.nan])
        rounded = round_to(values, "bfloat16")
        np.testing.assert_array_equal(rounded, [1.0, 1.0, 1.015625, -2.5, np.inf, np.nan])

    @given(st.floats(-1e30, 1e30))
    def test_rounding_twice_changes_nothing(self, value: float) -> None:
        once = round_to(np.array([value]), "bfloat16")
        np.testing.assert_array_equal(round_to(once, "bfloat16"), once)

    def test_integers_are_left_alone(self) -> None:
        assert round_to(np.arange(3), "float32").dtype == np.arange(3).dtype

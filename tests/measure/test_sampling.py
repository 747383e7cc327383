"""Sampling, with a clock that the test turns by hand."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwdoctor.measure.sampling import (
    CLOCK_SHARE,
    Plan,
    clock_overhead_seconds,
    collect,
    median_interval,
)


class FakeClock:
    """Advances by `tick` whenever it is read and by what a call is said to cost."""

    def __init__(self, tick: float = 1e-7) -> None:
        self.now = 0.0
        self.tick = tick

    def __call__(self) -> float:
        self.now += self.tick
        return self.now

    def spend(self, seconds: float) -> None:
        self.now += seconds


def test_clock_overhead_is_the_cost_of_a_reading() -> None:
    assert clock_overhead_seconds(FakeClock(tick=1e-6)) == pytest.approx(1e-6, rel=0.01)


@pytest.mark.parametrize("cost", [1e-7, 1e-5, 1e-3, 0.5], ids=str)
def test_a_sample_lasts_long_enough_for_the_clock(cost: float) -> None:
    clock = FakeClock(tick=1e-6)
    samples = collect(lambda: clock.spend(cost), Plan(seconds=0.2), clock=clock)
    assert samples.calls_per_sample * cost >= 1e-6 / CLOCK_SHARE * 0.99 or cost >= 1e-3
    assert min(samples.seconds) == pytest.approx(cost, rel=0.2)


def test_a_steady_call_stops_on_precision() -> None:
    clock = FakeClock()
    samples = collect(lambda: clock.spend(0.01), Plan(seconds=60), clock=clock)
    assert samples.stopped_by == "precision"
    assert len(samples.seconds) == 2 * Plan(seconds=60).least_samples


def test_a_noisy_call_stops_on_time_and_says_so() -> None:
    clock = FakeClock()
    costs = iter(range(1, 100_000))
    samples = collect(lambda: clock.spend(next(costs) / 100), Plan(seconds=5), clock=clock)
    assert samples.stopped_by == "time"


def test_a_call_longer_than_the_budget_still_gets_its_least_samples() -> None:
    clock = FakeClock()
    costs = iter([10, 20, 30, 40, 50, 60, 70, 80])
    samples = collect(lambda: clock.spend(next(costs)), Plan(seconds=1), clock=clock)
    assert len(samples.seconds) == 5
    assert samples.stopped_by == "time"


@given(st.lists(st.floats(1e-9, 1e3), min_size=1, max_size=200))
def test_the_interval_lies_within_the_samples_and_holds_the_median(values: list[float]) -> None:
    ordered = sorted(values)
    low, high = median_interval(ordered)
    assert ordered[0] <= low <= ordered[len(ordered) // 2]
    assert ordered[(len(ordered) - 1) // 2] <= high <= ordered[-1]


def test_the_interval_narrows_with_the_square_root_of_the_samples() -> None:
    few, many = (list(range(n)) for n in (100, 10_000))
    width_few = _relative_width([float(v) for v in few])
    width_many = _relative_width([float(v) for v in many])
    assert width_few / width_many == pytest.approx(10, rel=0.1)


def _relative_width(ordered: list[float]) -> float:
    low, high = median_interval(ordered)
    assert not math.isnan(low)
    return (high - low) / len(ordered)

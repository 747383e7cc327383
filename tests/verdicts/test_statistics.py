"""The laws of ratios and intervals, and what they cover."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwdoctor.verdicts.statistics import Groups, Ratio, estimate, ratio

times = st.floats(min_value=1e-9, max_value=1e4)
groups = st.lists(st.lists(times, min_size=1, max_size=12), min_size=1, max_size=4)


def simulated(
    random: np.random.Generator, *, processes: int, within: float, between: float = 0.0
) -> Groups:
    """Log-normal samples about 1, ten a process, each process with a deviation of its own."""
    return [
        list(np.exp(random.normal(0, between) + random.normal(0, within, 10)))
        for _ in range(processes)
    ]


@given(groups)
def test_the_estimate_is_the_median_of_all_samples(samples: Groups) -> None:
    pooled = [sample for group in samples for sample in group]
    assert estimate(samples, seed=1).median == pytest.approx(float(np.median(pooled)))


@given(groups)
def test_an_interval_contains_its_estimate(samples: Groups) -> None:
    found = estimate(samples, seed=1)
    if found.interval is not None:
        assert found.interval[0] <= found.median * (1 + 1e-12)
        assert found.interval[1] >= found.median * (1 - 1e-12)


@given(groups, groups)
def test_the_ratio_the_other_way_round_is_the_reciprocal(one: Groups, other: Groups) -> None:
    a, b = estimate(one, seed=1), estimate(other, seed=2)
    forth, back = ratio(a, b), ratio(b, a)
    assert forth.value * back.value == pytest.approx(1.0)
    assert forth.told_apart == back.told_apart
    if forth.interval and back.interval:
        assert forth.interval[0] * back.interval[1] == pytest.approx(1.0)
        assert forth.interval[1] * back.interval[0] == pytest.approx(1.0)


@given(groups, groups, st.floats(min_value=1e-3, max_value=1e3))
def test_the_unit_of_time_does_not_matter(one: Groups, other: Groups, factor: float) -> None:
    def scaled(samples: Groups) -> Groups:
        return [[sample * factor for sample in group] for group in samples]

    plain = ratio(estimate(one, seed=1), estimate(other, seed=2))
    in_other_unit = ratio(estimate(scaled(one), seed=1), estimate(scaled(other), seed=2))
    assert in_other_unit.value == pytest.approx(plain.value)
    if plain.interval and in_other_unit.interval:
        assert in_other_unit.interval == pytest.approx(plain.interval)


@given(groups)
def test_the_same_samples_give_the_same_interval(samples: Groups) -> None:
    assert estimate(samples, seed=3).interval == estimate(samples, seed=3).interval


@pytest.mark.parametrize("samples", [[[1.0]], [[1.0, 2.0]], [[1.0], [1.5]]])
def test_too_few_samples_tell_nothing_of_their_spread(samples: Groups) -> None:
    few, many = estimate(samples, seed=1), estimate([[9.0, 9.1, 9.2]], seed=2)
    assert few.interval is None
    assert ratio(few, many).interval is None
    assert not ratio(few, many).told_apart


def test_an_interval_that_holds_one_is_a_tie() -> None:
    assert not Ratio(value=1.1, interval=(0.9, 1.3)).told_apart
    assert not Ratio(value=1.1, interval=(1.0, 1.3)).told_apart
    assert Ratio(value=1.1, interval=(1.05, 1.3)).told_apart
    assert Ratio(value=0.9, interval=(0.8, 0.95)).told_apart


@pytest.mark.parametrize(
    ("processes", "within", "between", "least"),
    [(1, 0.05, 0.0, 0.90), (2, 0.05, 0.0, 0.93), (4, 0.02, 0.02, 0.90), (8, 0.01, 0.03, 0.90)],
    ids=["one-process", "two-processes", "both-levels", "mostly-between"],
)
def test_the_interval_of_a_ratio_of_equals_mostly_holds_one(
    processes: int, within: float, between: float, least: float
) -> None:
    random = np.random.default_rng(11)
    tries = 150
    held = 0
    for attempt in range(tries):
        a, b = (
            estimate(
                simulated(random, processes=processes, within=within, between=between),
                seed=2 * attempt + side,
            )
            for side in (0, 1)
        )
        held += not ratio(a, b).told_apart
    assert held / tries >= least


def test_samples_of_one_process_are_not_taken_for_independent() -> None:
    """Two processes that disagree: pooled naively, the interval would be far too narrow."""
    random = np.random.default_rng(7)
    grouped = [list(random.normal(18.6, 0.05, 40)), list(random.normal(20.0, 0.05, 40))]
    pooled = [[sample for group in grouped for sample in group]]
    honest = estimate([grouped[0], grouped[1]], seed=1).interval
    naive = estimate([grouped[1]], seed=1).interval
    assert honest is not None
    assert naive is not None
    assert len(pooled[0]) == 80
    assert math.log(honest[1] / honest[0]) > 10 * math.log(naive[1] / naive[0])
    assert honest[0] < 18.7
    assert honest[1] > 19.9


def test_a_real_difference_is_told_apart() -> None:
    random = np.random.default_rng(3)
    fast = simulated(random, processes=2, within=0.02)
    slow = [
        [1.1 * sample for sample in group] for group in simulated(random, processes=2, within=0.02)
    ]
    found = ratio(estimate(slow, seed=1), estimate(fast, seed=2))
    assert found.told_apart
    assert found.interval is not None
    assert found.interval[0] < 1.1 < found.interval[1]


def test_long_series_are_thinned_and_keep_their_median() -> None:
    random = np.random.default_rng(3)
    long = [list(random.normal(5, 0.1, 20_000)), list(random.normal(5, 0.1, 3))]
    found = estimate(long, seed=1)
    assert found.median == pytest.approx(5, rel=0.01)
    assert found.interval == pytest.approx((5, 5), rel=0.02)

"""The laws of ratios and intervals, and what they cover."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from hwdoctor.measure.quantiles import student_t
from hwdoctor.verdicts.moderation import MOST_FREEDOM, UNKNOWN, Scatter, suite_scatter
from hwdoctor.verdicts.statistics import Groups, Ratio, estimate, ratio, scatter_of, suite_of

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
    assert estimate(samples).median == pytest.approx(float(np.median(pooled)))


@given(groups)
def test_an_interval_contains_its_estimate(samples: Groups) -> None:
    found = estimate(samples)
    if found.interval is not None:
        assert found.interval[0] <= found.median * (1 + 1e-12)
        assert found.interval[1] >= found.median * (1 - 1e-12)


@given(groups, groups)
def test_the_ratio_the_other_way_round_is_the_reciprocal(one: Groups, other: Groups) -> None:
    a, b = estimate(one), estimate(other)
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

    plain = ratio(estimate(one), estimate(other))
    in_other_unit = ratio(estimate(scaled(one)), estimate(scaled(other)))
    assert in_other_unit.value == pytest.approx(plain.value)
    if plain.interval and in_other_unit.interval:
        assert in_other_unit.interval == pytest.approx(plain.interval)


@given(groups)
def test_the_same_samples_give_the_same_interval(samples: Groups) -> None:
    assert estimate(samples).interval == estimate(samples).interval


@pytest.mark.parametrize("samples", [[[1.0]], [[1.0, 2.0]], [[1.0], [1.5]]])
def test_too_few_samples_tell_nothing_of_their_spread(samples: Groups) -> None:
    few, many = estimate(samples), estimate([[9.0, 9.1, 9.2]])
    assert few.interval is None
    assert ratio(few, many).interval is None
    assert not ratio(few, many).told_apart


def test_an_interval_that_holds_one_is_a_tie() -> None:
    assert not Ratio(value=1.1, error=0.1).told_apart
    assert not Ratio(value=1.1, error=None).told_apart
    assert Ratio(value=1.1, error=0.02).told_apart
    assert Ratio(value=0.9, error=0.02).told_apart
    assert not Ratio(value=1.1, error=0.02, freedom=1).told_apart


@pytest.mark.parametrize(
    ("processes", "within", "between", "least"),
    [(1, 0.05, 0.0, 0.90), (2, 0.05, 0.0, 0.90), (4, 0.02, 0.02, 0.90), (8, 0.01, 0.03, 0.90)],
    ids=["one-process", "two-processes", "both-levels", "mostly-between"],
)
def test_the_interval_of_a_ratio_of_equals_mostly_holds_one(
    processes: int, within: float, between: float, least: float
) -> None:
    random = np.random.default_rng(11)
    tries = 150
    held = 0
    for _ in range(tries):
        a, b = (
            estimate(
                simulated(random, processes=processes, within=within, between=between),
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
    honest = estimate([grouped[0], grouped[1]]).interval
    naive = estimate([grouped[1]]).interval
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
    found = ratio(estimate(slow), estimate(fast))
    assert found.told_apart
    assert found.interval is not None
    assert found.interval[0] < 1.1 < found.interval[1]


def test_a_single_process_does_not_know_what_another_would_show() -> None:
    exact = [[1.0, 1.0, 1.0, 1.0]]
    alone = estimate(exact, assumed=0.1).interval
    assert alone is not None
    assert alone[1] == pytest.approx(math.exp(1.96 * 0.1), rel=1e-3)


def test_the_suite_tells_a_cell_what_its_two_processes_hide() -> None:
    """They agree by chance; everybody else's processes differ by a tenth."""
    agreeing = [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
    suite = Scatter(variance=0.1**2, freedom=8)
    alone, informed = estimate(agreeing).interval, estimate(agreeing, suite=suite).interval
    assert alone == (1.0, 1.0)
    assert informed is not None
    assert informed[1] > 1.1


@pytest.mark.parametrize("between", [0.01, 0.08], ids=["quiet", "virtual-machine"])
@pytest.mark.parametrize("processes", [2, 4, 10])
def test_suites_of_equals_raise_an_alarm_in_one_of_twenty_comparisons(
    processes: int, between: float
) -> None:
    """Cells of very different scatter, each comparison judged as `compare` judges it."""
    random = np.random.default_rng(5)
    cells, nights = 10, 100
    alarms = 0
    for _ in range(nights):
        scatters = between * random.lognormal(0, 0.6, cells)
        both = [
            [simulated(random, processes=processes, within=0.02, between=s) for s in scatters]
            for _ in range(2)
        ]
        suite = suite_scatter(
            [scatter_of(a).pooled_with(scatter_of(b)) for a, b in zip(*both, strict=True)]
        )
        found = [
            ratio(estimate(b), estimate(a), suite=suite).beyond_chance(0.05 / cells)
            for a, b in zip(*both, strict=True)
        ]
        alarms += any(found)
    assert alarms / nights <= 0.1  # 0.05, and two standard errors of so many nights


def test_a_tenth_is_found_at_the_precision_that_measuring_stops_at() -> None:
    """Ten cells, one of them slower; enough processes for half-widths of 3 %."""
    random = np.random.default_rng(6)
    processes, scatter, cells = 30, 0.08, 10
    found = 0
    for _ in range(60):
        a = [simulated(random, processes=processes, within=0.05, between=scatter)
             for _ in range(cells)]  # fmt: skip
        b = [simulated(random, processes=processes, within=0.05, between=scatter)
             for _ in range(cells)]  # fmt: skip
        slow = [[1.1 * sample for sample in group] for group in b[0]]
        suite = suite_of([*a, slow, *b[1:]])
        one = ratio(estimate(slow), estimate(a[0]), suite=suite)
        found += one.beyond_chance(0.05 / cells) and one.value > 1.05
    assert found / 60 >= 0.85


# -- the distributions, against SciPy ---------------------------------------------------------


@given(st.floats(0.5, 0.9999999), st.one_of(st.floats(0.3, 1e5), st.just(math.inf)))
def test_quantiles_of_students_t_are_those_of_scipy(probability: float, freedom: float) -> None:
    expected = float(stats.t.ppf(probability, freedom))
    assert student_t(probability, freedom) == pytest.approx(expected, rel=1e-7, abs=1e-9)


@given(st.floats(0.5, 20), st.floats(1e-4, 1.0), st.integers(0, 2**32 - 1))
def test_the_scatter_of_a_suite_is_found_again(freedom: float, variance: float, seed: int) -> None:
    """Of cells whose variances, and whose chance, are exact quantiles of their distributions.

    What is left to luck is which chance meets which variance: over many pairings, standard
    errors of 4 % of the variance and 5 % of the freedom, so the tolerances are four of them.
    """
    cells, own = 200, 5
    grid = (np.arange(cells) + 0.5) / cells
    prior = stats.invgamma(freedom / 2, scale=freedom * variance / 2).ppf(grid)
    pairing = np.random.default_rng(seed).permutation(grid)
    chance = stats.chi2.ppf(pairing, own) / own
    found = suite_scatter([Scatter(variance=float(v), freedom=own) for v in prior * chance])
    assert found is not None
    assert found.variance == pytest.approx(variance, rel=0.16)
    assert found.freedom == pytest.approx(min(freedom, MOST_FREEDOM), rel=0.2)


def test_cells_that_all_scatter_alike_are_judged_by_what_they_share() -> None:
    alike = [Scatter(variance=0.01 * chance, freedom=4) for chance in (0.9, 1.0, 1.1, 1.0)]
    found = suite_scatter(alike)
    assert found is not None
    assert found.freedom == MOST_FREEDOM
    assert found.variance == pytest.approx(0.01, rel=0.5)


def test_a_few_cells_tell_nothing_of_a_suite() -> None:
    assert suite_scatter([Scatter(variance=0.01, freedom=1)] * 3) is None
    assert suite_scatter([UNKNOWN] * 50) is None

"""Medians and ratios of medians with intervals, from samples grouped by process.

Samples of one process share what that process happened to get (page placement, hash seeds, the
neighbours of a virtual machine at that minute), so they are not independent: five hundred
samples of one process are one observation. The error of a median is therefore that of its
processes' medians (Kalibera and Jones, "Rigorous Benchmarking in Reasonable Time", ISMM 2013),
and because two or three processes hardly know their own scatter, what the other cells of the
suite show of it is taken into account (`moderation`). Everything is on logarithms, so that a
ratio the other way round is the reciprocal.
"""

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hwdoctor.measure.quantiles import student_t
from hwdoctor.results.together import log_medians
from hwdoctor.verdicts.moderation import UNKNOWN, Scatter, suite_scatter

CONFIDENCE = 0.95
FEWEST_SAMPLES = 3
"""With fewer, the samples say nothing of their own spread: there is no interval."""
ASSUMED_SCATTER = 0.015
"""Standard deviation between processes where only one was measured and nothing else is known:
what quiet machines show. Virtual machines show up to 0.1 and more, which two processes reveal."""
ASSUMED_AT_SMOKE = 0.25
"""Of a single short process on a machine that may be busy. Eight whole first looks on a 2-core
virtual machine: small two-threaded kernels fell into kinds that differ by a factor of two."""
MEDIAN_OVER_MEAN = 1.2533
"""Standard error of a median over that of a mean, for many normal samples: sqrt(pi / 2)."""

Groups = Sequence[Sequence[float]]
"""Samples by process; positive and finite."""
Interval = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A median, and what its samples show of their scatter."""

    median: float
    """Of all samples: what is shown and ranked."""
    centre: float
    """Mean over the processes of the logarithm of the median in each: what is tested. Where
    processes fall into a fast and a slow kind, the median of all jumps from one to the other."""
    processes: int
    own: Scatter
    """Between the processes of this cell."""
    within: float | None
    """Standard error of the logarithm if all processes were alike; None: too few samples."""
    suite: Scatter | None = None
    """Between processes in the suite that this cell belongs to."""
    assumed: float = ASSUMED_SCATTER
    """Standard deviation between processes where neither of them tells it."""

    @property
    def interval(self) -> Interval | None:
        """95 % interval of the median."""
        error, freedom = _error([self], self.own, self.suite)
        return _interval(self.median, error, freedom)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """One median over another."""

    value: float
    error: float | None
    """Standard error of `change`; None: too few samples to tell."""
    change: float | None = None
    """Difference of the logarithms of the times as it is tested; None: that of the value."""
    freedom: float = math.inf
    """Degrees of freedom behind that error; infinite where it is assumed."""

    @property
    def interval(self) -> Interval | None:
        """95 % interval of the ratio."""
        return _interval(self.value, self.error, self.freedom)

    @property
    def told_apart(self) -> bool:
        """Whether the interval excludes 1; without an interval nothing is told apart."""
        return self.interval is not None and not self.interval[0] <= 1.0 <= self.interval[1]

    def beyond_chance(self, probability: float) -> bool:
        """Whether equals would differ as much as this with less than that probability."""
        if self.error is None:
            return False
        change = math.log(self.value) if self.change is None else self.change
        return abs(change) > student_t(1 - probability / 2, self.freedom) * self.error


def estimate(
    groups: Groups, *, suite: Scatter | None = None, assumed: float = ASSUMED_SCATTER
) -> Estimate:
    """The median of all samples, and their scatter within and between processes.

    Args:
        groups: at least one sample in at least one process.
        suite: how much processes differ in the suite that this cell belongs to.
        assumed: standard deviation between processes where neither the groups nor the suite
            tell it.
    """
    arrays = [np.asarray(group, dtype=np.float64) for group in groups if len(group)]
    pooled = np.concatenate(arrays)
    return Estimate(
        median=float(np.median(pooled)),
        centre=statistics.fmean(log_medians(groups)),
        processes=len(arrays),
        own=scatter_of(groups),
        within=_within(pooled) if len(pooled) >= FEWEST_SAMPLES else None,
        suite=suite,
        assumed=assumed,
    )


def assumed_scatter(size: str, floor: float | None = None) -> float:
    """Between processes of a cell, where a single one was measured at this size.

    Args:
        size: of the cell.
        floor: the noise floor of the machine at this size, where it was measured.
    """
    if floor is not None:
        return math.log1p(floor) / (student_t((1 + CONFIDENCE) / 2, math.inf) * math.sqrt(2))
    return ASSUMED_AT_SMOKE if size == "smoke" else ASSUMED_SCATTER


def suite_of(cells: Iterable[Groups]) -> Scatter | None:
    """How much processes differ in a whole suite."""
    return suite_scatter([scatter_of(groups) for groups in cells])


def scatter_of(groups: Groups) -> Scatter:
    """The variance of the logarithms of the processes' medians."""
    medians = log_medians(groups)
    if len(medians) < 2:
        return UNKNOWN
    return Scatter(variance=statistics.variance(medians), freedom=len(medians) - 1)


def ratio(numerator: Estimate, denominator: Estimate, *, suite: Scatter | None = None) -> Ratio:
    """`numerator` over `denominator`; the other way round gives the reciprocal.

    Both sides' processes are taken to scatter alike, so that each helps to know the other's.

    Args:
        numerator: one side.
        denominator: the other.
        suite: how much processes differ in the suites of both; None: what the sides hold.
    """
    own = numerator.own.pooled_with(denominator.own)
    error, freedom = _error([numerator, denominator], own, suite or numerator.suite)
    return Ratio(
        value=numerator.median / denominator.median,
        change=numerator.centre - denominator.centre,
        error=error,
        freedom=freedom,
    )


def _error(
    sides: Sequence[Estimate], own: Scatter, suite: Scatter | None
) -> tuple[float | None, float]:
    """Standard error of a sum or difference of logarithms, and its degrees of freedom."""
    if any(side.within is None for side in sides):
        return None, math.inf
    between = suite.moderating(own) if suite else own
    if between.freedom > 0:
        variance = between.variance * sum(1 / side.processes for side in sides)
    else:
        variance = sum(side.assumed**2 / side.processes for side in sides)
    # What several processes scatter contains what each of them scatters within.
    alone = [side.within for side in sides if side.processes == 1 and side.within is not None]
    freedom = between.freedom if between.freedom > 0 else math.inf
    return math.sqrt(variance + sum(within**2 for within in alone)), freedom


def mean_ratio(ratios: Sequence[Ratio]) -> Ratio:
    """The geometric mean; its error is known only if that of every ratio is."""
    value = math.exp(sum(math.log(each.value) for each in ratios) / len(ratios))
    parts = [(each.error**2, each.freedom) for each in ratios if each.error is not None]
    if len(parts) < len(ratios):
        return Ratio(value=value, error=None)
    error = math.sqrt(sum(variance for variance, _ in parts)) / len(ratios)
    return Ratio(value=value, error=error, freedom=_satterthwaite(*parts))


def _interval(value: float, error: float | None, freedom: float) -> Interval | None:
    if error is None:
        return None
    # Two processes that disagree by orders of magnitude know nothing; exp must not overflow.
    reach = min(student_t((1 + CONFIDENCE) / 2, freedom) * error, 100.0)
    return value * math.exp(-reach), value * math.exp(reach)


def _within(samples: npt.NDArray[np.float64]) -> float:
    """Standard error of the logarithm of a process's median, from its quartiles."""
    low, high = np.percentile(np.log(samples), [25, 75])
    deviation = float(high - low) / 1.349  # of a normal distribution
    return MEDIAN_OVER_MEAN * deviation / math.sqrt(len(samples))


def _satterthwaite(*parts: tuple[float, float]) -> float:
    """Degrees of freedom of a sum of variances (F. E. Satterthwaite, Biometrics 2 (1946), 110)."""
    total = sum(variance for variance, _ in parts)
    uncertain = sum(variance**2 / freedom for variance, freedom in parts if variance > 0)
    return total**2 / uncertain if uncertain > 0 else math.inf

"""Medians and ratios of medians with intervals, from samples grouped by process.

Samples of one process share what that process happened to get (page placement, hash seeds,
clock state), so they are not independent. The bootstrap therefore resamples processes first and
samples within them second (Kalibera and Jones, "Rigorous Benchmarking in Reasonable Time",
ISMM 2013). Seeded: the same samples give the same interval.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RESAMPLES = 1000
CONFIDENCE = 0.95
FEWEST_SAMPLES = 3
"""With fewer, the samples say nothing of their own spread: there is no interval."""
MOST_SAMPLES = 500
"""Longer series are thinned evenly for the bootstrap, which can only widen an interval."""

Groups = Sequence[Sequence[float]]
"""Samples by process; positive and finite."""
Interval = tuple[float, float]
Deviations = npt.NDArray[np.float64]
"""Of resampled medians from the median itself: differences of logarithms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A median, and how far resampled medians lie from it (as differences of logarithms)."""

    median: float
    deviations: Deviations | None
    """None: too few samples to tell."""

    @property
    def interval(self) -> Interval | None:
        """95 % interval of the median."""
        return interval_of(self.median, self.deviations)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """One median over another."""

    value: float
    interval: Interval | None

    @property
    def told_apart(self) -> bool:
        """Whether the interval excludes 1; without an interval nothing is told apart."""
        return self.interval is not None and not self.interval[0] <= 1.0 <= self.interval[1]


def estimate(groups: Groups, *, seed: int) -> Estimate:
    """The median of all samples, and its resampled deviations.

    Args:
        groups: at least one sample in at least one process.
        seed: series that are compared need different ones, or their errors would cancel.
    """
    arrays = [np.asarray(group, dtype=np.float64) for group in groups if len(group)]
    pooled = np.concatenate(arrays)
    median = float(np.median(pooled))
    if len(pooled) < FEWEST_SAMPLES:
        return Estimate(median=median, deviations=None)
    step = math.ceil(len(pooled) / MOST_SAMPLES)
    thinned = [array[::step] for array in arrays]
    resampled = _resampled_medians(thinned, np.random.default_rng(seed))
    deviations = np.log(resampled) - math.log(median)
    return Estimate(median=median, deviations=deviations * _small_sample_factor(len(arrays)))


def ratio(numerator: Estimate, denominator: Estimate) -> Ratio:
    """`numerator` over `denominator`; the other way round gives the reciprocal."""
    value = numerator.median / denominator.median
    if numerator.deviations is None or denominator.deviations is None:
        return Ratio(value=value, interval=None)
    return Ratio(
        value=value, interval=interval_of(value, numerator.deviations - denominator.deviations)
    )


def interval_of(value: float, deviations: Deviations | None) -> Interval | None:
    """95 % interval of a value whose logarithm deviates like this."""
    if deviations is None:
        return None
    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(deviations, [tail, 100 - tail])
    # A skewed resampling distribution may miss the estimate itself; an interval may not.
    return value * math.exp(min(low, 0.0)), value * math.exp(max(high, 0.0))


def _small_sample_factor(processes: int) -> float:
    """Resampling m groups finds only (m-1)/m of the variance between them.

    Davison and Hinkley, "Bootstrap Methods and their Application", 1997, section 3.8. Of a
    single process the spread between processes cannot be known at all.
    """
    return math.sqrt(processes / (processes - 1)) if processes > 1 else 1.0


def _resampled_medians(
    groups: list[npt.NDArray[np.float64]], random: np.random.Generator
) -> npt.NDArray[np.float64]:
    sizes = np.array([len(group) for group in groups])
    begins = np.cumsum(sizes) - sizes
    pooled = np.concatenate(groups)
    per_process = math.ceil(len(pooled) / len(groups))
    # A process counts as much as it has samples, as it does in the median of all samples.
    chosen = random.choice(len(groups), size=(RESAMPLES, len(groups)), p=sizes / sizes.sum())
    uniform = random.random((RESAMPLES, len(groups), per_process))
    within = (uniform * sizes[chosen][:, :, None]).astype(np.intp)
    drawn = pooled[begins[chosen][:, :, None] + within].reshape(RESAMPLES, -1)
    medians: npt.NDArray[np.float64] = np.median(drawn, axis=1, overwrite_input=True)
    return medians

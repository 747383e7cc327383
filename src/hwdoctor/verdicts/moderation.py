"""How much processes differ: what few processes of one cell tell, steadied by the other cells.

Two processes that happen to agree prove nothing, and a suite of a hundred cells has many that
happen to agree: judged by their own scatter alone, every A/A comparison would raise alarms. So
each cell's variance is drawn towards that of the suite, the more so the more alike the cells'
variances are (G. K. Smyth, "Linear models and empirical Bayes methods for assessing differential
expression in microarray experiments", Stat. Appl. Genet. Mol. Biol. 3 (2004), article 3).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

FEWEST_CELLS = 4
"""With fewer, the suite tells nothing that a cell does not know itself."""
MOST_FREEDOM = 2.0
"""However alike the cells' variances look: a few dozen cells of two processes cannot tell, and a
suite that is believed too much raises alarms for its most erratic cell."""
_LEAST_VARIANCE = 1e-8
"""A hundredth of a percent, squared: clocks tell no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scatter:
    """A variance of logarithms between processes, and how well it is known."""

    variance: float
    freedom: float
    """Degrees of freedom; 0: not known at all."""

    def moderating(self, own: "Scatter") -> "Scatter":
        """A cell's own scatter drawn towards this one, the suite's."""
        if self.freedom <= 0:
            return own
        freedom = self.freedom + own.freedom
        variance = (self.freedom * self.variance + own.freedom * own.variance) / freedom
        return Scatter(variance=variance, freedom=freedom)

    def pooled_with(self, other: "Scatter") -> "Scatter":
        """Of two groups that scatter alike."""
        freedom = self.freedom + other.freedom
        if freedom <= 0:
            return UNKNOWN
        variance = (self.freedom * self.variance + other.freedom * other.variance) / freedom
        return Scatter(variance=variance, freedom=freedom)


UNKNOWN = Scatter(variance=0.0, freedom=0)


def suite_scatter(cells: Sequence[Scatter]) -> Scatter | None:
    """What the cells have in common; None: too few of them know their scatter.

    The variances are taken to be those of a scaled inverse chi-square distribution, whose
    parameters follow from the mean and the variance of their logarithms (Smyth, section 6.2).
    """
    known = [cell for cell in cells if cell.freedom > 0]
    if len(known) < FEWEST_CELLS:
        return None
    centred = [
        math.log(max(cell.variance, _LEAST_VARIANCE))
        - _digamma(cell.freedom / 2)
        + math.log(cell.freedom / 2)
        for cell in known
    ]
    mean = sum(centred) / len(centred)
    spread = sum((each - mean) ** 2 for each in centred) / (len(centred) - 1)
    excess = spread - sum(_trigamma(cell.freedom / 2) for cell in known) / len(known)
    if excess <= 0:
        return Scatter(variance=math.exp(mean), freedom=MOST_FREEDOM)
    half = _inverse_trigamma(excess)
    variance = math.exp(mean + _digamma(half) - math.log(half))
    return Scatter(variance=variance, freedom=min(2 * half, MOST_FREEDOM))


def _digamma(x: float) -> float:
    """Recurrence up to where the asymptotic series holds (NIST DLMF 5.11.2)."""
    shift = 0.0
    while x < 8:
        shift -= 1 / x
        x += 1
    square = 1 / (x * x)
    return shift + math.log(x) - 0.5 / x - square * (1 / 12 - square * (1 / 120 - square / 252))


def _trigamma(x: float) -> float:
    """Recurrence up to where the asymptotic series holds (NIST DLMF 5.15)."""
    shift = 0.0
    while x < 8:
        shift += 1 / (x * x)
        x += 1
    square = 1 / (x * x)
    series = 1 / x + square / 2 + square / x * (1 / 6 - square * (1 / 30 - square / 42))
    return shift + series


def _inverse_trigamma(value: float) -> float:
    """By bisection of the logarithm: trigamma falls from infinity to nothing."""
    low, high = math.log(1e-3), math.log(1e6)
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if _trigamma(math.exp(middle)) > value else (low, middle)
    return math.exp((low + high) / 2)

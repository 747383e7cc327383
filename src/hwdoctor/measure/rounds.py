"""How many processes a cell gets: as many as it takes to know its time, within limits.

Samples of one process share its memory layout and its minute; only further processes show how
much that matters. A quiet machine needs a handful, a busy virtual one dozens: so a cell gets
another process, in another round, until the 95 % interval of its time is narrow enough, and the
criterion that ended it is recorded.
"""

import dataclasses
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hwdoctor.measure.ceilings import LIMITS
from hwdoctor.measure.quantiles import student_t
from hwdoctor.model import Outcome
from hwdoctor.results.together import log_medians, undisturbed

NARROW = 0.02
"""Half the 95 % interval of the time, relative: two nights that differ by a tenth are then told
apart even among many cells."""
FEWEST_TO_AGREE = 5
"""Two or three processes that agree may do so by chance, and a cell whose processes fall into a
fast and a slow kind would stop just then, at the wrong one."""


@dataclass(frozen=True, kw_only=True)
class Rounds:
    """When to stop starting processes of a cell."""

    least: int
    most: int
    seconds: float
    """Wall clock of all its processes together; `least` are started all the same."""

    @classmethod
    def exactly(cls, count: int) -> "Rounds":
        """So many, whatever they show."""
        return cls(least=count, most=count, seconds=math.inf)


ROUNDS: Mapping[str, Rounds] = {
    "smoke": Rounds.exactly(1),
    "small": Rounds(least=2, most=30, seconds=15.0),
    "full": Rounds(least=2, most=30, seconds=90.0),
}
MOST_OF_A_LIMIT = 4
"""Of a calibration the best process counts, not how well its time is known."""


def rounds_of(workload: str, size: str) -> Rounds:
    """The limits of a cell of this workload at this size."""
    rounds = ROUNDS[size]
    if workload != LIMITS:
        return rounds
    return dataclasses.replace(rounds, most=min(rounds.most, MOST_OF_A_LIMIT))


def stopped_by(outcomes: Sequence[Outcome], rounds: Rounds) -> str | None:
    """Why a cell gets no further process; None: it gets one.

    What is skipped, wrong or broken in one process is not tried in another; what was only
    disturbed is, as long as the disturbed ones are few.
    """
    disturbed = sum(outcome.outcome == "unstable" for outcome in outcomes)
    good = undisturbed(outcomes)
    if len(good) + disturbed < len(outcomes) or disturbed >= max(2, len(good)):
        return "outcome"
    if len(good) < rounds.least and len(outcomes) < rounds.most:
        return None
    if len(outcomes) >= rounds.most:
        return "processes"
    if len(good) >= FEWEST_TO_AGREE and relative_half_width(good) <= NARROW:
        return "precision"
    if sum(outcome.duration_seconds for outcome in outcomes) >= rounds.seconds:
        return "time"
    return None


def relative_half_width(outcomes: Sequence[Outcome]) -> float:
    """Of the 95 % interval of the geometric mean of the processes' medians."""
    medians = log_medians(outcome.samples_seconds for outcome in outcomes)
    if len(medians) < 2:
        return math.inf
    error = statistics.stdev(medians) / math.sqrt(len(medians))
    return math.expm1(min(student_t(0.975, len(medians) - 1) * error, 100.0))

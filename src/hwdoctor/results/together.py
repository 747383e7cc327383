"""What the processes of one cell come to together: whether it counts, and whose samples do.

What is wrong, broken or skipped in one process is so in the cell: it is not proven. What was only
disturbed (`unstable`) in one of many processes is another matter: the others were not, so theirs
are the samples that count. Where the disturbed ones are not outnumbered, nothing is left to trust.
"""

import math
import statistics
from collections.abc import Iterable, Sequence

from hwdoctor.model import Outcome


def obstacle(outcomes: Sequence[Outcome]) -> Outcome | None:
    """The outcome that keeps the cell from counting; None: it counts."""
    broken = next((o for o in outcomes if o.outcome not in ("ok", "unstable")), None)
    if broken is not None:
        return broken
    disturbed = [outcome for outcome in outcomes if outcome.outcome == "unstable"]
    good = len(outcomes) - len(disturbed)
    return disturbed[0] if disturbed and len(disturbed) >= good else None


def undisturbed(outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    """The processes whose samples count, of a cell without an obstacle."""
    return tuple(outcome for outcome in outcomes if outcome.outcome == "ok")


def log_medians(processes: Iterable[Sequence[float]]) -> list[float]:
    """Of the samples of each process that has any: what processes are compared by.

    On logarithms two processes differ by as much whatever the unit of time.
    """
    return [math.log(statistics.median(samples)) for samples in processes if len(samples)]

"""The one configuration to use for everything that was weighed, at one size.

A candidate is a configuration at one precision. Its score is the weighted geometric mean, over
the workloads, of (winner's time / its time), the winner being that of the same workload, size
and precision: a float32 result is not the same work done faster. Between equal scores the higher
precision counts. Only what is proven for every workload is a candidate.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hwdoctor.verdicts.ranking import Contender, Ranking

PRECISIONS = ("float64", "float32", "bfloat16")
"""Highest first."""
SAME_SCORE = 1e-9
"""Scores closer than this are equal: the rounding of a geometric mean."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The best candidate, and where it stands in each workload."""

    configuration: str
    precision: str
    size: str
    score: float
    """1: the fastest everywhere; 0.5: half as fast as each winner."""
    rankings: tuple[Ranking, ...]
    """At this size and precision, one a workload."""
    rivals: int
    """Candidates that were weighed, this one included."""

    @property
    def contenders(self) -> tuple[Contender, ...]:
        """The choice in each of the rankings."""
        found = (ranking.contender(self.configuration) for ranking in self.rankings)
        return tuple(contender for contender in found if contender is not None)


def common_size(
    rankings: Sequence[Ranking], required: Sequence[str], sizes: Sequence[str]
) -> str | None:
    """The largest size at which every required workload has something proven.

    Where there is none, the largest at which anything is; None where nothing is at all.

    Args:
        rankings: all of them.
        required: the workloads that are weighed.
        sizes: known sizes, smallest first; others, sorted by name, count as smaller.
    """
    proven: dict[str, set[str]] = {}
    for ranking in rankings:
        if ranking.winner is not None and ranking.workload in required:
            proven.setdefault(ranking.size, set()).add(ranking.workload)
    order = [*sorted(set(proven) - set(sizes)), *(s for s in sizes if s in proven)]
    common = [size for size in order if proven[size] >= set(required)]
    best = common or order
    return best[-1] if best else None


def choose(rankings: Sequence[Ranking], weights: Mapping[str, float], size: str) -> Choice | None:
    """The best candidate; None where none is proven for every weighed workload.

    Args:
        rankings: all of them.
        weights: every workload that is weighed, its weight above 0.
        size: the one size that is looked at.
    """
    if not weights:
        return None
    at_size = [r for r in rankings if r.size == size and r.workload in weights]
    candidates = [
        candidate
        for precision in sorted({r.precision for r in at_size}, key=rank_of_precision)
        for candidate in _candidates(
            [r for r in at_size if r.precision == precision], precision, weights, size
        )
    ]
    if not candidates:
        return None
    best = max(candidate.score for candidate in candidates)
    chosen = next(c for c in candidates if c.score >= best - SAME_SCORE)
    rivals = sum(1 for c in candidates if c.precision == chosen.precision)
    return Choice(
        configuration=chosen.configuration,
        precision=chosen.precision,
        size=size,
        score=chosen.score,
        rankings=chosen.rankings,
        rivals=rivals,
    )


def _candidates(
    rankings: Sequence[Ranking], precision: str, weights: Mapping[str, float], size: str
) -> list[Choice]:
    """Everybody proven for all workloads at this precision, by name."""
    if {ranking.workload for ranking in rankings} != set(weights):
        return []
    everywhere = set.intersection(*({c.name for c in r.contenders} for r in rankings))
    return [
        Choice(
            configuration=name,
            precision=precision,
            size=size,
            score=_score(name, rankings, weights),
            rankings=tuple(rankings),
            rivals=0,
        )
        for name in sorted(everywhere)
    ]


def _score(name: str, rankings: Sequence[Ranking], weights: Mapping[str, float]) -> float:
    total = sum(weights.values())
    mean = sum(
        weights[ranking.workload] / total * -math.log(ranking.slower_by(name).value)
        for ranking in rankings
    )
    return math.exp(mean)


def rank_of_precision(precision: str) -> tuple[int, str]:
    """To sort by: the higher precision first, unknown ones last."""
    known = precision in PRECISIONS
    return (PRECISIONS.index(precision) if known else len(PRECISIONS), precision)

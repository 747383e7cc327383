"""The fastest configuration that was proven to work on a machine.

Joins what was measured with what was checked. A pure function of a result set: what is unknown
stays unknown, and where nothing is proven the answer is that nothing is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hwdoctor.model import MachineName, Overall, Recommendation
from hwdoctor.results.printable import printable
from hwdoctor.results.result_set import ResultSet
from hwdoctor.verdicts.catalogue import Catalogue
from hwdoctor.verdicts.overall import PRECISIONS, Choice, choose, common_size, rank_of_precision
from hwdoctor.verdicts.proof import judge
from hwdoctor.verdicts.ranking import Ranking, as_winner, rank
from hwdoctor.verdicts.weights import check_known, weigh

SIZES = ("smoke", "small", "full")
MOST_THREADS = 1_000_000
"""A greater number in a file is no count of threads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the user narrows the question to."""

    workloads: tuple[str, ...] = ()
    """Empty: all that were measured."""
    size: str | None = None
    """None: the largest one that is common to all workloads."""
    precision: str | None = None
    weights: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """The published document, and what it was made from."""

    document: Recommendation
    rankings: tuple[Ranking, ...]
    """All of them that the wish leaves, in the document's order."""
    choice: Choice | None
    missing: tuple[str, ...]
    """Weighed workloads with nothing proven at the size that was looked at."""
    size: str | None
    """The size that `overall` speaks of; None: nothing is proven at any."""

    @property
    def anything_proven(self) -> bool:
        """Whether at least one configuration is proven for one workload."""
        return any(ranking.winner is not None for ranking in self.rankings)


def recommend(
    results: ResultSet, machine: MachineName, catalogue: Catalogue, wish: Wish | None = None
) -> Advice:
    """Recommend from the results of one machine.

    Args:
        results: whatever was read; rows of other hardware prove nothing here.
        machine: whose fingerprint decides which rows count.
        catalogue: what the registries know.
        wish: how the user narrows the question.

    Raises:
        UsageError: the wish names a workload, size or precision that nobody knows.
    """
    wish = wish or Wish()
    judged = judge(_about(results, machine), machine.fingerprint, catalogue)
    measured = tuple(dict.fromkeys(cell.workload for cell in judged))
    _check(wish, catalogue, measured, {cell.size for cell in judged})
    weights = weigh(wish.workloads or measured, wish.weights)
    wanted = _wanted(rank(judged, catalogue.configurations), wish, tuple(weights))
    rankings = tuple(sorted(wanted, key=lambda r: _order(r, catalogue)))
    size = wish.size or common_size(rankings, tuple(weights), SIZES)
    choice = choose(rankings, weights, size) if size else None
    return Advice(
        document=Recommendation(
            machine=machine,
            overall=_overall(choice, catalogue) if choice else None,
            workloads=tuple(as_winner(ranking) for ranking in rankings),
        ),
        rankings=rankings,
        choice=choice,
        missing=_missing(rankings, tuple(weights), size),
        size=size,
    )


def _about(results: ResultSet, machine: MachineName) -> ResultSet:
    """Without the rows of machines that are neither this hardware nor called by its name."""
    return ResultSet(
        outcomes=tuple(
            saved
            for saved in results.outcomes
            if saved.machine == machine.name or saved.outcome.fingerprint == machine.fingerprint
        ),
        checks=results.checks,
    )


def _check(wish: Wish, catalogue: Catalogue, measured: Sequence[str], sizes: set[str]) -> None:
    workloads = tuple(dict.fromkeys((*catalogue.workloads, *measured)))
    check_known((*wish.workloads, *wish.weights), workloads, what="workload")
    if wish.size is not None:
        check_known((wish.size,), (*SIZES, *sorted(sizes - set(SIZES))), what="size")
    if wish.precision is not None:
        check_known((wish.precision,), PRECISIONS, what="precision")


def _wanted(
    rankings: Sequence[Ranking], wish: Wish, workloads: Sequence[str]
) -> tuple[Ranking, ...]:
    return tuple(
        ranking
        for ranking in rankings
        if ranking.workload in workloads
        and wish.size in (None, ranking.size)
        and wish.precision in (None, ranking.precision)
    )


def _order(ranking: Ranking, catalogue: Catalogue) -> tuple[int, str, int, str, int, str]:
    """Built-in workloads first, sizes from small to full, the higher precision first."""
    known = catalogue.workloads
    place = known.index(ranking.workload) if ranking.workload in known else len(known)
    size = SIZES.index(ranking.size) if ranking.size in SIZES else len(SIZES)
    return (place, ranking.workload, size, ranking.size, *rank_of_precision(ranking.precision))


def _missing(
    rankings: Sequence[Ranking], workloads: Sequence[str], size: str | None
) -> tuple[str, ...]:
    proven = {r.workload for r in rankings if r.winner is not None and r.size == size}
    return tuple(name for name in workloads if name not in proven)


def _overall(choice: Choice, catalogue: Catalogue) -> Overall:
    needed = catalogue.variables.get(choice.configuration, frozenset())
    capsules = [contender.judged.outcomes[0].capsule for contender in choice.contenders]
    shared = set.intersection(*(set(capsule.environment.items()) for capsule in capsules))
    threads = {capsule.threads for capsule in capsules}
    count = threads.pop() if len(threads) == 1 else None
    return Overall(
        configuration=printable(choice.configuration),
        precision=printable(choice.precision),
        environment={k: printable(v) for k, v in sorted(shared) if k in needed},
        threads=count if count is not None and 0 < count <= MOST_THREADS else None,
        reason=_reason(choice),
    )


def _reason(choice: Choice) -> str:
    """One sentence."""
    among = f"{choice.rivals} configurations" if choice.rivals > 1 else "the only configuration"
    where = f"at size {printable(choice.size)} in {printable(choice.precision)}"
    names = ", ".join(printable(ranking.workload) for ranking in choice.rankings)
    if choice.rivals == 1:
        return f"{among} proven for {names} {where}"
    if len(choice.rankings) == 1:
        ranking = choice.rankings[0]
        tied = ranking.tied()
        tie = f", not to be told from {', '.join(printable(t) for t in tied)}" if tied else ""
        return f"fastest of {among} proven for {names} {where}{tie}"
    return (
        f"best of {among} proven for all of {names} {where}: by weighted geometric mean "
        f"{choice.score:.0%} as fast as each one's winner"
    )

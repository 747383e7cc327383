"""The proven configurations of one workload at one size and precision, fastest first.

The order is that of the medians; whether a difference is real is the interval's to say, and a
tie is told as a tie.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from hwdoctor.model import Excluded, WorkloadWinner
from hwdoctor.results.printable import printable
from hwdoctor.verdicts.moderation import Scatter
from hwdoctor.verdicts.proof import Cell, Judged
from hwdoctor.verdicts.statistics import Estimate, Ratio, assumed_scatter, estimate, ratio, suite_of

NOT_MEASURED = "not-measured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """A proven cell and its time."""

    judged: Judged
    seconds: Estimate

    @property
    def name(self) -> str:
        """The configuration."""
        return self.judged.cell.configuration


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """Everybody at one workload, size and precision."""

    workload: str
    size: str
    precision: str
    contenders: tuple[Contender, ...]
    """Fastest first."""
    excluded: tuple[Excluded, ...]

    @property
    def winner(self) -> Contender | None:
        """The fastest one, if anything is proven."""
        return self.contenders[0] if self.contenders else None

    def contender(self, configuration: str) -> Contender | None:
        """A proven configuration by name."""
        return next((c for c in self.contenders if c.name == configuration), None)

    def slower_by(self, configuration: str) -> Ratio:
        """A proven configuration's time over the winner's."""
        winner, other = self.winner, self.contender(configuration)
        assert winner is not None
        assert other is not None
        return ratio(other.seconds, winner.seconds)

    def tied(self) -> tuple[str, ...]:
        """Those that cannot be told from the winner."""
        others = (c.name for c in self.contenders[1:])
        return tuple(name for name in others if not self.slower_by(name).told_apart)


def rank(judged: Mapping[Cell, Judged], configurations: Sequence[str]) -> tuple[Ranking, ...]:
    """One ranking per workload, size and precision that was measured, in the given order.

    Args:
        judged: every cell.
        configurations: all that there can be; those never tried are listed as such.
    """
    suite = suite_of(_groups(entry) for entry in judged.values() if entry.proven)
    grouped: dict[tuple[str, str, str], list[Judged]] = {}
    for cell, entry in judged.items():
        grouped.setdefault(cell[:3], []).append(entry)
    return tuple(
        Ranking(
            workload=workload,
            size=size,
            precision=precision,
            contenders=_contenders(entries, suite),
            excluded=_excluded(entries, configurations),
        )
        for (workload, size, precision), entries in grouped.items()
    )


def as_winner(ranking: Ranking) -> WorkloadWinner:
    """The ranking as an entry of the published document."""
    head = WorkloadWinner(
        workload=printable(ranking.workload),
        size=printable(ranking.size),
        precision=printable(ranking.precision),
        winner=None,
        excluded=ranking.excluded,
    )
    winner = ranking.winner
    if winner is None:
        return head
    value, unit, interval = throughput(winner)
    following = ranking.contenders[1] if len(ranking.contenders) > 1 else None
    to_next = ratio(following.seconds, winner.seconds) if following else None
    return WorkloadWinner(
        workload=head.workload,
        size=head.size,
        precision=head.precision,
        winner=printable(winner.name),
        value=value,
        unit=unit,
        interval=interval,
        ratio_to_next=to_next.value if to_next else None,
        ratio_interval=to_next.interval if to_next else None,
        next=printable(following.name) if following else None,
        tie_with=tuple(printable(name) for name in ranking.tied()),
        excluded=head.excluded,
    )


def throughput(contender: Contender) -> tuple[float, str, tuple[float, float] | None]:
    """Work per second at the median, its unit, and its 95 % interval."""
    work, unit = _work(contender.judged)
    seconds = contender.seconds
    interval = seconds.interval
    slow_to_fast = (work / interval[1], work / interval[0]) if interval else None
    return work / seconds.median, unit, slow_to_fast


def _work(judged: Judged) -> tuple[float, str]:
    """Units of work in one call; calls themselves where no throughput was recorded."""
    outcome = judged.outcomes[0]
    told = outcome.throughput
    if told is None or not 0 < told.value < 1e30:
        return 1.0, "calls/s"
    return told.value * median(outcome.samples_seconds), printable(told.unit)


def _contenders(entries: Iterable[Judged], suite: Scatter | None) -> tuple[Contender, ...]:
    contenders = (
        Contender(
            judged=entry,
            seconds=estimate(_groups(entry), suite=suite, assumed=assumed_scatter(entry.cell.size)),
        )
        for entry in entries
        if entry.proven
    )
    return tuple(sorted(contenders, key=lambda c: (c.seconds.median, c.name)))


def _groups(entry: Judged) -> list[Sequence[float]]:
    return [outcome.samples_seconds for outcome in entry.outcomes]


def _excluded(entries: Sequence[Judged], configurations: Sequence[str]) -> tuple[Excluded, ...]:
    by_name = {entry.cell.configuration: entry for entry in entries}
    excluded = []
    for name in dict.fromkeys((*configurations, *by_name)):
        entry = by_name.get(name)
        if entry is None:
            excluded.append(
                Excluded(configuration=printable(name), outcome=NOT_MEASURED, reason="not measured")
            )
        elif entry.reason is not None:
            excluded.append(
                Excluded(
                    configuration=printable(name),
                    outcome=entry.outcome,
                    reason=printable(entry.reason),
                    code=printable(entry.code) if entry.code else None,
                )
            )
    return tuple(excluded)

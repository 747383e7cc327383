"""What is recommended after a night, and whether that changed since the last good one.

Pure. What is recommended now is what `hwdoctor recommend` answers from the same files: tonight's
rows, and older ones of the cells that tonight has none of.
"""

from collections.abc import Iterator

from hwdoctor.measure.run import Run
from hwdoctor.model import MachineName, Overall, Recommendation, WorkloadWinner
from hwdoctor.model.night import NightAdvice, WinnerChange
from hwdoctor.results.result_set import ResultSet
from hwdoctor.verdicts.catalogue import Catalogue
from hwdoctor.verdicts.night_cells import with_gaps_filled
from hwdoctor.verdicts.recommend import recommend


def advice(
    tonight: ResultSet, before: ResultSet | None, run: Run, catalogue: Catalogue
) -> NightAdvice:
    """Recommend from tonight's results, and from those of the last good night alone."""
    machine = MachineName(name=run.machine, fingerprint=run.fingerprint)
    joined = tonight if before is None else with_gaps_filled(tonight, before)
    now = recommend(joined, machine, catalogue).document
    if before is None:
        return NightAdvice(now=now.overall)
    then = recommend(before, machine, catalogue).document
    return NightAdvice(
        now=now.overall,
        before=then.overall,
        compared=True,
        changed=_named(now.overall) != _named(then.overall),
        winners=tuple(_winners(then, now)),
    )


def _named(overall: Overall | None) -> tuple[str, str] | None:
    return None if overall is None else (overall.configuration, overall.precision)


def _winners(then: Recommendation, now: Recommendation) -> Iterator[WinnerChange]:
    old = {_key(entry): entry for entry in then.workloads}
    for entry in now.workloads:
        before = old.get(_key(entry))
        if before is None or before.winner == entry.winner:
            continue
        yield WinnerChange(
            workload=entry.workload,
            size=entry.size,
            precision=entry.precision,
            before=before.winner,
            now=entry.winner,
            tie=before.winner is not None and before.winner in entry.tie_with,
        )


def _key(entry: WorkloadWinner) -> tuple[str, str, str]:
    return entry.workload, entry.size, entry.precision

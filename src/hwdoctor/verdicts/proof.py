"""Which cells are proven on a machine, and why the others are not.

Proven: in the latest run that has the cell, every process says `ok`, on this very hardware, and
neither the check saved with that run nor the machine's latest one holds anything against the
configuration. Whatever is missing for that makes the cell unproven, with a reason; nothing is
taken on trust because it looks plausible.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import NamedTuple

from hwdoctor.model import CheckReport, Outcome, fingerprint
from hwdoctor.results.result_set import ResultSet, SavedOutcome
from hwdoctor.results.together import obstacle, undisturbed
from hwdoctor.verdicts.catalogue import Catalogue
from hwdoctor.verdicts.standing import standing

SHORTEST_CALL_SECONDS = 1e-12
LONGEST_CALL_SECONDS = 1e9
"""What lies outside is no measurement: a file may say anything."""

_WORST_FIRST = (
    "wrong-result",
    "fell-back",
    "crashed",
    "out-of-memory",
    "timeout",
    "failed",
    "unstable",
    "skipped",
)
_DAWN = datetime.min.replace(tzinfo=UTC)


class Cell(NamedTuple):
    """What is judged: the first task of a workload in one configuration."""

    workload: str
    size: str
    precision: str
    configuration: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A cell, what became of it in its latest run, and whether that proves it."""

    cell: Cell
    outcome: str
    reason: str | None = None
    """Why it is not proven; None: it is."""
    code: str | None = None
    """Of the finding that is the reason, where one is."""
    outcomes: tuple[Outcome, ...] = ()
    """Of the latest run, one a process."""

    @property
    def proven(self) -> bool:
        """Only what is proven may be ranked."""
        return self.reason is None


def judge(results: ResultSet, on: str | None, catalogue: Catalogue) -> dict[Cell, Judged]:
    """Judge every cell of the results for the machine with the fingerprint `on`."""
    rows = _first_task_rows(results.outcomes, catalogue)
    checks = {(c.machine, c.stem): c.report for c in results.checks}
    latest_check = _latest_check(results.outcomes, checks, on)
    by_cell: dict[Cell, list[SavedOutcome]] = {}
    for row in rows:
        by_cell.setdefault(_cell(row.outcome), []).append(row)
    judged = {}
    for cell, candidates in by_cell.items():
        here = [row for row in candidates if on is not None and row.outcome.fingerprint == on]
        if not here:
            kind = candidates[-1].outcome.outcome
            reason = "measured on other hardware, or without saying on which"
            judged[cell] = Judged(cell=cell, outcome=kind, reason=reason)
            continue
        run = _latest_run(here)
        own_check = checks.get((run[0].machine, run[0].stem))
        judged[cell] = _judged(cell, run, own_check, latest_check, on)
    return _same_problem_only(judged)


def moment(text: str) -> datetime:
    """A time stamp as a comparable moment; one that is none counts as the earliest."""
    try:
        stamp = datetime.fromisoformat(text)
    except ValueError:
        return _DAWN
    return stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)


def _first_task_rows(
    rows: Sequence[SavedOutcome], catalogue: Catalogue
) -> tuple[SavedOutcome, ...]:
    """Rows of the tasks that stand for their workloads; calibration is not to be ranked."""
    seen: dict[str, list[str]] = {}
    for row in rows:
        seen.setdefault(row.outcome.workload, []).append(row.outcome.task)
    task = {}
    for workload, tasks in seen.items():
        first = catalogue.first_tasks.get(workload)
        task[workload] = first if first in tasks else tasks[0]
    return tuple(
        row
        for row in rows
        if row.outcome.workload not in catalogue.calibration
        and row.outcome.task == task[row.outcome.workload]
    )


def _cell(outcome: Outcome) -> Cell:
    given = outcome.parameters
    return Cell(outcome.workload, given.size, given.precision, given.configuration)


def _latest_run(rows: Sequence[SavedOutcome]) -> list[SavedOutcome]:
    """The rows of the run that began a cell last."""
    runs: dict[tuple[str, str, str], list[SavedOutcome]] = {}
    for row in rows:
        runs.setdefault((row.machine, row.stem, row.outcome.run), []).append(row)
    return max(runs.values(), key=_began)


def _began(rows: Iterable[SavedOutcome]) -> datetime:
    return max(moment(row.outcome.started_at) for row in rows)


def _latest_check(
    rows: Sequence[SavedOutcome],
    checks: Mapping[tuple[str, str], CheckReport],
    on: str | None,
) -> CheckReport | None:
    """The check of the newest run on this hardware. A check has no time but its run's."""
    with_check = [
        row for row in rows if row.outcome.fingerprint == on and (row.machine, row.stem) in checks
    ]
    if not with_check:
        return None
    newest = max(with_check, key=lambda row: moment(row.outcome.started_at))
    return checks[newest.machine, newest.stem]


def _judged(
    cell: Cell,
    run: Sequence[SavedOutcome],
    own_check: CheckReport | None,
    latest_check: CheckReport | None,
    on: str | None,
) -> Judged:
    outcomes = tuple(row.outcome for row in sorted(run, key=lambda row: row.outcome.process))
    judged = Judged(cell=cell, outcome="ok", outcomes=undisturbed(outcomes))
    if obstacle(outcomes) is not None:
        judged = replace(judged, outcomes=outcomes)
        bad = [outcome for outcome in outcomes if outcome.outcome != "ok"]
        worst = min(bad, key=lambda outcome: _WORST_FIRST.index(outcome.outcome))
        share = f" ({len(bad)} of {len(outcomes)} processes)" if len(bad) < len(outcomes) else ""
        reason = explained(worst) + share
        return replace(judged, outcome=worst.outcome, reason=reason, code=worst.code)
    if not all(_has_samples(outcome) for outcome in judged.outcomes):
        return replace(judged, reason="no usable samples")
    if own_check is None:
        return replace(judged, reason="no check was saved with the run")
    if fingerprint(own_check.facts) != on:
        return replace(judged, reason="the check saved with the run is of other hardware")
    for check in (own_check, latest_check):
        against = check and standing(check, cell.configuration, cell.precision)
        if against:
            return replace(judged, reason=against.summary, code=against.code)
    return judged


def explained(outcome: Outcome) -> str:
    """Why an outcome is not `ok`, in words."""
    if outcome.outcome == "wrong-result" and outcome.tolerance is not None:
        error = outcome.largest_error
        if error is None or error > outcome.tolerance:
            size = "not a number" if error is None else f"{error:.2g}"
            return f"largest error {size}, tolerance {outcome.tolerance:g}"
    return outcome.reason or outcome.exception or outcome.signal or "no reason was recorded"


def _has_samples(outcome: Outcome) -> bool:
    samples = outcome.samples_seconds
    return bool(samples) and all(
        SHORTEST_CALL_SECONDS <= sample <= LONGEST_CALL_SECONDS for sample in samples
    )


def _same_problem_only(judged: dict[Cell, Judged]) -> dict[Cell, Judged]:
    """Times are comparable only for one version and amount of work: the newest measured."""
    newest: dict[tuple[str, str, str], Judged] = {}
    for entry in judged.values():
        if entry.proven:
            newest[entry.cell[:3]] = max(newest.get(entry.cell[:3], entry), entry, key=_time)
    return {
        cell: entry
        if not entry.proven or _problem(entry) == _problem(newest[cell[:3]])
        else replace(entry, reason=_stale(entry, newest[cell[:3]]))
        for cell, entry in judged.items()
    }


def _time(entry: Judged) -> datetime:
    return max(moment(outcome.started_at) for outcome in entry.outcomes)


def _problem(entry: Judged) -> tuple[str, int | None]:
    capsule = entry.outcomes[0].capsule
    return capsule.workload_version, capsule.items


def _stale(entry: Judged, newest: Judged) -> str:
    old, new = entry.outcomes[0].capsule, newest.outcomes[0].capsule
    if old.workload_version != new.workload_version:
        return (
            f"measured with version {old.workload_version} of the workload, "
            f"the others with {new.workload_version}"
        )
    return f"measured over {old.items} items, the others over {new.items}"

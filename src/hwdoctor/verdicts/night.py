"""The judgement of one night: is the machine, and everything on it, as good as it was?

Pure: what was checked and measured goes in, one document comes out, and every part of the
verdict stands in it as a reason. What was not measured is part of the answer: a night in which
half of the cells could not run must not read like a good one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from hwdoctor.measure.past_runs import PastRun
from hwdoctor.measure.run import Run
from hwdoctor.model import CheckReport, Finding, MachineName
from hwdoctor.model.night import (
    Drift,
    FactChange,
    LastGoodNight,
    Night,
    NightCheck,
    NightFinding,
    NightMark,
)
from hwdoctor.results.printable import printable
from hwdoctor.results.result_set import ResultSet
from hwdoctor.rules import difference
from hwdoctor.verdicts import night_advice, night_cells
from hwdoctor.verdicts.catalogue import Catalogue
from hwdoctor.verdicts.measured import Key
from hwdoctor.verdicts.night_cells import Changed
from hwdoctor.verdicts.night_verdict import Found, Told, against, failed
from hwdoctor.verdicts.nights import Choice
from hwdoctor.version import __version__


@dataclass(frozen=True, slots=True, kw_only=True)
class Tonight:
    """What was done."""

    run: Run
    results: ResultSet
    """Of this run only."""
    check: CheckReport
    left_out: Mapping[Key, str] = field(default_factory=dict)
    """Cells that were asked for and not tried, and why."""
    selection: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What it is held against."""

    last: PastRun
    results: ResultSet
    """Of the last good night, its gaps filled from older ones."""
    older_cells: int = 0
    anchor: PastRun | None = None
    """Where drift is measured from, if that is another night."""
    anchor_results: ResultSet | None = None


def judge(
    tonight: Tonight,
    choice: Choice,
    before: Before | None,
    catalogue: Catalogue,
    *,
    old_check: CheckReport | None = None,
    fail_percent: float = 0.0,
) -> Night:
    """Judge a night.

    Args:
        tonight: what was checked and measured.
        choice: which nights came before.
        before: the last good one; None: there is none.
        catalogue: what the registries know, for the recommendation.
        old_check: of the last good night, or of the latest one on hardware that was replaced.
        fail_percent: a cell that is slower by no more than this is told and is no failure. The
            next night is then still compared with the same good one: small steps add up.
    """
    now = night_cells.states(tonight.results)
    then = night_cells.states(before.results) if before else {}
    changed = night_cells.changed(then, now) if before else Changed()
    found = Found(
        check=tonight.check,
        choice=choice,
        measured=sum(1 for state in now.values() if state.outcome == "ok"),
        changed=changed,
        told=_told(tonight, before),
        still_open=night_cells.still_open(choice.open, now, tonight.left_out),
        fail_percent=fail_percent,
    )
    run = tonight.run
    return Night(
        hwdoctor=__version__,
        verdict=found.verdict(),
        reasons=tuple(printable(reason) for reason in found.reasons()),
        usable=found.usable(),
        first=choice.first,
        run=run.id,
        stem=run.stem,
        machine=MachineName(name=run.machine, fingerprint=run.fingerprint),
        size=run.size,
        started_at=run.started_at.isoformat(),
        selection=tonight.selection,
        baseline=_baseline(before) if before else None,
        passed_over=choice.passed_over,
        check=_check(tonight.check, old_check),
        cells_measured=found.measured,
        cells=len(now) + len(tonight.left_out),
        cells_disturbed=night_cells.disturbed(tonight.results),
        summary=found.told.compared.document.summary[0] if found.told else None,
        differences=found.told.differences if found.told else (),
        slower=found.slower,
        faster=found.of("faster"),
        slower_with_machine=found.slower_with_machine(),
        broken=changed.broken,
        repaired=changed.repaired,
        new=changed.new,
        open=found.open(),
        not_measured=night_cells.not_measured(then, now, tonight.left_out),
        drift=_drift(tonight, before),
        recommendation=night_advice.advice(
            tonight.results, before.results if before else None, run, catalogue
        ),
    )


def mark_of(night: Night, at: str) -> NightMark:
    """What the next night needs to know about this one.

    Args:
        night: as it was judged.
        at: when, in UTC.
    """
    return NightMark(
        run=night.run,
        at=at,
        verdict=night.verdict,
        usable=night.usable,
        baseline=night.baseline.run if night.baseline else None,
        selection=night.selection,
        reasons=night.reasons,
        open=night.open,
        cells_measured=night.cells_measured,
    )


def accepted(mark: NightMark, at: str) -> NightMark:
    """The same night, accepted by a person: later ones are compared with it."""
    return msgspec.structs.replace(mark, at=at, usable=True, accepted=True, open=())


def _told(tonight: Tonight, before: Before | None) -> Told | None:
    if before is None or not tonight.results.outcomes:
        return None
    return against(tonight.results, before.results, before.last.run)


def _baseline(before: Before) -> LastGoodNight:
    last = before.last
    return LastGoodNight(
        run=last.run.id,
        started_at=last.run.started_at.isoformat(),
        accepted=last.mark is not None and last.mark.accepted,
        older_cells=before.older_cells,
    )


def _check(now: CheckReport, old: CheckReport | None) -> NightCheck:
    stands = NightCheck(
        verdict=now.verdict, profiles=now.profiles, errors=_brief(failed(now)), compared=False
    )
    if old is None:
        return stands
    found = difference.compare(old, now)
    return NightCheck(
        verdict=now.verdict,
        profiles=now.profiles,
        errors=stands.errors,
        compared=True,
        appeared=_brief(found.appeared),
        disappeared=_brief(found.disappeared),
        undecided=found.undecided,
        changes=tuple(
            FactChange(what=change.what, before=change.before, after=change.after)
            for change in found.changes
        ),
    )


def _brief(findings: Iterable[Finding]) -> tuple[NightFinding, ...]:
    return tuple(
        NightFinding(code=f.code, name=f.name, severity=f.severity, summary=f.summary)
        for f in findings
    )


def _drift(tonight: Tonight, before: Before | None) -> Drift | None:
    if before is None or before.anchor is None or before.anchor_results is None:
        return None
    anchor = before.anchor.run
    told = against(tonight.results, before.anchor_results, anchor)
    if not told.compared.anything_compared:
        return None
    document = told.compared.document
    return Drift(
        run=anchor.id,
        started_at=anchor.started_at.isoformat(),
        summary=document.summary[0],
        slower=tuple(cell for cell in document.cells if cell.verdict == "slower"),
    )

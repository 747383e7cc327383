"""Which earlier run is the last good night.

Pure: values in, a choice out. A night that regressed must not become what the next one is
compared with, or a slow-down would be told once and then be the new normal. So only nights that
were judged good (or accepted by a person) count; runs of a plain `hwdoctor bench`, which nobody
judged, stand in only as long as there has been no night at all.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hwdoctor.measure.past_runs import PastRun
from hwdoctor.measure.run import Run
from hwdoctor.model.night import OpenCell, PassedOver

MOST_NIGHTS_BACK = 14
"""How many good nights may stand in for cells that the last one lacks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a night is to be compared with."""

    good: tuple[PastRun, ...] = ()
    """Newest first. The first is the last good night; the older ones stand in for cells that it
    lacks (left out for the budget, or disturbed)."""
    anchor: PastRun | None = None
    """The first good night since the last acceptance: what drift is measured from."""
    passed_over: tuple[PassedOver, ...] = ()
    """Runs newer than the last good night, and why they are not it."""
    first: bool = False
    """There was no night before that another could have been compared with."""
    obstacle: str | None = None
    """Not the first night, and yet there is nothing to compare with: why."""
    open: tuple[OpenCell, ...] = ()
    """What the night before found slower or broken."""
    other_hardware: PastRun | None = None
    """The newest usable night under this name on hardware that is not today's."""


def choose(tonight: Run, past: Sequence[PastRun], selection: tuple[str, ...] = ()) -> Choice:
    """Find the last good night.

    Args:
        tonight: the run that is to be compared.
        past: all runs of this machine name and size, newest first; tonight's may be among them.
        selection: what tonight was asked to measure. Nights that were asked for something else
            are another series and are neither compared with nor told.
    """
    ours = [p for p in past if p.run.id != tonight.id and _of_series(p, selection)]
    here = [p for p in ours if p.run.fingerprint == tonight.fingerprint]
    began = min((p.run.id for p in here if p.mark is not None), default=None)
    good: list[PastRun] = []
    passed: list[PassedOver] = []
    for candidate in here:
        reason = _why_not(candidate, began)
        if reason is None:
            good.append(candidate)
        elif not good:
            passed.append(PassedOver(run=candidate.run.id, reason=reason))
    judged_good = [p for p in good if p.mark is not None]
    # A bench that nobody judged serves once and for all of it; it is no series.
    good = judged_good or good[:1]
    first = not good and not any(_counted(p) for p in ours)
    elsewhere = [p for p in ours if p not in here and p.mark is not None and p.mark.usable]
    return Choice(
        good=tuple(good[:MOST_NIGHTS_BACK]),
        anchor=_anchor(judged_good),
        passed_over=tuple(passed),
        first=first,
        obstacle=None if good or first else _obstacle(elsewhere),
        open=next((p.mark.open for p in here if p.mark is not None), ()),
        other_hardware=elsewhere[0] if elsewhere else None,
    )


def _of_series(candidate: PastRun, selection: tuple[str, ...]) -> bool:
    """A run without a mark may be anything; it is told apart when it is compared."""
    return candidate.mark is None or candidate.mark.selection == selection


def _why_not(candidate: PastRun, began: str | None) -> str | None:
    """Why a run on this hardware is not a good night; None: it is one."""
    if candidate.damage is not None:
        return candidate.damage
    if not candidate.finished:
        return "it did not finish"
    mark = candidate.mark
    if mark is None:
        if candidate.blocked is not False:
            return "its check was blocked" if candidate.blocked else "no check was saved with it"
        newer = began is not None and candidate.run.id > began
        return "a run of hwdoctor bench, which no night has judged" if newer else None
    if mark.usable:
        return None
    return ": ".join([mark.verdict, *mark.reasons[:1]])


def _counted(candidate: PastRun) -> bool:
    """A night that was good, or was compared with one that was, or may have been either."""
    if candidate.damage is not None:
        return True
    mark = candidate.mark
    return mark is not None and (mark.usable or mark.baseline is not None)


def _obstacle(elsewhere: Sequence[PastRun]) -> str:
    if elsewhere:
        return (
            "this is not the hardware of the earlier nights under this name; "
            "if that is meant, accept this night"
        )
    return "no earlier night is good, or its files are gone; accept one"


def _anchor(good: Sequence[PastRun]) -> PastRun | None:
    """The newest accepted night, else the oldest good one."""
    return next(iter(_accepted(good)), good[-1] if good else None)


def _accepted(good: Sequence[PastRun]) -> Iterator[PastRun]:
    return (p for p in good if p.mark is not None and p.mark.accepted)

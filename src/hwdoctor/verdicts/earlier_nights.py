"""The good nights that were chosen, read and joined into one thing to compare with.

Reading is the caller's (a function handed in). A night whose samples cannot be read any more is
passed over with the reason, and the one before it serves: after hours of measuring, a damaged
old file must not be what ends the night.
"""

from collections.abc import Callable
from dataclasses import replace

from hwdoctor.measure.past_runs import PastRun
from hwdoctor.measure.run import Run
from hwdoctor.model import UsageError
from hwdoctor.model.night import PassedOver
from hwdoctor.results.printable import printable
from hwdoctor.results.result_set import ResultSet
from hwdoctor.verdicts.night import Before
from hwdoctor.verdicts.night_cells import stand_in
from hwdoctor.verdicts.nights import Choice

Read = Callable[[Run], ResultSet]
"""The results of one run. Raises UsageError if they cannot be used."""


def read_before(choice: Choice, read: Read) -> tuple[Choice, Before | None]:
    """What tonight is held against, and the choice less what could not be read."""
    found: list[tuple[PastRun, ResultSet]] = []
    damaged: list[PassedOver] = []
    for night in choice.good:
        try:
            results = read(night.run)
        except UsageError as error:
            damaged.append(PassedOver(run=night.run.id, reason=printable(str(error))))
            continue
        if results.outcomes:
            found.append((night, results))
    choice = replace(choice, passed_over=(*choice.passed_over, *damaged))
    if not found:
        return _without(choice), None
    joined, older_cells = stand_in([results for _, results in found])
    last = found[0][0]
    anchor, anchor_results = _anchor(choice, last, found, read)
    before = Before(
        last=last,
        results=joined,
        older_cells=older_cells,
        anchor=anchor,
        anchor_results=anchor_results,
    )
    return choice, before


def _without(choice: Choice) -> Choice:
    if not choice.good:
        return choice
    reason = "the earlier good nights cannot be read any more; accept one to go on from it"
    return replace(choice, good=(), obstacle=reason)


def _anchor(
    choice: Choice, last: PastRun, found: list[tuple[PastRun, ResultSet]], read: Read
) -> tuple[PastRun | None, ResultSet | None]:
    """Where drift is measured from; nothing where that is the last good night itself."""
    anchor = choice.anchor
    if anchor is None or anchor.run.id == last.run.id:
        return None, None
    for night, results in found:
        if night.run.id == anchor.run.id:
            return anchor, results
    try:
        return anchor, read(anchor.run)
    except UsageError:
        return None, None  # drift is told where it can be; it decides nothing

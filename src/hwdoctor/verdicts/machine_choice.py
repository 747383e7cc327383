"""Whose results a recommendation is made from: this machine's, or the only one's there are."""

from collections.abc import Mapping
from datetime import datetime

from hwdoctor.model import MachineName, UsageError
from hwdoctor.results.printable import printable
from hwdoctor.results.result_set import ResultSet
from hwdoctor.verdicts.proof import moment


def choose_machine(
    results: ResultSet, live: MachineName | None, *, only_live: bool = False
) -> MachineName:
    """The machine to recommend for.

    Args:
        results: of any number of machines.
        live: the machine this runs on; None: it could not be told.
        only_live: never fall back on another machine's results.

    Raises:
        UsageError: several machines, none of them this one.
    """
    fingerprint = live.fingerprint if live else None
    if live and fingerprint:
        seen = _newest(results, fingerprint)
        if seen:
            return MachineName(name=max(seen, key=lambda name: seen[name]), fingerprint=fingerprint)
        if only_live:
            return live
    names = sorted({saved.machine for saved in results.outcomes})
    if not names:
        return live or MachineName(name="unknown-machine")
    if len(names) > 1:
        raise UsageError(
            f"results of {len(names)} machines, and none is of this one: name the files of one "
            f"of {', '.join(printable(name) for name in names)}"
        )
    return MachineName(name=names[0], fingerprint=_latest_fingerprint(results))


def _newest(results: ResultSet, fingerprint: str) -> Mapping[str, datetime]:
    """The names under which this hardware was measured, and when it last was under each."""
    seen: dict[str, datetime] = {}
    for saved in results.outcomes:
        if saved.outcome.fingerprint == fingerprint:
            began = moment(saved.outcome.started_at)
            seen[saved.machine] = max(began, seen.get(saved.machine, began))
    return seen


def _latest_fingerprint(results: ResultSet) -> str | None:
    known = [saved.outcome for saved in results.outcomes if saved.outcome.fingerprint]
    newest = max(known, key=lambda outcome: moment(outcome.started_at), default=None)
    return newest.fingerprint if newest else None

"""What became of each cell in a night, against what had become of it before.

Pure. A cell that was disturbed, or left out for the budget, says nothing about itself: there the
good night before that one speaks. Otherwise a slow-down could hide behind one unlucky night.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from hwdoctor.measure.cell import Cell
from hwdoctor.model import CellParameters, Outcome
from hwdoctor.model.night import NightCell, NotMeasured, OpenCell
from hwdoctor.results.printable import printable
from hwdoctor.results.result_set import ResultSet, SavedOutcome
from hwdoctor.results.together import obstacle
from hwdoctor.verdicts.measured import Key
from hwdoctor.verdicts.proof import explained

SILENT = "unstable"
"""The outcome that tells nothing about the cell: something else disturbed it in every try."""
LEFT_OUT = "left-out"
GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A cell's outcome over all its processes."""

    outcome: str
    reason: str | None = None


States = Mapping[Key, State]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """Cells whose state is not what it was, each in the order of their names."""

    broken: tuple[NightCell, ...] = ()
    repaired: tuple[NightCell, ...] = ()
    new: tuple[NightCell, ...] = ()


def key_of(outcome: Outcome) -> Key:
    """Which cell a row belongs to, as comparisons name it."""
    return key_of_parameters(outcome.benchmark, outcome.parameters)


def key_of_cell(cell: Cell) -> Key:
    """The same, for a cell that may have no row."""
    return key_of_parameters(cell.benchmark, cell.parameters)


def key_of_parameters(benchmark: str, given: CellParameters) -> Key:
    """Names of the parameters beside their values, in one order."""
    named = {
        "configuration": given.configuration,
        "precision": given.precision,
        "size": given.size,
    }
    return Key(benchmark, tuple(sorted(named.items())))


def states(results: ResultSet) -> dict[Key, State]:
    """Every cell of one night, over all of its processes."""
    return {key: _state(rows) for key, rows in _by_cell(results).items()}


def disturbed(results: ResultSet) -> int:
    """How many cells have a figure that was taken although something disturbed the machine."""
    return sum(
        _state(rows).outcome == "ok" and any(row.outcome.pollution for row in rows)
        for rows in _by_cell(results).values()
    )


def stand_in(nights: Sequence[ResultSet]) -> tuple[ResultSet, int]:
    """One result set out of several good nights, and how many cells are not of the newest.

    Args:
        nights: newest first, at least one. Of each cell the newest night counts that tells
            anything about it.
    """
    taken: dict[Key, list[SavedOutcome]] = {}
    older = 0
    for age, night in enumerate(nights):
        for key, rows in _by_cell(night).items():
            if key in taken or _state(rows).outcome == SILENT:
                continue
            taken[key] = rows
            older += age > 0
    checks = {(c.machine, c.stem): c for night in nights for c in night.checks}
    joined = replace(
        nights[0],
        outcomes=tuple(row for rows in taken.values() for row in rows),
        checks=tuple(checks.values()),
    )
    return joined, older


def with_gaps_filled(tonight: ResultSet, before: ResultSet) -> ResultSet:
    """Tonight's rows, and of cells that tonight has none of, what there was before."""
    ours = _by_cell(tonight)
    kept = [row for row in before.outcomes if key_of(row.outcome) not in ours]
    checks = {(c.machine, c.stem): c for c in (*before.checks, *tonight.checks)}
    return replace(tonight, outcomes=(*kept, *tonight.outcomes), checks=tuple(checks.values()))


def changed(before: States, now: States) -> Changed:
    """What broke, what works again, and what is new.

    A cell that worked and is skipped now (a driver is gone, a package was removed) is broken,
    too: what nobody measures any more must not look like a quiet night. What was disturbed
    tonight, or was not tried for the budget, is neither.
    """
    broken, repaired, new = [], [], []
    for key, state in sorted(now.items()):
        then = before.get(key)
        if state.outcome == "ok":
            if then is None or then.outcome == "skipped":
                new.append(_cell(key, then, state))
            elif then.outcome != "ok":
                repaired.append(_cell(key, then, state))
        elif then is not None and then.outcome == "ok" and state.outcome != SILENT:
            broken.append(_cell(key, then, state))
    return Changed(broken=tuple(broken), repaired=tuple(repaired), new=tuple(new))


def not_measured(
    before: States, now: States, left_out: Mapping[Key, str]
) -> tuple[NotMeasured, ...]:
    """Every cell without a figure of tonight, grouped by the reason, large groups first.

    Args:
        before: of the last good night; its cells that nobody asked for tonight are told too.
        now: of tonight.
        left_out: cells that were asked for and not tried, and why.
    """
    silent = {key: state for key, state in now.items() if state.outcome != "ok"}
    silent |= {key: State(outcome=LEFT_OUT, reason=why) for key, why in left_out.items()}
    silent |= {
        key: State(outcome=GONE, reason="measured on the last good night, not asked for now")
        for key, state in before.items()
        if state.outcome == "ok" and key not in now and key not in left_out
    }
    groups: dict[tuple[str, str], list[Key]] = {}
    for key, state in silent.items():
        reason = printable(state.reason or "no reason was recorded")
        groups.setdefault((state.outcome, reason), []).append(key)
    ordered = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
    return tuple(_group(outcome, reason, keys) for (outcome, reason), keys in ordered)


def still_open(
    open_before: Iterable[OpenCell], now: States, left_out: Mapping[Key, str]
) -> tuple[OpenCell, ...]:
    """Cells with an open fault that tonight tells nothing about, though they were asked for."""
    return tuple(
        cell
        for cell in open_before
        if (key := _named(cell)) in left_out
        or ((state := now.get(key)) is not None and state.outcome == SILENT)
    )


def _named(cell: OpenCell) -> Key:
    return Key(cell.benchmark, tuple(sorted(cell.parameters.items())))


def _by_cell(results: ResultSet) -> dict[Key, list[SavedOutcome]]:
    rows: dict[Key, list[SavedOutcome]] = {}
    for row in results.outcomes:
        rows.setdefault(key_of(row.outcome), []).append(row)
    return rows


def _state(rows: Iterable[SavedOutcome]) -> State:
    bad = obstacle([row.outcome for row in rows])
    return State(outcome="ok") if bad is None else State(outcome=bad.outcome, reason=explained(bad))


def _cell(key: Key, then: State | None, state: State) -> NightCell:
    told = state.reason or (then.reason if then is not None else None)
    return NightCell(
        benchmark=printable(key.benchmark),
        parameters={printable(name): printable(value) for name, value in key.parameters},
        before=then.outcome if then is not None else None,
        now=state.outcome,
        reason=printable(told) if told else None,
    )


def _group(outcome: str, reason: str, keys: Sequence[Key]) -> NotMeasured:
    return NotMeasured(
        outcome=outcome,
        reason=reason,
        count=len(keys),
        configurations=_distinct(dict(key.parameters).get("configuration", "") for key in keys),
        benchmarks=_distinct(key.benchmark for key in keys),
    )


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    shown: Iterator[str] = (printable(name) for name in names)
    return tuple(sorted(set(shown)))

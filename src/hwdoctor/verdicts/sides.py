"""The sides of a comparison: each machine of each thing that the user named."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hwdoctor.model import Facts, UsageError, fingerprint
from hwdoctor.model.comparison import ComparedMachine, SkippedCount
from hwdoctor.results.printable import printable
from hwdoctor.results.result_set import ResultSet
from hwdoctor.verdicts.measured import Cells, measured
from hwdoctor.verdicts.proof import moment

NEITHER = "neither a time nor a throughput"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One machine as one argument shows it."""

    described: ComparedMachine
    machine: str
    """Its name in the files; two sides may be the same machine at two times."""
    cells: Cells
    facts: Facts | None
    """Of the latest check saved with it."""
    floors: Mapping[str, float]
    """Size to noise floor, where `hwdoctor bench --noise` measured it on this hardware."""

    @property
    def name(self) -> str:
        """Unique among the sides."""
        return self.described.name


def sides(named: Sequence[tuple[str, ResultSet]]) -> tuple[Side, ...]:
    """Every machine of every argument, in that order.

    Args:
        named: what the user called each thing, and what was read of it.

    Raises:
        UsageError: fewer than two sides.
    """
    found = [(called, results, name) for called, results in named for name in results.machine_names]
    if len(found) < 2:
        what = f"only {printable(found[0][2])}" if found else "no results at all"
        raise UsageError(f"nothing to compare: {what} in {', '.join(name for name, _ in named)}")
    names = _unique([(machine, called) for called, _, machine in found])
    return tuple(
        _side(results, machine, name)
        for name, (_, results, machine) in zip(names, found, strict=True)
    )


def pick(available: Sequence[Side], wanted: str | None) -> Side:
    """The baseline: the side of that name, or of that machine; the first where none is named.

    Raises:
        UsageError: there is no such side.
    """
    if wanted is None:
        return available[0]
    for side in available:
        if wanted in (side.name, side.machine):
            return side
    raise UsageError(
        f"no machine {wanted!r} in these results: there are "
        f"{', '.join(side.name for side in available)}"
    )


def _unique(pairs: Sequence[tuple[str, str]]) -> list[str]:
    """The machine's name; where two sides share it, with what the user called the side."""
    counted = Counter(machine for machine, _ in pairs)
    names: list[str] = []
    for machine, called in pairs:
        name = machine if counted[machine] == 1 else f"{machine} [{printable(called)}]"
        count = sum(1 for other in names if other == name or other.startswith(f"{name} #"))
        names.append(f"{name} #{count + 1}" if count else name)
    return names


def _side(results: ResultSet, machine: str, name: str) -> Side:
    floors = _floors(results, machine)
    cells, neither = measured(results, machine, floors)
    reasons = [*results.reasons_skipped(machine), *([(NEITHER, neither)] if neither else [])]
    facts = _latest_facts(results, machine)
    saved = [row for row in results.outcomes if row.machine == machine]
    rows = len(saved) + sum(1 for row in results.asv_rows if row.machine == machine)
    told = next((row.outcome.fingerprint for row in reversed(saved)), None)
    return Side(
        described=ComparedMachine(
            name=name,
            fingerprint=fingerprint(facts) if facts else told,
            chip=_chip(results, machine, facts),
            files=results.files.get(machine, 0),
            rows_read=rows,
            rows_skipped=tuple(SkippedCount(reason=r, count=n) for r, n in reasons),
        ),
        machine=machine,
        cells=cells,
        facts=facts,
        floors=floors,
    )


def _floors(results: ResultSet, machine: str) -> Mapping[str, float]:
    """Of the latest measurement at each size; the machine may have been another one before."""
    newest = {
        (row.outcome.parameters.size, row.outcome.fingerprint)
        for row in results.outcomes
        if row.machine == machine
    }
    found = [entry.noise for entry in results.noise if entry.machine == machine]
    return {
        noise.size: noise.floor
        for noise in sorted(found, key=lambda noise: noise.runs)
        if (noise.size, noise.fingerprint) in newest
    }


def _chip(results: ResultSet, machine: str, facts: Facts | None) -> str | None:
    """As the check read it, else as the machine's description says."""
    if facts is not None and facts.cpu.brand:
        return printable(facts.cpu.brand)
    return next((entry.cpu for entry in results.machines if entry.name == machine), None)


def _latest_facts(results: ResultSet, machine: str) -> Facts | None:
    """Of the check whose run began last; a check has no time but its run's."""
    began = {
        row.stem: moment(row.outcome.started_at)
        for row in results.outcomes
        if row.machine == machine
    }
    checks = [c for c in results.checks if c.machine == machine and c.stem in began]
    newest = max(checks, key=lambda check: began[check.stem], default=None)
    return newest.report.facts if newest else None

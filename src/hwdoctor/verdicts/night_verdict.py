"""The verdict of a night, and the reasons that stand behind it.

Pure. 1 outranks 3 here as everywhere: what is known to be worse is, even if something else is
not known. A night may be fine and still not be what the next one is compared with.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from hwdoctor.measure.run import Run
from hwdoctor.model import CheckReport, Finding
from hwdoctor.model.comparison import ComparedCell
from hwdoctor.model.night import NightVerdict, OpenCell
from hwdoctor.results.result_set import ResultSet
from hwdoctor.verdicts.compare import CHANGED_MACHINE, Compared, compare
from hwdoctor.verdicts.differences import differences
from hwdoctor.verdicts.night_cells import Changed
from hwdoctor.verdicts.nights import Choice
from hwdoctor.verdicts.sides import sides


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The comparison with one other night."""

    compared: Compared
    differences: tuple[str, ...]


def against(tonight: ResultSet, before: ResultSet, other: Run) -> Told:
    """The one place where two nights are compared."""
    old, new = sides([(f"night {other.id}", before), ("tonight", tonight)])
    lines = differences((old, new), old)
    return Told(
        compared=compare((old, new), old),
        differences=tuple(line.removeprefix(f"{new.name}: ") for line in lines),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Everything that the verdict depends on."""

    check: CheckReport
    choice: Choice
    measured: int
    changed: Changed
    told: Told | None
    still_open: tuple[OpenCell, ...] = ()
    fail_percent: float = 0.0

    def of(self, verdict: str) -> tuple[ComparedCell, ...]:
        """Compared cells with this verdict, the largest change first."""
        if self.told is None:
            return ()
        cells = [c for c in self.told.compared.document.cells if c.verdict == verdict]
        return tuple(sorted(cells, key=_size_of_change, reverse=True))

    @property
    def slower(self) -> tuple[ComparedCell, ...]:
        return self.of("slower")

    def verdict(self) -> NightVerdict:
        """What is known to be bad outranks what is not known."""
        if self.check.verdict == "blocked":
            return "blocked"
        if any(self.regressions()):
            return "regressed"
        return "unknown" if any(self.doubts()) else "good"

    def usable(self) -> bool:
        """Whether it may serve as the last good night; a slow cell below the limit forbids it."""
        clean = not self.slower and not self.changed.broken
        return clean and self.check.verdict != "blocked" and not any(self.gaps())

    def reasons(self) -> Iterator[str]:
        """Why the verdict is what it is, the gravest first."""
        errors = failed(self.check)
        if self.check.verdict == "blocked":
            yield f"the check is blocked: {', '.join(sorted({f.code for f in errors}))}"
        yield from self.regressions()
        yield from self.doubts()
        below = len(self.slower) - len(self._beyond())
        if below:
            yield (
                f"{_cells(below)} slower, by no more than {self.fail_percent:g} %: the next night "
                "is compared with the same good night again"
            )

    def regressions(self) -> Iterator[str]:
        """What is worse than on the last good night."""
        beyond = len(self._beyond())
        if beyond:
            limit = f" by more than {self.fail_percent:g} %" if self.fail_percent else ""
            yield f"{_cells(beyond)} slower{limit}"
        if self.changed.broken:
            yield f"{_cells(len(self.changed.broken))} that worked and did not now"

    def doubts(self) -> Iterator[str]:
        """What keeps the night from being called good."""
        if self.check.verdict == "unknown":
            codes = {
                f.code
                for f in self.check.findings
                if f.severity == "error" and f.status == "unknown"
            }
            yield f"the check could not be completed: {', '.join(sorted(codes))}"
        yield from self.gaps()

    def gaps(self) -> Iterator[str]:
        """What keeps tonight's figures from being held against anything."""
        if not self.measured:
            yield "nothing could be measured"
        elif self.choice.obstacle is not None:
            yield f"nothing to compare with: {self.choice.obstacle}"
        elif self.told is not None and not self.told.compared.anything_compared:
            yield "not a single cell can be compared with the last good night"
        unclear = self.slower_with_machine()
        if unclear:
            yield (
                f"the same fixed work took {self._fixed_work():.2f}x the time: whether "
                f"{_cells(len(unclear))} became slower with the machine or without cannot be told"
            )
        if self.still_open:
            count = _cells(len(self.still_open))
            yield f"{count} found slower or broken before, and not measured now"

    def open(self) -> tuple[OpenCell, ...]:
        """What the next night must have measured before it can be good."""
        slow = [(cell.benchmark, cell.parameters) for cell in self._beyond()]
        broken = [(cell.benchmark, cell.parameters) for cell in self.changed.broken]
        found = [OpenCell(benchmark=name, parameters=given) for name, given in (*slow, *broken)]
        return (*found, *(cell for cell in self.still_open if cell not in found))

    def slower_with_machine(self) -> tuple[ComparedCell, ...]:
        """Cells that would count as slower, had the machine itself not changed as much."""
        if self._fixed_work() <= CHANGED_MACHINE:
            return ()
        cells = [c for c in self.of("ambiguous") if c.interval is not None and c.interval[0] > 1]
        return tuple(c for c in cells if (c.ratio or 1.0) <= self._fixed_work())

    def _fixed_work(self) -> float:
        """Its time over that of the last good night; 1 where that is not known."""
        if self.told is None:
            return 1.0
        return self.told.compared.document.summary[0].fixed_work_ratio or 1.0

    def _beyond(self) -> tuple[ComparedCell, ...]:
        limit = 1 + self.fail_percent / 100
        return tuple(cell for cell in self.slower if (cell.ratio or 0.0) > limit)


def _size_of_change(cell: ComparedCell) -> float:
    ratio = cell.ratio or 1.0
    return max(ratio, 1 / ratio)


def _cells(count: int) -> str:
    return "1 cell" if count == 1 else f"{count} cells"


def failed(check: CheckReport) -> tuple[Finding, ...]:
    """The errors that stand."""
    return tuple(f for f in check.findings if f.status == "fail" and f.severity == "error")

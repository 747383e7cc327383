"""What a set of result files holds, as plain values. Nothing here opens a file."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from hwdoctor.model import CheckReport, Noise, Outcome
from hwdoctor.results.asv_files import AsvRow
from hwdoctor.results.machines import Machine


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedOutcome:
    """One line of a side-car."""

    machine: str
    stem: str
    """Which run's files it stood in; the saved check has the same stem."""
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedCheck:
    """The check that was saved with a run."""

    machine: str
    stem: str
    report: CheckReport


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedNoise:
    """A noise floor that was measured."""

    machine: str
    stem: str
    noise: Noise


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedRows:
    """Something that was found and could not be used."""

    machine: str
    source: str
    """Path, and the line where there is one."""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultSet:
    """Everything that was read, in a stable order."""

    machines: tuple[Machine, ...] = ()
    outcomes: tuple[SavedOutcome, ...] = ()
    checks: tuple[SavedCheck, ...] = ()
    asv_rows: tuple[AsvRow, ...] = ()
    noise: tuple[SavedNoise, ...] = ()
    rows_skipped: tuple[SkippedRows, ...] = ()
    files: Mapping[str, int] = field(default_factory=dict)
    """Machine name to the number of result files that were read."""

    @property
    def machine_names(self) -> tuple[str, ...]:
        """Every machine that something was read of, sorted."""
        return tuple(sorted(self.files))

    def reasons_skipped(self, machine: str) -> tuple[tuple[str, int], ...]:
        """Why rows of a machine were skipped, and how many for each reason."""
        counted = Counter(s.reason for s in self.rows_skipped if s.machine == machine)
        return tuple(sorted(counted.items()))

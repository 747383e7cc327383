"""Result folders as runs leave them, built a row at a time, for the tests of what reads them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hwdoctor.model import (
    Accelerator,
    Capsule,
    CellParameters,
    CheckReport,
    Cpu,
    Facts,
    Finding,
    Memory,
    Outcome,
    Throughput,
    encode_line,
    fingerprint,
)
from hwdoctor.results import sidecar

FACTS = Facts(
    cpu=Cpu(vendor="AMD", brand="AMD EPYC 9R45", physical_cores=2),
    memory=Memory(total_bytes=24 * 1024**3),
    accelerators=(),
)
OTHER_FACTS = Facts(
    cpu=Cpu(vendor="Apple", brand="Apple M2 Max", physical_cores=12),
    memory=Memory(total_bytes=32 * 1024**3),
    accelerators=(Accelerator(kind="gpu", vendor="Apple", name="Apple M2 Max", api="metal"),),
)
FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)
ITEMS = 1000


def samples(median: float, *, count: int = 11, spread: float = 0.01) -> tuple[float, ...]:
    """Odd in number, evenly spread about exactly this median, in a shuffled order."""
    middle = count // 2
    ordered = [median * (1 + spread * (n - middle) / max(middle, 1)) for n in range(count)]
    return tuple(ordered[n * 7 % count] for n in range(count))


def outcome(configuration: str, median: float | None = None, **changes: Any) -> Outcome:
    """One row; with a median it is `ok` and has samples."""
    parameters = CellParameters(
        configuration=configuration,
        precision=changes.pop("precision", "float64"),
        size=changes.pop("size", "small"),
    )
    workload = changes.pop("workload", "pricing")
    task = changes.pop("task", "price")
    taken = changes.pop("samples_seconds", () if median is None else samples(median))
    capsule = {
        "command": "hwdoctor bench pricing",
        "configuration": configuration,
        "seed": 1,
        "workload_version": "1",
        "items": ITEMS,
        **changes.pop("capsule", {}),
    }
    given: dict[str, Any] = {
        "outcome": "ok",
        "benchmark": f"{workload}.{task.capitalize()}.time_steady",
        "run": "run-1",
        "process": 0,
        "started_at": FIRST_DAY.isoformat(),
        "duration_seconds": 1.0,
        "fingerprint": fingerprint(FACTS),
        "throughput": Throughput(value=ITEMS / median, unit="options/s") if median else None,
        **changes,
    }
    return Outcome(
        workload=workload,
        task=task,
        parameters=parameters,
        samples_seconds=taken,
        capsule=Capsule(**capsule),
        **given,
    )


@dataclass
class SavedRun:
    """The files of one run; `add` appends a row, as measuring does."""

    folder: Path
    stem: str
    facts: Facts
    started_at: datetime
    common: dict[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """The side-car."""
        return self.folder / f"{self.stem}.outcomes.jsonl"

    def add(self, configuration: str, median: float | None = None, **changes: Any) -> Outcome:
        """Append one row of this run."""
        given = {
            "run": self.stem,
            "started_at": self.started_at.isoformat(),
            "fingerprint": fingerprint(self.facts),
            **self.common,
            **changes,
        }
        row = outcome(configuration, median, **given)
        sidecar.append(self.path, row)
        return row


@dataclass
class SavedResults:
    """A results folder."""

    folder: Path
    _runs: int = 0

    def run(
        self,
        machine: str = "bench-box",
        *,
        facts: Facts = FACTS,
        findings: Sequence[Finding] = (),
        check: bool = True,
        day: int = 0,
        **common: Any,
    ) -> SavedRun:
        """Begin a run; what `common` says holds for each of its rows.

        Args:
            machine: the folder's name.
            facts: of the machine.
            findings: of the check that is saved with the run.
            check: whether a check is saved at all.
            day: when the run was, in days after the first.
            common: fields of every row.
        """
        self._runs += 1
        folder = self.folder / machine
        folder.mkdir(parents=True, exist_ok=True)
        stem = f"{self._runs:08x}-hw-py3.11"
        if check:
            path = folder / f"{stem}.check.jsonl"
            sidecar.write_check(path, encode_line(report(facts, findings)))
        began = FIRST_DAY + timedelta(days=day)
        return SavedRun(
            folder=folder, stem=stem, facts=facts, started_at=began, common=dict(common)
        )


def report(facts: Facts = FACTS, findings: Sequence[Finding] = ()) -> CheckReport:
    """A check as a run saves it."""
    blocked = any(f.severity == "error" and f.status == "fail" for f in findings)
    return CheckReport(
        hwdoctor="0.1.0",
        level=1,
        verdict="blocked" if blocked else "ready",
        facts=facts,
        findings=tuple(findings),
    )


def finding(*disqualifies: str, **changes: Any) -> Finding:
    """A failed finding against these configurations."""
    given: dict[str, Any] = {
        "code": "BEN1006",
        "name": "wrong-numbers",
        "category": "backends",
        "severity": "warning",
        "status": "fail",
        "summary": "mlx computes wrong numbers in float64",
        **changes,
    }
    return Finding(disqualifies=disqualifies, **given)

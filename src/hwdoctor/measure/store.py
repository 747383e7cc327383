"""Outcomes on disk: appended one line at a time, each line whole or not at all."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hwdoctor.measure.ceilings import LIMITS
from hwdoctor.measure.cell import Cell
from hwdoctor.measure.run import Run, load, machine_description
from hwdoctor.model import CheckReport, Facts, Outcome, UsageError, encode_line
from hwdoctor.model.files import write_atomically
from hwdoctor.results import sidecar


def append(run: Run, outcome: Outcome) -> None:
    """Add one outcome to the run's side-car; on disk when this returns."""
    sidecar.append(run.sidecar, outcome)


def outcomes_of(run: Run, cell: Cell) -> list[Outcome]:
    """Every process of one cell that this run has already measured, in order."""
    if not run.sidecar.exists():
        return []
    return [
        outcome
        for outcome in sidecar.read(run.sidecar).outcomes
        if (outcome.run, outcome.benchmark, outcome.parameters)
        == (run.id, cell.benchmark, cell.parameters)
    ]


def limits_of(run: Run) -> list[Outcome]:
    """The ceilings measured so far on this machine's hardware, in this run or before."""
    return [
        outcome
        for path in sorted(run.directory.glob("*.outcomes.jsonl"))
        for outcome in sidecar.read(path).outcomes
        if outcome.workload == LIMITS and outcome.fingerprint == run.fingerprint
    ]


def save_check(run: Run, report: CheckReport) -> None:
    """Keep the check with the run: what is proven depends on it."""
    sidecar.write_check(run.check_file, encode_line(report))


def save_machine(run: Run, facts: Facts) -> None:
    """Describe the machine as ASV expects it."""
    described = machine_description(facts, run.machine)
    text = json.dumps(described, indent=4, sort_keys=True) + "\n"
    write_atomically(run.directory / "machine.json", text.encode())


def unfinished(results: Path, size: str, machine: str | None) -> Run:
    """The newest run of this size that ASV has no file of yet, or whose budget was too small.

    Raises:
        UsageError: there is none.
    """
    candidates = []
    for path in results.glob("*/*.run.jsonl"):
        run = load(path)
        result = run.directory / f"{run.stem}.json"
        open_still = run.incomplete or not result.exists()
        if run.size == size and machine in (None, run.machine) and open_still:
            candidates.append(run)
    if not candidates:
        raise UsageError(f"{results}: no unfinished run of size {size} to resume")
    return max(candidates, key=lambda run: run.id)


@contextmanager
def exclusive(results: Path) -> Iterator[None]:
    """Hold the results folder: two runs at once would disturb each other's timings.

    Raises:
        UsageError: another run holds it.
    """
    results.mkdir(parents=True, exist_ok=True)
    path = results / ".lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(
                f"{results}: another hwdoctor bench is running there; wait for it, or name "
                "another folder with --results"
            ) from None
        yield
    finally:
        os.close(descriptor)

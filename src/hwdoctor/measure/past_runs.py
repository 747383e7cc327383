"""The runs that lie beside a run: which of them finished, and how each was judged.

Reads the small files only (the run's own file, its mark, where needed its check); samples are
read when it is known whose are wanted. A file that cannot be used makes its run unusable, with
the reason; it never stops the night.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hwdoctor.measure.run import Run, load
from hwdoctor.model import CheckReport, UsageError
from hwdoctor.model.night import NightMark
from hwdoctor.results import night_marks, sidecar

RUN_SUFFIX = ".run.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRun:
    """One run of the same machine name and size, as its files show it."""

    run: Run
    finished: bool
    """ASV has its file, which is written last."""
    mark: NightMark | None = None
    """None: it was no night, or was never judged."""
    blocked: bool | None = None
    """By the check saved with it; None: there is none, or nobody asked."""
    damage: str | None = None
    """Why its files cannot be used; None: nothing is known to be wrong."""


def mark_file(run: Run) -> Path:
    """Where the judgement of a night lies."""
    return run.directory / f"{run.stem}{night_marks.SUFFIX}"


def result_file(run: Run) -> Path:
    """ASV's file of a run."""
    return run.directory / f"{run.stem}.json"


def gather(directory: Path, size: str) -> tuple[PastRun, ...]:
    """Every run of a machine at one size, newest first.

    Args:
        directory: the machine's, `results/<machine>`; it need not exist.
        size: of the cells.
    """
    runs = sorted(_runs(directory, size), key=lambda run: run.id, reverse=True)
    return tuple(_past(run) for run in runs)


def check_of(run: Run) -> CheckReport | None:
    """The check saved with a run; None where there is none, or none that can be read."""
    try:
        return sidecar.read_check(run.check_file)
    except UsageError:
        return None


def _runs(directory: Path, size: str) -> Iterator[Run]:
    for path in sorted(directory.glob(f"*{RUN_SUFFIX}")):
        try:
            run = load(path)
        except UsageError:
            continue  # not even its time is known; its results are still there for `compare`
        # A file that names another folder or stem is not opened where it points to.
        if (run.machine, run.context.name) == (directory.name, path.name) and run.size == size:
            yield run


def _past(run: Run) -> PastRun:
    finished = result_file(run).exists()
    try:
        mark = night_marks.read(mark_file(run))
    except UsageError as error:
        return PastRun(run=run, finished=finished, damage=f"its judgement cannot be read: {error}")
    if mark is not None and mark.run != run.id:
        return PastRun(run=run, finished=finished, damage="its judgement is of another run")
    blocked = None
    if mark is None and finished:
        report = check_of(run)
        blocked = None if report is None else report.verdict == "blocked"
    return PastRun(run=run, finished=finished, mark=mark, blocked=blocked)

"""One night from beginning to end: check, measure, judge, and leave the judgement beside it.

What is decided is decided in `hwdoctor.verdicts`; here things are only done in order. Whatever
interrupts a night, what was measured is kept, and a night without a judgement is never taken
for a good one.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from shlex import join
from typing import TYPE_CHECKING

from hwdoctor.cli import exits, sitting

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hwdoctor.measure.cell import Cell
    from hwdoctor.measure.run import Run
    from hwdoctor.model import CheckReport
    from hwdoctor.model.night import Night, NightMark
    from hwdoctor.results.result_set import ResultSet, SavedNoise
    from hwdoctor.rules.profiles import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the command line asks for, its slips already told."""

    sources: tuple[str, ...]
    """Workloads; files by their absolute paths, since workers run elsewhere. Empty: all."""
    configurations: tuple[str, ...]
    size: str
    budget_seconds: float | None
    folder: Path
    machine: str | None
    profile_names: tuple[str, ...]
    profiles: tuple[Profile, ...]
    cells: tuple[Cell, ...]

    @classmethod
    def of(
        cls,
        workloads: Sequence[str],
        configurations: Sequence[str],
        *,
        size: str,
        budget_seconds: float | None,
        results: Path | None,
        machine: str | None,
        profiles: Sequence[str],
    ) -> Request:
        """Check everything that can be checked before anything is measured.

        Raises:
            UsageError: an unknown workload, configuration, size or profile.
        """
        from hwdoctor.measure.bench import choose_cells
        from hwdoctor.results.default import default_results
        from hwdoctor.rules.profiles import load

        sources = tuple(str(Path(s).resolve()) if s.endswith(".py") else s for s in workloads)
        return cls(
            sources=sources,
            configurations=tuple(configurations),
            size=size,
            budget_seconds=budget_seconds,
            folder=(results or default_results()).resolve(),
            machine=machine,
            profile_names=tuple(profiles),
            profiles=tuple(load(name) for name in profiles),
            cells=tuple(choose_cells(sources, configuration_names=configurations, size=size)),
        )

    @property
    def selection(self) -> tuple[str, ...]:
        """What sets this series of nights apart from others; empty: everything."""
        named = {cell.workload for cell in self.cells} if self.sources else set()
        chosen = {f"--config {name}" for name in self.configurations}
        return (*sorted(named), *sorted(chosen))


def night(request: Request, *, fail_percent: float) -> Night:
    """Check, bench, judge.

    Raises:
        UsageError: the folder is in use, or the machine's name is none.
        CouldNotAssess: the machine could not be looked at.
    """
    from hwdoctor.measure import store
    from hwdoctor.measure.asv.drive import harvest
    from hwdoctor.report.progress import Progress

    began = time.monotonic()
    with store.exclusive(request.folder):
        with Progress() as progress:
            run, check = sitting.begin(
                request.folder,
                request.size,
                request.machine,
                profiles=request.profiles,
                say=progress.say,
            )
            with _told_how_to_go_on(request):
                measured, agenda = sitting.measure(
                    run,
                    request.cells,
                    progress,
                    budget_seconds=request.budget_seconds,
                    began=began,
                )
        harvest(run, measured)
        sitting.finish(run, agenda)
        judged = _judge(run, check, measured, request, fail_percent)
        _leave(run, judged)
    return judged


def accept(request: Request) -> NightMark:
    """Take the newest night of this machine, size and selection as the good one.

    Returns:
        How it had been judged.

    Raises:
        UsageError: there is no such night, or nothing was measured in it.
    """
    from hwdoctor.measure import past_runs, store
    from hwdoctor.model import UsageError
    from hwdoctor.results import night_marks
    from hwdoctor.verdicts.night import accepted

    directory = request.folder / (request.machine or _slug())
    none = UsageError(f"{directory}: no night of size {request.size} to accept")
    if not directory.is_dir():
        raise none
    with store.exclusive(request.folder):
        for past in past_runs.gather(directory, request.size):
            mark = past.mark
            if mark is None or mark.selection != request.selection:
                continue
            if not past.finished or not mark.cells_measured:
                raise UsageError(
                    f"{directory}: nothing was measured in the newest night, {mark.run}"
                )
            night_marks.add(past_runs.mark_file(past.run), accepted(mark, _now()))
            return mark
    raise none


def _judge(
    run: Run, check: CheckReport, measured: sitting.Measured, request: Request, fail_percent: float
) -> Night:
    from hwdoctor.measure import past_runs
    from hwdoctor.report.clock import about
    from hwdoctor.results.result_set import ResultSet
    from hwdoctor.verdicts import night as verdicts
    from hwdoctor.verdicts.catalogue import catalogue
    from hwdoctor.verdicts.earlier_nights import read_before
    from hwdoctor.verdicts.night_cells import key_of_cell
    from hwdoctor.verdicts.nights import choose

    past = past_runs.gather(run.directory, run.size)
    choice, before = read_before(choose(run, past, request.selection), _results_of)
    anything = any(outcomes for _, outcomes in measured)
    budget = f"no time left in the budget of {about(request.budget_seconds or 0.0)}"
    tonight = verdicts.Tonight(
        run=run,
        results=_results_of(run) if anything else ResultSet(),
        check=check,
        left_out={key_of_cell(cell): budget for cell, outcomes in measured if not outcomes},
        selection=request.selection,
    )
    old = before.last if before else choice.other_hardware
    return verdicts.judge(
        tonight,
        choice,
        before,
        catalogue(cell.workload for cell in request.cells),
        old_check=past_runs.check_of(old.run) if old else None,
        fail_percent=fail_percent,
    )


def _results_of(run: Run) -> ResultSet:
    """Its side-car and its check, and what is known of the machine's noise."""
    from hwdoctor.results.collect import load

    return replace(load([run.sidecar]), noise=tuple(_noise(run)))


def _noise(run: Run) -> Iterator[SavedNoise]:
    from hwdoctor.model import UsageError
    from hwdoctor.results import noise_files
    from hwdoctor.results.result_set import SavedNoise

    for path in sorted(run.directory.glob(f"*{noise_files.SUFFIX}")):
        stem = path.name.removesuffix(noise_files.SUFFIX)
        try:
            found = noise_files.read(path)
        except UsageError:
            continue  # the usual floor serves; `hwdoctor compare` says what is wrong with the file
        yield SavedNoise(machine=run.machine, stem=stem, noise=found)


def _leave(run: Run, judged: Night) -> None:
    """The next night needs to know."""
    from hwdoctor.measure.past_runs import mark_file
    from hwdoctor.results import night_marks
    from hwdoctor.verdicts.night import mark_of

    night_marks.add(mark_file(run), mark_of(judged, _now()))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _slug() -> str:
    from hwdoctor.cli import sources
    from hwdoctor.model import machine_slug

    return machine_slug(sources.live(0))


@contextmanager
def _told_how_to_go_on(request: Request) -> Iterator[None]:
    """Everything that is finished is on disk; say how the rest can follow."""
    try:
        yield
    except (KeyboardInterrupt, exits.Terminated):
        words = ["hwdoctor", "bench", *request.sources]
        for name in request.configurations:
            words += ["--config", name]
        words += ["--resume", "--size", request.size, "--results", str(request.folder)]
        if request.machine is not None:
            words += ["--machine", request.machine]
        exits.say(f"what was measured is kept; to go on with it: {join(words)}")
        raise

"""A sitting of measuring: a check at level 1, a run that carries it, and cells within a budget.

`hwdoctor bench` and `hwdoctor nightly` begin the same way, or what the one measured could not
be compared with what the other did.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from hwdoctor.measure.agenda import Agenda
    from hwdoctor.measure.bench import Step
    from hwdoctor.measure.cell import Cell
    from hwdoctor.measure.run import Run
    from hwdoctor.model import CheckReport, Facts, Outcome
    from hwdoctor.report.progress import Progress
    from hwdoctor.rules.profiles import Profile

    Measured = Sequence[tuple[Cell, Sequence[Outcome]]]

LEVEL = 1
"""Of the check: every installed backend is tried, which is what a proof needs."""


def begin(
    folder: Path,
    size: str,
    machine: str | None,
    *,
    profiles: Sequence[Profile] = (),
    say: Callable[[str], None],
) -> tuple[Run, CheckReport]:
    """Check this machine and begin a run; the check is saved beside the run's results.

    Args:
        folder: where results are kept.
        size: of the cells to come.
        machine: a name chosen by the user; None: after chip, cores and memory.
        profiles: deployment contracts that the check judges by.
        say: is told what is being done.

    Raises:
        UsageError: the machine's name cannot be the name of a folder.
    """
    from hwdoctor.measure import run

    facts, report = _checked(profiles, say)
    begun = run.begin(facts, folder, machine=machine, size=size, seed=secrets.randbits(32))
    _describe(begun, facts, report)
    return begun, report


def resume(
    folder: Path,
    size: str,
    machine: str | None,
    *,
    profiles: Sequence[Profile] = (),
    say: Callable[[str], None],
) -> Run:
    """The last run that did not finish; it is checked now where it was interrupted before that.

    Raises:
        UsageError: there is no such run.
    """
    from hwdoctor.measure import store

    run = store.unfinished(folder, size, machine)
    if not run.check_file.exists():
        _describe(run, *_checked(profiles, say))
    return run


def measure(
    run: Run,
    cells: Sequence[Cell],
    progress: Progress,
    *,
    budget_seconds: float | None = None,
    began: float | None = None,
) -> tuple[Measured, Agenda]:
    """Measure what fits into the budget, the most important first.

    Args:
        run: begun or resumed.
        cells: what was asked for.
        progress: is told of every cell.
        budget_seconds: of wall clock, from `began` on; None: there is none.
        began: when the sitting began, by `time.monotonic`; None: now.

    Returns:
        Every cell with its outcomes, those of an earlier sitting of the run included, and the
        agenda, which knows what was left out.
    """
    import msgspec

    from hwdoctor.measure import bench, outlook
    from hwdoctor.measure import run as runs

    planned = outlook.prepare(run, cells, budget_seconds=budget_seconds, began=began)

    def tell(step: Step) -> None:
        if step.outcome is not None:
            planned.note(step.cell, step.outcome)
        elif progress.shown:
            progress.step(step, planned.forecast(step.cell, step.process))

    measured = bench.conduct(run, cells, on_step=tell, fits=planned.fits, rank=planned.rank)
    if planned.left_out:
        runs.save(msgspec.structs.replace(run, incomplete=True))
    return measured, planned


def finish(run: Run, agenda: Agenda) -> None:
    """Nothing is left of a run that an earlier budget had cut short, and ASV has its file."""
    import msgspec

    from hwdoctor.measure import run as runs

    if run.incomplete and not agenda.left_out:
        runs.save(msgspec.structs.replace(run, incomplete=False))


def _checked(profiles: Sequence[Profile], say: Callable[[str], None]) -> tuple[Facts, CheckReport]:
    from hwdoctor.probing import live
    from hwdoctor.rules import engine

    facts = live.facts(LEVEL, on_progress=say)
    return facts, engine.run(facts, level=LEVEL, profiles=profiles)


def _describe(run: Run, facts: Facts, report: CheckReport) -> None:
    """What lies beside a run's results; the check last: where it is, nothing is missing."""
    from hwdoctor.measure import store

    store.save_machine(run, facts)
    store.save_check(run, report)

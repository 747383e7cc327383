"""`hwdoctor bench`: check, measure, let ASV keep the results, show what came of it."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hwdoctor.cli import sitting
from hwdoctor.cli.durations import duration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwdoctor.cli.sitting import Measured
    from hwdoctor.measure.agenda import Agenda
    from hwdoctor.measure.cell import Cell
    from hwdoctor.measure.run import Run


@click.command("bench")
@click.argument("workloads", nargs=-1, metavar="[WORKLOAD|FILE.py|MODULE:FUNCTION]...")
@click.option(
    "--config",
    "configurations",
    multiple=True,
    metavar="NAME",
    help="Only this configuration, for example numba-cpu. Repeatable.",
)
@click.option(
    "--precision",
    "precisions",
    multiple=True,
    metavar="P",
    help="Only float64, float32 or bfloat16. Repeatable.",
)
@click.option(
    "--size",
    default="smoke",
    show_default=True,
    metavar="smoke|small|full",
    help="smoke: seconds for everything; small: a nightly; full: the figures to quote.",
)
@click.option(
    "--results",
    type=click.Path(path_type=Path),
    default=None,
    metavar="DIR",
    help="Where results are kept. Default: ./results beside an asv.conf.json, "
    "else your data folder.",
)
@click.option(
    "--machine",
    default=None,
    metavar="NAME",
    help="Call this machine NAME instead of naming it after chip, cores and memory.",
)
@click.option(
    "--budget",
    callback=duration,
    metavar="TIME",
    help="Measure what matters most within this time (10m, 90s, 1h30m), the check included, and "
    "say what was left out.",
)
@click.option(
    "--resume",
    is_flag=True,
    help="Go on with the last run that did not finish, or that left cells out for its budget.",
)
@click.option(
    "--list",
    "list_only",
    is_flag=True,
    help="Show the cells and what they are expected to cost, and measure nothing.",
)
@click.option(
    "--noise",
    is_flag=True,
    help="Measure everything twice with nothing changed, and state this machine's noise floor; "
    "compare uses it from then on.",
)
@click.option(
    "--micro",
    is_flag=True,
    help="Time small things with pytest-benchmark instead: kernels on a batch that stays in the "
    "cache, and hwdoctor's own paths.",
)
def command(
    workloads: tuple[str, ...],
    configurations: tuple[str, ...],
    precisions: tuple[str, ...],
    size: str,
    results: Path | None,
    machine: str | None,
    budget: float | None,
    resume: bool,
    list_only: bool,
    noise: bool,
    micro: bool,
) -> int:
    """Time the full workloads on every backend; verify every result first.

    Without arguments, every built-in workload on every configuration. What is wrong, falls back
    to another device, hangs or crashes is recorded as such and never ranked.
    """  # fmt: skip
    if micro:
        from hwdoctor.cli.micro import bench

        return bench(configurations, results, machine)
    from hwdoctor.measure.bench import choose_cells

    sources = [_absolute(source) for source in workloads]
    cells = choose_cells(
        sources, configuration_names=configurations, precisions=precisions, size=size
    )
    if list_only:
        return _list(
            cells, size=size, results=results, machine=machine, budget=budget, resume=resume
        )
    if noise:
        from hwdoctor.cli.noise import bench as twice
        from hwdoctor.model.errors import UsageError

        if resume or budget is not None:
            raise UsageError("--noise measures everything anew, twice: no --resume, no --budget")
        return twice(cells, size=size, results=results, machine=machine)
    return _bench(cells, size=size, results=results, machine=machine, budget=budget, resume=resume)


def _absolute(source: str) -> str:
    """Workers run elsewhere: a file is named by its absolute path."""
    return str(Path(source).resolve()) if source.endswith(".py") else source


def _list(
    cells: Sequence[Cell],
    *,
    size: str,
    results: Path | None,
    machine: str | None,
    budget: float | None,
    resume: bool,
) -> int:
    """Look at files only: no process is started, nothing is written."""
    from hwdoctor.cli import output
    from hwdoctor.measure import outlook, store
    from hwdoctor.report import plan
    from hwdoctor.results.default import default_results

    folder = results or default_results()
    if resume:
        run = store.unfinished(folder, size, machine)
        expected = outlook.prepare(run, cells, budget_seconds=budget)
    else:
        expected = outlook.foresee(folder, machine, cells, budget_seconds=budget)
    plans = expected.plan()
    if sys.stdout.isatty():
        output.show(plan.table(plans, budget_seconds=budget))
    else:
        output.deliver(plan.lines(plans, budget_seconds=budget).encode())
    return 0


def _bench(
    cells: Sequence[Cell],
    *,
    size: str,
    results: Path | None,
    machine: str | None,
    budget: float | None,
    resume: bool,
) -> int:
    from hwdoctor.measure import store
    from hwdoctor.measure.asv.drive import harvest
    from hwdoctor.model.errors import CouldNotAssess
    from hwdoctor.report import plan
    from hwdoctor.report.progress import Progress
    from hwdoctor.results.default import default_results

    began = time.monotonic()
    if budget == 0:
        raise CouldNotAssess("nothing can be measured within a budget of 0 s")
    folder = results or default_results()
    with store.exclusive(folder):
        with Progress() as progress:
            run = (
                sitting.resume(folder, size, machine, say=progress.say)
                if resume
                else sitting.begin(folder, size, machine, say=progress.say)[0]
            )
            measured, agenda = sitting.measure(
                run, cells, progress, budget_seconds=budget, began=began
            )
            if agenda.left_out and not agenda.tried:
                raise CouldNotAssess(plan.too_small(agenda))
            progress.say("ASV writes its file")
            harvest(run, measured)
        sitting.finish(run, agenda)
    _show(run, measured, agenda)
    return _exit_code(measured)


def _show(run: Run, measured: Measured, agenda: Agenda) -> None:
    from rich.console import Group

    from hwdoctor.cli import output
    from hwdoctor.report import plan
    from hwdoctor.report.bench import summary

    output.show(Group(summary(run.machine, measured), *plan.left_out(agenda)))
    click.echo(f"results: {run.sidecar}")


def _exit_code(measured: Measured) -> int:
    """3 when nothing at all could be measured: that is no result."""
    anything = any(outcome.outcome == "ok" for _, outcomes in measured for outcome in outcomes)
    return 0 if anything else 3

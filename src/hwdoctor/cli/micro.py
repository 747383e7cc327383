"""`hwdoctor bench --micro`: the micro suite instead of the workloads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from hwdoctor.cli import exits

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hwdoctor.measure.micro.conduct import Micro

GOES_WITH = frozenset({"micro", "configurations", "results", "machine"})
"""Parameters of `hwdoctor bench` that mean something to the micro suite."""


def bench(configurations: Sequence[str], results: Path | None, machine: str | None) -> int:
    """Run the suite and show what it measured.

    Raises:
        UsageError: another option was given too, there is no such configuration,
            pytest-benchmark is not installed, or another run holds the results folder.
    """
    from hwdoctor.cli import output as out
    from hwdoctor.measure import store
    from hwdoctor.measure.micro import document, plan
    from hwdoctor.measure.micro.conduct import conduct
    from hwdoctor.measure.run import begin
    from hwdoctor.probing import live
    from hwdoctor.report.micro import summary
    from hwdoctor.report.progress import Progress
    from hwdoctor.results.default import default_results

    _refuse_others(click.get_current_context())
    plan.check_installed()
    chosen = plan.chosen(configurations)
    folder = results or default_results()
    with store.exclusive(folder), Progress() as progress:
        facts = live.facts(0)
        run = begin(facts, folder, machine=machine, size="micro", seed=0)
        store.save_machine(run, facts)
        parts, missing = plan.parts(run, chosen)
        micro = conduct(run, facts, parts, missing=missing, say=progress.say)
    out.show(summary(run.machine, micro))
    if micro.measured:
        click.echo(f"results: {document.file_of(run)}")
    return _exit_code(micro)


def _refuse_others(context: click.Context) -> None:
    """What would be ignored is refused."""
    from hwdoctor.model.errors import UsageError

    for parameter in context.command.params:
        name = parameter.name or ""
        given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if given and name not in GOES_WITH:
            shown = parameter.opts[0] if isinstance(parameter, click.Option) else "WORKLOAD"
            raise UsageError(
                f"--micro goes with --config, --results and --machine, not with {shown}"
            )


def _exit_code(micro: Micro) -> int:
    """3 when nothing was measured, or when a path of hwdoctor's own could not be.

    A kernel that is wrong is a result about its backend, as in `hwdoctor bench`.
    """
    lost = any(missing.own and missing.outcome != "skipped" for missing in micro.missing)
    return exits.COULD_NOT_ASSESS if lost or not micro.measured else exits.FINE

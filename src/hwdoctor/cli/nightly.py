"""`hwdoctor nightly`: check, bench, compare with the last good night, say what is not known."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hwdoctor.cli import exits
from hwdoctor.cli.durations import duration
from hwdoctor.cli.options import (
    Slower,
    format_option,
    output_option,
    refuse_together,
    slower,
)

if TYPE_CHECKING:
    from hwdoctor.cli.night_sitting import Request
    from hwdoctor.model.night import Night
    from hwdoctor.report.schedules import System

_OTHERS = ("budget", "fail-on", "profile", "format", "output")
"""What means nothing to a command that measures nothing."""


@click.command("nightly")
@click.argument("workloads", nargs=-1, metavar="[WORKLOAD|FILE.py|MODULE:FUNCTION]...")
@click.option(
    "--config",
    "configurations",
    multiple=True,
    metavar="NAME",
    help="Only this configuration, for example numba-cpu. Repeatable.",
)
@click.option(
    "--size",
    default="small",
    show_default=True,
    metavar="smoke|small|full",
    help="How large the workloads are.",
)
@click.option(
    "--budget",
    "budget_seconds",
    callback=duration,
    metavar="TIME",
    help="Measure what matters most within this time (30m, 2h), and say what was left out.",
)
@click.option(
    "--results",
    type=click.Path(path_type=Path),
    default=None,
    metavar="DIR",
    help="Where results are kept, and where the last good night is looked for. Default: ./results "
    "beside an asv.conf.json, else your data folder.",
)
@click.option(
    "--machine",
    default=None,
    metavar="NAME",
    help="Call this machine NAME instead of naming it after chip, cores and memory.",
)
@click.option(
    "--profile",
    "profiles",
    multiple=True,
    metavar="NAME|FILE",
    help="Judge against a deployment contract too: a built-in one or a TOML file. Repeatable.",
)
@click.option(
    "--fail-on",
    "fail_on",
    callback=slower,
    default="slower",
    show_default=True,
    metavar="slower[=PERCENT]",
    help="Exit with 1 if a cell is slower than on the last good night, beyond the noise floor and "
    "by more than PERCENT. What worked and does no more is always a failure.",
)
@format_option("console", "json", "markdown")
@output_option
@click.option(
    "--accept",
    is_flag=True,
    help="Measure nothing: take the newest night, slower or not, as the good one from now on.",
)
@click.option(
    "--install",
    type=click.Choice(["systemd", "launchd", "cron"]),
    help="Measure nothing and write nothing: print what runs this command, with the other "
    "options given, every night as you.",
)
@click.pass_context
def command(
    context: click.Context,
    *,
    workloads: tuple[str, ...],
    configurations: tuple[str, ...],
    size: str,
    budget_seconds: float | None,
    results: Path | None,
    machine: str | None,
    profiles: tuple[str, ...],
    fail_on: Slower,
    form: str,
    output: Path | None,
    accept: bool,
    install: System | None,
) -> int:
    """Check, bench, and compare with the last good night.

    The last good night is the newest earlier one of this machine and size that finished, was not
    blocked and was not slower. A night that is slower stays out of it, so that a slow-down is
    told every night until it is gone or you say --accept.
    """
    from hwdoctor.cli.night_sitting import Request

    request = Request.of(
        workloads, configurations, size=size, budget_seconds=budget_seconds, results=results,
        machine=machine, profiles=profiles,
    )  # fmt: skip
    if accept:
        refuse_together(context, "accept", "install", *_OTHERS)
        return _accept(request)
    if install is not None:
        return _install(context, request, install)
    from hwdoctor.cli import night_sitting

    night = night_sitting.night(request, fail_percent=fail_on.percent)
    _hand_over(night, form, output)
    return exit_code(night)


def exit_code(night: Night) -> int:
    """A verdict as the exit code that automation reads."""
    codes = {
        "good": exits.FINE,
        "regressed": exits.BLOCKED,
        "blocked": exits.BLOCKED,
        "unknown": exits.COULD_NOT_ASSESS,
    }
    return codes[night.verdict]


def _hand_over(night: Night, form: str, file: Path | None) -> None:
    from hwdoctor.cli import output as out
    from hwdoctor.model import encode
    from hwdoctor.report import nightly

    if form == "console":
        out.show(nightly.console(night), file=file)
    elif form == "json":
        out.deliver(encode(night), file)
    else:
        out.deliver(nightly.markdown(night).encode(), file)


def _accept(request: Request) -> int:
    from hwdoctor.cli import night_sitting

    mark = night_sitting.accept(request)
    reasons = f" ({'; '.join(mark.reasons)})" if mark.reasons else ""
    click.echo(f"accepted: night {mark.run}, judged {mark.verdict}{reasons}")
    return exits.FINE


def _install(context: click.Context, request: Request, system: System) -> int:
    from hwdoctor.cli import night_schedule
    from hwdoctor.cli import output as out

    out.deliver(night_schedule.text(context, request, system).encode())
    return exits.FINE

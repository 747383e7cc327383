"""`hwdoctor check`: does this stack work?"""

import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import click

from hwdoctor.cli.options import (
    format_option,
    from_option,
    output_option,
    python_option,
    refuse_together,
    timeout_option,
    writable,
)

if TYPE_CHECKING:
    from hwdoctor.model import CheckReport, Facts, Project

REPORTS: Final = {
    "console": "hwdoctor.report.check",
    **{form: f"hwdoctor.report.{form}" for form in ("markdown", "junit", "sarif", "github")},
}
"""Formats besides our own JSON, and the modules that write them."""


@click.command("check")
@click.option(
    "--profile",
    "profiles",
    multiple=True,
    metavar="NAME|FILE",
    help="Judge against a deployment contract too: a built-in one or a TOML file. Repeatable.",
)
@click.option(
    "--project",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Judge the project in DIR: its contract (hwdoctor.toml, or [tool.hwdoctor] in "
    "pyproject.toml), and its Python source, which is read and never run.",
)
@click.option(
    "--level",
    type=click.IntRange(0, 3),
    metavar="0..3",
    default=1,
    show_default=True,
    help="0: look only; 1: import and exercise every installed backend, each in a process of "
    "its own; 2: sweep numerical correctness; 3: stress.",
)
@python_option
@click.option(
    "--lock",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Judge what a requirements file, pylock.toml or uv.lock would install, and install and "
    "run nothing.",
)
@from_option
@click.option(
    "--save",
    type=click.Path(path_type=Path),
    callback=writable,
    metavar="FILE",
    help="Also save the check as JSON, whatever the format shown.",
)
@format_option("console", "json", "markdown", "junit", "sarif", "github")
@output_option
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "never"]),
    default="error",
    show_default=True,
    help="The least severity that makes the exit code 1.",
)
@click.option("--only", metavar="CODE,..", help="Judge only these rules (codes, names, prefixes).")
@click.option("--ignore", metavar="CODE,..", help="Do not judge these rules.")
@timeout_option
@click.option(
    "--allow-hazard",
    is_flag=True,
    help="Also judge what can take the machine down to find out.",
)
@click.option(
    "--fresh",
    is_flag=True,
    help="Use nothing that an earlier check has learnt. (Every check looks anew: there is no "
    "cache yet.)",
)
@click.option(
    "--fix",
    is_flag=True,
    help="Show the remedies as a script to read, in place of the report. Nothing is run.",
)
@click.option(
    "--apply",
    "apply_them",
    is_flag=True,
    help="With --fix: carry out the safe remedies (a bounded version of a package, with the pip "
    "of the judged virtual environment), each shown before, and check again.",
)
@click.option("-v", "--verbose", is_flag=True, help="List what passed and what was skipped, too.")
@click.pass_context
def command(
    context: click.Context,
    *,
    profiles: tuple[str, ...],
    project: Path | None,
    level: int,
    python: Path | None,
    lock: Path | None,
    source: Path | None,
    save: Path | None,
    form: str,
    output: Path | None,
    fail_on: Literal["error", "warning", "never"],
    only: str | None,
    ignore: str | None,
    timeout: float,
    allow_hazard: bool,
    fresh: bool,  # noqa: ARG001 -- part of the contract; nothing is kept that it could forget
    fix: bool,
    apply_them: bool,
    verbose: bool,
) -> int:
    """Prove that this machine's stack works.

    Chip, cores, memory, interpreter, packages, environment variables, and every installed
    backend, operation by operation, each in a process of its own: a framework that aborts,
    crashes or hangs becomes a finding. Only what is installed or asked for is judged.
    """
    from hwdoctor.cli import contracts

    # Slips in names and files are told before any probe runs.
    chosen, ignored = contracts.rules(only), contracts.rules(ignore)
    source_code = contracts.source_of(project)
    judged_by = contracts.load(profiles, project, has_source=source_code is not None)
    if fix:
        refuse_together(context, "fix", "format", "verbose")
    if apply_them:
        _refuse_to_apply(context, fix=fix)
    if lock is not None:
        refuse_together(context, "lock", "level", "timeout")
        level = 0

    def judge() -> "CheckReport":
        facts = (
            _probed(level, python, timeout, form) if source is None else _recorded(context, source)
        )
        if lock is not None:
            facts = _with_lock(facts, lock)
        if source_code is not None:
            facts = _with_source(facts, source_code)

        from hwdoctor.rules import engine

        return engine.run(
            facts,
            level=level,
            profiles=judged_by,
            only=chosen,
            ignore=ignored,
            allow_hazard=allow_hazard,
            replayed=source is not None,
        )

    report = judge()
    if apply_them:
        from hwdoctor.cli import repair

        report = repair.apply(report, python or Path(sys.executable), judge)
    elif fix:
        _show_remedies(report, output, None if source or lock else python or Path(sys.executable))
    else:
        _show(report, form, output, verbose=verbose)
    if save is not None:
        _save(report, save)
    return _exit_code(report, fail_on)


def _exit_code(report: "CheckReport", fail_on: Literal["error", "warning", "never"]) -> int:
    from hwdoctor.rules import engine

    return engine.exit_code(report, fail_on)


def _refuse_to_apply(context: click.Context, *, fix: bool) -> None:
    """Only what was judged on this machine can be changed on it."""
    if not fix:
        raise click.UsageError("--apply means nothing without --fix", context)
    refuse_together(context, "apply", "from", "lock", "output")


def _probed(level: int, python: Path | None, timeout_seconds: float, form: str) -> "Facts":
    from hwdoctor.cli import sources

    needed_next = ("hwdoctor.rules.engine", REPORTS.get(form, "hwdoctor.model"))
    return sources.live(
        level, python=python, timeout_seconds=timeout_seconds, meanwhile=needed_next
    )


def _recorded(context: click.Context, source: Path) -> "Facts":
    from hwdoctor.cli import sources

    refuse_together(context, "from", "python", "timeout")
    return sources.recorded(source)


def _with_lock(facts: "Facts", file: Path) -> "Facts":
    from hwdoctor.rules import lock

    return lock.judged(facts, file)


def _show(report: "CheckReport", form: str, file: Path | None, *, verbose: bool) -> None:
    from hwdoctor.cli import output

    if form == "console":
        from hwdoctor.report import check

        output.show(check.console(report, full=verbose), file=file)
    elif form == "json":
        from hwdoctor.model import encode

        output.deliver(encode(report), file)
    else:
        output.deliver(import_module(REPORTS[form]).check(report), file)


def _show_remedies(report: "CheckReport", file: Path | None, python: Path | None) -> None:
    """Commands name the interpreter that was judged, where it is one of this machine."""
    from hwdoctor.cli import output
    from hwdoctor.report import remedies

    output.deliver(remedies.script(report, str(python or "python")), file)


def _save(report: "CheckReport", file: Path) -> None:
    from hwdoctor.cli import output
    from hwdoctor.model import encode

    output.save(encode(report), file)


def _with_source(facts: "Facts", project: "Project") -> "Facts":
    import msgspec

    return msgspec.structs.replace(facts, project=project)

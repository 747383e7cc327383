"""`hwdoctor check`: does this stack work?"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import click

from hwdoctor.cli.options import (
    format_option,
    from_option,
    output_option,
    python_option,
    timeout_option,
    writable,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hwdoctor.model import CheckReport
    from hwdoctor.rules.profiles import Profile

REPORTS: Final = {
    form: f"hwdoctor.report.{form}" for form in ("markdown", "junit", "sarif", "github")
}
"""Formats besides our own JSON, and the modules whose `check` writes them."""


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
    help="Judge against the contract in DIR: hwdoctor.toml, or [tool.hwdoctor] in pyproject.toml.",
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
@from_option
@click.option(
    "--save",
    type=click.Path(path_type=Path),
    callback=writable,
    metavar="FILE",
    help="Also save the check as JSON, whatever the format shown.",
)
@format_option("console", "json", *REPORTS)
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
@click.option("-v", "--verbose", is_flag=True, help="List what passed and what was skipped, too.")
@click.pass_context
def command(
    context: click.Context,
    *,
    profiles: tuple[str, ...],
    project: Path | None,
    level: int,
    python: Path | None,
    source: Path | None,
    save: Path | None,
    form: str,
    output: Path | None,
    fail_on: Literal["error", "warning", "never"],
    only: str | None,
    ignore: str | None,
    timeout: float,
    allow_hazard: bool,
    verbose: bool,
) -> int:
    """Prove that this machine's stack works.

    Chip, cores, memory, interpreter, packages, environment variables, and every installed
    backend, operation by operation, each in a process of its own: a framework that aborts,
    crashes or hangs becomes a finding. Only what is installed or asked for is judged.
    """
    from hwdoctor.cli import output as out
    from hwdoctor.cli import sources
    from hwdoctor.rules import engine, registry

    # Slips in names and files are told before any probe runs.
    chosen, ignored = _listed(only), _listed(ignore)
    registry.select((*chosen, *ignored))
    contracts = _contracts(profiles, project)
    if source is None:
        facts = sources.live(level, python=python, timeout_seconds=timeout)
    else:
        sources.refuse_with_recording(context, "python", "timeout")
        facts = sources.recorded(source)
    report = engine.run(
        facts,
        level=level,
        profiles=contracts,
        only=chosen,
        ignore=ignored,
        allow_hazard=allow_hazard,
        replayed=source is not None,
    )
    if form == "console":
        from hwdoctor.report import check

        out.show(check.console(report, full=verbose), file=output)
    else:
        out.deliver(_document(report, form), output)
    if save is not None:
        out.save(_document(report, "json"), save)
    return engine.exit_code(report, fail_on)


def _contracts(names: "Iterable[str]", project: Path | None) -> "tuple[Profile, ...]":
    from hwdoctor.model import UsageError
    from hwdoctor.rules import profiles

    contracts = [profiles.load(name) for name in names]
    if project is not None:
        own = profiles.of_project(project)
        if own is None:
            raise UsageError(
                f"--project {project}: no hwdoctor.toml and no [tool.hwdoctor] in a pyproject.toml"
            )
        contracts.append(own)
    return tuple(contracts)


def _document(report: "CheckReport", form: str) -> bytes:
    if form == "json":
        from hwdoctor.model import encode

        return encode(report)
    document: bytes = import_module(REPORTS[form]).check(report)
    return document


def _listed(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())

"""The command line of `hwdoctor nightly --install`, made to stand on its own.

A scheduler starts in another directory, with next to no environment: every path becomes
absolute, and the variables that decide how frameworks behave go along with their values.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import click

    from hwdoctor.cli.night_sitting import Request
    from hwdoctor.report.schedules import System

_KEPT = {"fail_on": "--fail-on", "form": "--format"}
"""Options that are passed on as they were given."""


def text(context: click.Context, request: Request, system: System) -> str:
    """What the scheduler wants.

    Raises:
        UsageError: a word cannot be written down for it.
    """
    from hwdoctor.report.schedules import Job, schedule

    log = str(Path.home() / "Library" / "Logs" / "hwdoctor-nightly.log")
    job = Job(words=words(context, request), environment=variables(os.environ), log=log)
    return schedule(job, system)


def words(context: click.Context, request: Request) -> list[str]:
    """The command, with every path absolute."""
    said = [sys.executable, "-m", "hwdoctor", "nightly", *request.sources]
    for name in request.configurations:
        said += ["--config", name]
    said += ["--size", request.size, "--results", str(request.folder)]
    if request.budget_seconds is not None:
        said += ["--budget", f"{request.budget_seconds:g}"]
    if request.machine is not None:
        said += ["--machine", request.machine]
    for name in request.profile_names:
        said += ["--profile", _profile(name)]
    return [*said, *_as_given(context)]


def variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Those that decide which program is found and how a framework behaves; never a secret."""
    from hwdoctor.probing.privacy import SECRET_NAME, allowed

    return {
        name: value
        for name, value in sorted(environment.items())
        if (name == "PATH" or allowed(name)) and not SECRET_NAME.search(name)
    }


def _profile(name: str) -> str:
    from hwdoctor.rules.profiles import built_in_names

    return name if name in built_in_names() else str(Path(name).resolve())


def _as_given(context: click.Context) -> list[str]:
    from click.core import ParameterSource

    said: list[str] = []
    for parameter, option in _KEPT.items():
        if context.get_parameter_source(parameter) is ParameterSource.COMMANDLINE:
            value = context.params[parameter]
            given = f"slower={value.percent:g}" if parameter == "fail_on" else str(value)
            said += [option, given]
    output = context.params["output"]
    if output is not None:
        said += ["--output", str(Path(output).resolve())]
    return said

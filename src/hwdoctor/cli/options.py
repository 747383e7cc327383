"""Options that several commands share, so that they mean the same everywhere.

What can be told to be wrong without doing any work is told at once: a check takes seconds, and
a bench hours, and neither should end with a directory that does not exist.
"""

import math
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import click

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

STANDARD_OUTPUT: Final = "-"
_SLOWER: Final = re.compile(r"slower(?:=(\d+(?:\.\d*)?)%?)?")


class Slower(NamedTuple):
    """When a comparison is a failure: slower, by more than so much."""

    percent: float


def writable(context: click.Context, parameter: click.Parameter, value: Path | None) -> Path | None:
    """Check a file that is going to be written; `-` (standard output) becomes None."""
    if value is None or str(value) == STANDARD_OUTPUT:
        return None
    obstacle = obstacle_to_writing(value)
    if obstacle:
        raise click.BadParameter(f"{value}: {obstacle}", context, parameter)
    return value


def positive(context: click.Context, parameter: click.Parameter, value: float) -> float:
    """Check a number of seconds; FLOAT accepts nan and inf, which are no time limit."""
    if not (math.isfinite(value) and value > 0):
        raise click.BadParameter(f"{value} is not a positive, finite number", context, parameter)
    return value


def slower(context: click.Context, parameter: click.Parameter, value: str | None) -> Slower | None:
    """Read `slower` or `slower=5%`."""
    if value is None:
        return None
    match = _SLOWER.fullmatch(value)
    if match is None:
        raise click.BadParameter(f"{value!r} is not slower or slower=PERCENT", context, parameter)
    return Slower(percent=float(match[1] or 0))


def refuse_together(context: click.Context, given: str, *others: str) -> None:
    """Options that mean nothing beside another one are not accepted and then ignored."""
    from click.core import ParameterSource

    for parameter in context.command.params:
        name = next((name for name in others if f"--{name}" in parameter.opts), None)
        source = context.get_parameter_source(parameter.name or "")
        if name is not None and source is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--{name} means nothing together with --{given}", context)


def obstacle_to_writing(path: Path) -> str | None:
    """Why this file cannot be written, as far as can be told beforehand."""
    try:
        if path.is_dir():
            return "is a directory, a file is needed"
        if path.exists():
            return None if os.access(path, os.W_OK) else "may not be written"
        if not path.parent.is_dir():
            return f"there is no directory {path.parent}"
        return None if os.access(path.parent, os.W_OK) else f"{path.parent} may not be written"
    except (OSError, ValueError) as error:
        return str(error)


def format_option(*formats: str) -> Decorator:
    """`--format`; the first one is the default."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        help="How to show the result.",
    )


output_option: Final[Decorator] = click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    callback=writable,
    metavar="FILE",
    help="Write the result to FILE (whole or not at all) instead of standard output.",
)

from_option: Final[Decorator] = click.option(
    "--from",
    "source",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Look at a recording, a saved check or saved facts instead of this machine.",
)

python_option: Final[Decorator] = click.option(
    "--python",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Judge the environment of this interpreter. Default: the one that runs hwdoctor.",
)

timeout_option: Final[Decorator] = click.option(
    "--timeout",
    type=float,
    callback=positive,
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="Give up on a probe after so long.",
)

"""`hwdoctor init`: a project's own profile, from what the machine has now."""

import os
from pathlib import Path
from typing import Final

import click

from hwdoctor.cli import exits
from hwdoctor.cli.options import STANDARD_OUTPUT, obstacle_to_writing, python_option

DEFAULT: Final = "hwdoctor.toml"


def _new_file(context: click.Context, parameter: click.Parameter, value: Path) -> Path | None:
    """Check a file that must not be there yet; `-` (standard output) becomes None."""
    if str(value) == STANDARD_OUTPUT:
        return None
    obstacle = _obstacle(value)
    if obstacle:
        raise click.BadParameter(f"{value}: {obstacle}", context, parameter)
    return value


def _obstacle(path: Path) -> str | None:
    # A link that leads nowhere is there, too: writing would create what it points to.
    if os.path.lexists(path) and not path.is_dir():
        return "is there already and is not overwritten; -o names another file, - shows it"
    return obstacle_to_writing(path)


@click.command("init")
@click.option(
    "-o",
    "--output",
    "file",
    type=click.Path(path_type=Path),
    callback=_new_file,
    default=DEFAULT,
    show_default=True,
    metavar="FILE",
    help="Write to FILE, which must not be there yet; - is standard output.",
)
@python_option
def command(file: Path | None, python: Path | None) -> int:
    """Write a hwdoctor.toml from what this machine has now.

    It demands the versions of the numerical packages, the interpreter, the variables and the
    hardware that are here; loosen what may be loosened. `hwdoctor check --project .` judges a
    machine against it.
    """
    from hwdoctor.cli import output, sources
    from hwdoctor.rules.profile_writer import project_toml

    document = project_toml(sources.live(0, python=python)).encode()
    if file is None:
        output.deliver(document)
        return exits.FINE
    _create(document, file)
    _report(file)
    return exits.FINE


def _create(document: bytes, file: Path) -> None:
    from hwdoctor.cli import output
    from hwdoctor.model import UsageError

    obstacle = _obstacle(file)  # looking at the machine took a while
    if obstacle:
        raise UsageError(f"{file}: {obstacle}")
    output.save(document, file)


def _report(file: Path) -> None:
    from hwdoctor.cli import output
    from hwdoctor.report.console import words

    judge = f"--project {file.parent}" if file.name == DEFAULT else f"--profile {file}"
    output.show(words(f"wrote {file}; `hwdoctor check {judge}` judges a machine against it"))

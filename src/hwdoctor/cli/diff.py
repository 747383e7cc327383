"""`hwdoctor diff`: what changed between two saved checks."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hwdoctor.cli import exits
from hwdoctor.cli.options import STANDARD_OUTPUT, format_option

if TYPE_CHECKING:
    from hwdoctor.model import CheckReport
    from hwdoctor.model.difference import Difference


@click.command("diff")
@click.argument("before", metavar="A", type=click.Path(path_type=Path))
@click.argument("after", metavar="B", type=click.Path(path_type=Path))
@format_option("console", "json")
def command(before: Path, after: Path, form: str) -> int:
    """Tell what changed between two saved checks.

    A and B are files of `hwdoctor check --save`; `-` is standard input. Exits with 1 if an
    error or a warning is new in B, and with 3 if what failed in A could not be judged in B.
    """
    from hwdoctor.cli import output
    from hwdoctor.report import difference as report
    from hwdoctor.rules.difference import compare

    if str(before) == str(after) == STANDARD_OUTPUT:
        raise click.UsageError("only one of the two checks can come from standard input")
    old, new = _saved(before), _saved(after)
    difference = compare(old, new)
    if form == "json":
        output.deliver(report.as_json(difference))
    else:
        output.show(report.console(difference, (str(before), old), (str(after), new)))
    return _exit_code(difference)


def _saved(path: Path) -> "CheckReport":
    from hwdoctor.model import CheckReport, UsageError
    from hwdoctor.probing import replay

    document = replay.load(path)
    if not isinstance(document, CheckReport):
        raise UsageError(f"{path}: not a saved check; `hwdoctor check --save FILE` writes one")
    return document


def _exit_code(difference: "Difference") -> int:
    """1 outranks 3: what is known to be worse is, even if something else is unknown."""
    if difference.worse:
        return exits.BLOCKED
    return exits.COULD_NOT_ASSESS if difference.unclear else exits.FINE

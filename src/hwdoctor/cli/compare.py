"""`hwdoctor compare`: what is faster, slower or the same, from result files alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hwdoctor.cli import exits
from hwdoctor.cli.options import Slower, format_option, slower

if TYPE_CHECKING:
    from hwdoctor.verdicts.compare import Compared
    from hwdoctor.verdicts.sides import Side


@click.command("compare")
@click.argument(
    "results", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RESULTS..."
)
@click.option("--baseline", metavar="MACHINE", help="Compare with this one. Default: the first.")
@format_option("console", "json", "csv", "markdown")
@click.option(
    "--fail-on",
    "fail_on",
    callback=slower,
    metavar="slower[=PERCENT]",
    help="Exit with 1 if anything is slower than the baseline (by more than PERCENT), and with "
    "3 if something that worked on the baseline does no more.",
)
@click.option("--explain", is_flag=True, help="Also tell what differs between the machines.")
def command(
    *,
    results: tuple[Path, ...],
    baseline: str | None,
    form: str,
    fail_on: Slower | None,
    explain: bool,
) -> int:
    """Compare result files of several machines, or of one machine at several times.

    RESULTS are directories or files of hwdoctor or of any ASV project; of each cell the latest
    run counts. A ratio is a machine's time over the baseline's: below 1 is faster. Different
    versions, sizes, precisions or outcomes are never compared.
    """
    from hwdoctor.results.collect import load
    from hwdoctor.verdicts.compare import compare
    from hwdoctor.verdicts.sides import pick, sides

    available = sides([(str(path), load([path])) for path in results])
    against = pick(available, baseline)
    compared = compare(available, against)
    _hand_over(compared, available, against, form, explain=explain)
    return _exit_code(compared, fail_on)


def _hand_over(
    compared: Compared, available: tuple[Side, ...], against: Side, form: str, *, explain: bool
) -> None:
    from hwdoctor.cli import output as out
    from hwdoctor.model import encode
    from hwdoctor.report import comparison
    from hwdoctor.verdicts.differences import differences

    if form == "console":
        told = differences(available, against) if explain else ()
        out.show(comparison.console(compared.document, told))
        return
    forms = {
        "json": lambda: encode(compared.document),
        "csv": lambda: comparison.as_csv(compared.document).encode(),
        "markdown": lambda: comparison.markdown(compared.document).encode(),
    }
    out.deliver(forms[form]())


def _exit_code(compared: Compared, fail_on: Slower | None) -> int:
    """1 outranks 3: a known regression is one, even if something else is unknown."""
    if fail_on is not None and any(
        cell.verdict == "slower" and (cell.ratio or 0) > 1 + fail_on.percent / 100
        for cell in compared.document.cells
    ):
        return exits.BLOCKED
    if not compared.anything_compared or (fail_on is not None and compared.broken):
        return exits.COULD_NOT_ASSESS
    return exits.FINE

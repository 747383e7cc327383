"""`hwdoctor hardware`: what this machine is."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from hwdoctor.cli import exits
from hwdoctor.cli.options import format_option, from_option, output_option

if TYPE_CHECKING:
    from hwdoctor.model import Facts
    from hwdoctor.model.advice import Advice

_FOR_PEOPLE: Final = ("hwdoctor.cli.output", "hwdoctor.report.advice", "hwdoctor.verdicts.advice")
NEEDED_NEXT: Final = {
    "console": ("hwdoctor.report.console", "hwdoctor.report.hardware", *_FOR_PEOPLE),
    "markdown": ("hwdoctor.report.markdown", *_FOR_PEOPLE),
    "json": ("hwdoctor.cli.output",),
}
"""By format, the modules that there is time to load while the machine is looked at."""


@click.command("hardware")
@from_option
@click.option(
    "--bytes-per-sample",
    type=click.IntRange(min=1),
    metavar="BYTES",
    help="Also advise a batch size: what one sample keeps alive at the peak.",
)
@click.option(
    "--device-memory",
    type=click.IntRange(min=1),
    metavar="BYTES",
    help="For the advice: what the framework says that one GPU or TPU may hold.",
)
@format_option("console", "json", "markdown")
@output_option
def command(
    source: Path | None,
    bytes_per_sample: int | None,
    device_memory: int | None,
    form: str,
    output: Path | None,
) -> int:
    """Show what this machine is.

    Processor, usable cores, memory, accelerators, interpreter and packages. What is not known
    is said to be unknown and never guessed. Serial numbers, host and user names never appear.
    For people also: how many threads, workers and samples that is good for, and what data sheets
    say of the devices.
    """
    if form == "json" and (bytes_per_sample is not None or device_memory is not None):
        option = "--bytes-per-sample" if bytes_per_sample is not None else "--device-memory"
        raise click.UsageError(f"{option}: JSON holds facts and no advice")
    facts = _facts(source, form)
    if form == "json":
        from hwdoctor.cli import output as out
        from hwdoctor.model import encode

        out.deliver(encode(facts), output)
    else:
        from hwdoctor.verdicts.advice import advise

        advice = advise(
            facts,
            workload_bytes_per_sample=bytes_per_sample,
            device_memory_bytes=device_memory,
        )
        _show(facts, advice, form, output)
    return exits.FINE


def _facts(source: Path | None, form: str) -> "Facts":
    from hwdoctor.cli import sources

    if source is not None:
        return sources.recorded(source)
    return sources.live(0, meanwhile=NEEDED_NEXT[form])


def _show(facts: "Facts", advice: "Advice", form: str, file: Path | None) -> None:
    from hwdoctor.cli import output as out

    if form == "markdown":
        from hwdoctor.report import markdown

        out.deliver(markdown.machine(facts, advice), file)
    else:
        from hwdoctor.report import hardware

        out.show(hardware.console(facts, advice), file=file)

"""`hwdoctor hardware`: what this machine is."""

from pathlib import Path

import click

from hwdoctor.cli import exits
from hwdoctor.cli.options import format_option, from_option, output_option


@click.command("hardware")
@from_option
@format_option("console", "json", "markdown")
@output_option
def command(source: Path | None, form: str, output: Path | None) -> int:
    """Show what this machine is.

    Processor, usable cores, memory, accelerators, interpreter and packages. What is not known
    is said to be unknown and never guessed. Serial numbers, host and user names never appear.
    """
    from hwdoctor.cli import output as out
    from hwdoctor.cli import sources

    facts = sources.live(0) if source is None else sources.recorded(source)
    if form == "json":
        from hwdoctor.model import encode

        out.deliver(encode(facts), output)
    elif form == "markdown":
        from hwdoctor.report import markdown

        out.deliver(markdown.machine(facts), output)
    else:
        from hwdoctor.report import hardware

        out.show(hardware.console(facts), file=output)
    return exits.FINE

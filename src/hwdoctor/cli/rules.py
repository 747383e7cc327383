"""`hwdoctor rules`: the whole catalogue."""

import click

from hwdoctor.cli import exits
from hwdoctor.cli.options import format_option


@click.command("rules")
@format_option("console", "json")
def command(form: str) -> int:
    """List all rules.

    Every rule has a code that never changes its meaning and a readable name; both can be given
    to `hwdoctor explain`, and to --only and --ignore of `hwdoctor check`.
    """
    from hwdoctor.cli import output
    from hwdoctor.rules import registry

    if form == "json":
        from hwdoctor.report.catalogue import as_json

        output.deliver(as_json(registry.RULES))
    else:
        from hwdoctor.report.rules import catalogue

        output.show(catalogue(registry.RULES))
    return exits.FINE

"""`hwdoctor explain`: one rule, in full."""

import click

from hwdoctor.cli import exits


@click.command("explain")
@click.argument("rule", metavar="CODE|NAME")
def command(rule: str) -> int:
    """Explain one rule: symptom, cause, remedy, sources.

    CODE or NAME as a check shows them, for example ENV301.
    """
    from hwdoctor.cli import output
    from hwdoctor.report import rules
    from hwdoctor.rules import registry

    output.show(rules.explanation(registry.find(rule)))
    return exits.FINE

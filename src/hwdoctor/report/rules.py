"""Rules for people: the catalogue as a table, and one rule explained in full."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from hwdoctor.knowledge.gaps import in_part
from hwdoctor.report.console import Fitting, joined
from hwdoctor.report.finding import STYLES
from hwdoctor.report.quantities import counted
from hwdoctor.rules.rule import Rule

_INDENT: Final = (0, 0, 0, 2)


def explanation(rule: Rule) -> RenderableType:
    """Symptom, cause, remedy and sources: what it takes to believe a finding and to act on it."""
    facts = f"{rule.category}, {rule.severity}, decided at level {rule.level}"
    parts: list[RenderableType] = [_name(rule), Text(rule.title), Text(facts, style="quiet")]
    if rule.hazard:
        parts.append(Text("only with --allow-hazard: its probe can take the machine down"))
    left = next((part.left for part in in_part() if part.code == rule.code), None)
    for heading, body in (
        ("Symptom", rule.symptom),
        ("Cause", rule.cause),
        ("Remedy", rule.remedy),
        *((("Not looked at", left),) if left else ()),
    ):
        parts += [Text(), Text(heading, style="label"), Padding(Text(body), _INDENT)]
    parts += [Text(), Text("Sources", style="label")]
    # On lines of their own and not wrapped: an address that is broken cannot be followed.
    parts += [Text(f"  {source}", no_wrap=True, overflow="ignore") for source in rule.sources]
    return Group(*parts)


def catalogue(rules: Sequence[Rule]) -> RenderableType:
    """All rules, and how to learn more."""
    hint = f"{counted(len(rules), 'rule')}; `hwdoctor explain CODE` tells all about one."
    return Group(Fitting(_table(rules), Group(*_lines(rules))), Text(), Text(hint))


def _table(rules: Iterable[Rule]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="label", pad_edge=False)
    table.add_column("code", no_wrap=True)
    table.add_column("severity", no_wrap=True)
    table.add_column("level", no_wrap=True, justify="right")
    table.add_column("name and meaning", ratio=1)
    for rule in rules:
        meaning = Text(rule.name, style="label") + Text(f"\n{rule.title}", style="default")
        table.add_row(Text(rule.code), _severity(rule), Text(str(rule.level)), meaning)
    return table


def _lines(rules: Iterable[Rule]) -> Iterator[RenderableType]:
    for rule in rules:
        yield joined([_name(rule), _severity(rule)], " ")
        yield Padding(Text(rule.title), _INDENT)


def _name(rule: Rule) -> Text:
    return joined([Text(rule.code, style="label"), Text(rule.name)], " ")


def _severity(rule: Rule) -> Text:
    return Text(rule.severity, style=STYLES[rule.severity])

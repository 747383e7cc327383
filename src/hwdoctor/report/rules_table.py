"""All rules as a Markdown page, generated so that it cannot disagree with them.

`python -m hwdoctor.report.rules_table FILE` writes it (`make rules`); a test holds the committed
page against what this generates.
"""

import sys
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Final

from hwdoctor.knowledge.gaps import in_part, unchecked
from hwdoctor.report.markdown import escaped
from hwdoctor.rules.registry import RULES
from hwdoctor.rules.rule import Rule

_HEAD: Final = """\
# Rules

Written by `make rules` from the rules themselves; do not edit. `hwdoctor explain CODE` tells
symptom, cause and sources of one. A code never changes its meaning. Level 0 looks only, level 1
exercises backends, levels 2 and 3 take longer (`hwdoctor check --level`).
"""


def page(rules: Iterable[Rule] = RULES) -> str:
    """The whole page: one table per category, by code."""
    ordered = sorted(rules, key=lambda rule: (rule.category, rule.code))
    parts = [_HEAD]
    for category, members in groupby(ordered, key=lambda rule: rule.category):
        title = f"## {category[:1].upper()}{category[1:]}"
        parts.append("\n".join([title, "", *_table(members), ""]))
    parts.append("\n".join([*_gaps(), ""]))
    return "\n".join(parts)


def _gaps() -> Iterator[str]:
    """What no rule decides: a reader must not think that it was looked for."""
    yield "## Not checked, and why"
    yield ""
    yield "Known faults that no rule decides. Their codes are kept for them."
    yield ""
    yield "| code | fault | why not | where instead |"
    yield "| --- | --- | --- | --- |"
    for gap in unchecked():
        texts = (gap.about, gap.reason, f"`{gap.where}`" if gap.where else "nowhere")
        yield f"| {gap.code} | {' | '.join(_cell(text) for text in texts)} |"
    yield ""
    yield "## Checked in part"
    yield ""
    yield "| code | what its rule does not look at |"
    yield "| --- | --- |"
    for part in in_part():
        yield f"| {part.code} | {_cell(part.left)} |"


def _table(rules: Iterable[Rule]) -> Iterator[str]:
    yield "| code | name | severity | level | finds | remedy |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for rule in rules:
        texts = (rule.name, rule.severity, str(rule.level), rule.title, rule.remedy)
        yield f"| {rule.code} | {' | '.join(_cell(text) for text in texts)} |"


def _cell(text: str) -> str:
    """Code between backticks stays code; a bar would end the cell even there."""
    pieces = text.split("`")
    if len(pieces) % 2 == 0:
        return escaped(text)
    return "`".join(
        piece.replace("|", "\\|") if place % 2 else escaped(piece)
        for place, piece in enumerate(pieces)
    )


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")

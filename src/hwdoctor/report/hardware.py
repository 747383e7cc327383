"""`hwdoctor hardware` for people: a panel that one likes to paste into a bug report."""

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from hwdoctor.model import Facts
from hwdoctor.model.advice import Advice
from hwdoctor.report.machine import Row, rows
from hwdoctor.report.parts import beyond_readings


def console(facts: Facts, advice: Advice | None = None) -> RenderableType:
    """Labels and texts without a frame: borders do not survive being pasted."""
    shown: list[RenderableType] = [Text("hwdoctor hardware", style="note"), _grid(rows(facts))]
    for title, further in beyond_readings(facts, advice):
        shown += [Text(), Text(title, style="note"), _grid(further)]
    return Group(*shown)


def _grid(pairs: Iterable[Row]) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="label", no_wrap=True)
    grid.add_column(overflow="fold")
    for label, text in pairs:
        grid.add_row(Text(label), Text(text))
    return grid

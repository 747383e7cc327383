"""`hwdoctor hardware` for people: a panel that one likes to paste into a bug report."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from hwdoctor.model import Facts
from hwdoctor.report.machine import rows


def console(facts: Facts) -> RenderableType:
    """Labels and texts without a frame: borders do not survive being pasted."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="label", no_wrap=True)
    grid.add_column(overflow="fold")
    for label, text in rows(facts):
        grid.add_row(Text(label), Text(text))
    return Group(Text("hwdoctor hardware", style="note"), grid)

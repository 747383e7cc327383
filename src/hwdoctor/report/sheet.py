"""A table in blocks: rows under a common heading, with titles and notes between them.

It adapts to the room there is. Columns that say nothing are left out, then the less important
ones, and where not even the rest fits, each row becomes a sentence. Nothing is ever cut off.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from hwdoctor.report.console import ROOM_FOR_A_TABLE, words
from hwdoctor.results.printable import printable

INDENT: Final = "  "
GAP: Final = "  "
ALWAYS: Final = 0


@dataclass(frozen=True)
class Column:
    """One column. The first one names the row and is always there."""

    heading: str
    optional: int = ALWAYS
    """0: always shown; the higher, the sooner it is left out where there is no room."""
    numbers: bool = True
    """Numbers stand to the right, words to the left."""
    spoken: str = "{}"
    """How a value is said in a sentence: `peak {}`; empty: it is not."""


@dataclass(frozen=True)
class _Row:
    values: tuple[str, ...]
    style: str


@dataclass(frozen=True)
class _Remark:
    text: str
    style: str
    depth: int


class Sheet:
    """Rows, titles and notes in the order in which they were added."""

    def __init__(self, *columns: Column) -> None:
        """Begin with nothing."""
        self._columns = columns
        self._parts: list[_Row | _Remark] = []

    def row(self, *values: str, style: str = "") -> None:
        """Add a row; an empty value says nothing. Text of any origin is made harmless."""
        assert len(values) == len(self._columns)
        self._parts.append(_Row(tuple(printable(value) for value in values), style))

    def title(self, text: str) -> None:
        """Add a line above rows that belong together."""
        self._parts.append(_Remark(text, "label", 1))

    def note(self, text: str, style: str = "") -> None:
        """Add a line below rows."""
        self._parts.append(_Remark(text, style, 2))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        shown = self._that_fit(options.max_width)
        widths = [self._width(place) for place in shown]
        if shown and any(isinstance(part, _Row) for part in self._parts):
            yield self._line([column.heading for column in self._columns], shown, widths, "label")
        elif self._columns[0].heading:
            yield words(self._columns[0].heading, "label")
        for part in self._parts:
            if isinstance(part, _Remark):
                yield Indented(part.text, part.style, depth=part.depth)
            elif shown:
                values = [INDENT * 2 + part.values[0], *part.values[1:]]
                yield self._line(values, shown, widths, part.style)
            else:
                yield Indented(self._sentence(part), part.style, depth=2)

    def _that_fit(self, room: int) -> list[int]:
        """Places of the columns to show; empty: not even the necessary ones fit."""
        shown = [place for place in range(len(self._columns)) if not place or self._says(place)]
        while shown:
            width = sum(self._width(place) for place in shown) + len(GAP) * (len(shown) - 1)
            if width <= room and room >= ROOM_FOR_A_TABLE:
                return shown
            least = max(shown, key=lambda place: self._columns[place].optional)
            if self._columns[least].optional == ALWAYS:
                return []
            shown.remove(least)
        return []

    def _says(self, place: int) -> bool:
        return any(part.values[place] for part in self._parts if isinstance(part, _Row))

    def _width(self, place: int) -> int:
        values = [part.values[place] for part in self._parts if isinstance(part, _Row)]
        indent = 2 * len(INDENT) if place == 0 else 0
        heading = cell_len(self._columns[place].heading)
        return max([heading, *(indent + cell_len(value) for value in values)])

    def _line(
        self, values: Sequence[str], shown: Sequence[int], widths: Sequence[int], style: str
    ) -> Text:
        texts = []
        for place, width in zip(shown, widths, strict=True):
            value = printable(values[place]) if place else values[place]
            missing = " " * (width - cell_len(value))
            right = place > 0 and self._columns[place].numbers
            texts.append(missing + value if right else set_cell_size(value, width))
        return Text(GAP.join(texts).rstrip(), style=style, no_wrap=True)

    def _sentence(self, row: _Row) -> str:
        """`numba-cpu: 11.9 ms, peak 77 MiB`."""
        said = [
            column.spoken.format(value)
            for column, value in zip(self._columns[1:], row.values[1:], strict=True)
            if value and column.spoken
        ]
        return f"{row.values[0]}: {', '.join(said)}" if said else row.values[0]


class Indented:
    """Text of any origin, whose further lines stand below the first where it is wrapped."""

    def __init__(self, text: str, style: str = "", *, depth: int = 1) -> None:
        """Nothing is wrapped before the width is known."""
        self._text = words(text, style)
        self._margin = INDENT * depth

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        room = max(1, options.max_width - len(self._margin))
        for line in self._text.wrap(console, room):
            line.rstrip()
            yield Text(self._margin) + line

"""The terminal: one console per stream, its colours, and what keeps output readable anywhere.

Narrow terminals, pipes, `NO_COLOR` and encodings other than UTF-8 are normal cases. Markup is
never interpreted: text from elsewhere may contain brackets, and must not be able to style.
"""

import codecs
import io
import sys
from collections.abc import Iterable
from typing import Any, Final, TextIO, cast

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.text import Text
from rich.theme import Theme

from hwdoctor.results.printable import printable

NARROWEST: Final = 24  # columns; below that, words break whatever is done
ROOM_FOR_A_TABLE: Final = 72  # columns
WIDTH_IN_FILES: Final = 100  # columns; a file has no width of its own

THEME: Final = Theme(
    {
        "good": "bold green",
        "bad": "bold red",
        "doubt": "bold yellow",
        "note": "bold cyan",
        "label": "bold",
        "quiet": "dim",
        "command": "cyan",
    }
)
"""Names of meanings. A colour never says anything that a word does not say too."""

_PLAIN: Final = {
    "\u2026": "...",  # ellipsis
    "\u2013": "-",  # dashes
    "\u2014": "-",
    "\u00d7": "x",  # multiplication sign
    "\u00b5": "u",  # micro sign
    "\u00b1": "+-",  # plus-minus sign
    "\u2192": "->",  # arrow
}
_ERRORS: Final = "hwdoctor.plain"


def _plain(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    missing = error.object[error.start : error.end]
    return "".join(_PLAIN.get(character, "?") for character in missing), error.end


codecs.register_error(_ERRORS, _plain)


class _Encodable:
    """A text stream that replaces what its encoding lacks instead of failing."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.encoding = getattr(stream, "encoding", None) or "utf-8"

    def write(self, text: str) -> int:
        return self._stream.write(text.encode(self.encoding, _ERRORS).decode(self.encoding))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def make_console(stream: TextIO | None = None, *, follows: bool = False) -> Console:
    """The console for a stream (None: standard output).

    Colours are for terminals only, and `NO_COLOR` turns them off. The width is that of the
    terminal now, unless the console `follows` it when it is resized.
    """
    console = _console(stream or sys.stdout)
    if not follows:
        console.width = max(console.width, NARROWEST)
    return console


def to_text(*renderables: RenderableType, width: int = WIDTH_IN_FILES) -> str:
    """What a console of this width would show: no colours, no spaces at the ends of lines."""
    stream = io.StringIO()
    console = _console(stream, width=width, color_system=None, force_terminal=False)
    console.print(*renderables, crop=False)
    return "".join(f"{line.rstrip()}\n" for line in stream.getvalue().splitlines())


def _console(stream: TextIO, **options: Any) -> Console:
    return Console(
        file=cast("Any", _Encodable(stream)),
        theme=THEME,
        markup=False,
        emoji=False,
        highlight=False,
        **options,
    )


class Fitting:
    """A table where there is room for it, and a list where there is none."""

    def __init__(self, table: RenderableType, otherwise: RenderableType) -> None:
        self._table = table
        self._otherwise = otherwise

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield self._table if options.max_width >= ROOM_FOR_A_TABLE else self._otherwise


def words(text: str, style: str = "") -> Text:
    """Text of unknown origin as one line (wrapped by the console), less what could do harm."""
    return Text(printable(text), style=style)


def joined(parts: Iterable[Text], separator: str = ", ") -> Text:
    """Several pieces of text on one line."""
    return Text(separator).join(parts)


def command_line(text: str, indent: str = "") -> Text:
    """A command to copy: never broken into lines, so that it can be pasted whole."""
    return Text(indent + printable(text), style="command", no_wrap=True, overflow="ignore")

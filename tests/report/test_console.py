"""One console for any stream: colours, widths, and encodings that lack characters."""

import io

import pytest
from rich.table import Table
from rich.text import Text

from hwdoctor.report.console import NARROWEST, make_console, to_text, words
from hwdoctor.report.quantities import counted, size


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = Terminal()
    make_console(stream).print(Text("READY", style="good"))
    assert stream.getvalue() == "\x1b[1;32mREADY\x1b[0m\n"


def test_no_color_takes_colours_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", "1")
    stream = Terminal()
    make_console(stream).print(Text("READY", style="good"))
    assert "\x1b[1;32m" not in stream.getvalue()
    assert "READY" in stream.getvalue()


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8", "shift_jis"])
def test_what_an_encoding_lacks_is_replaced_and_never_fails(encoding: str) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    table = Table("column \u2026", "\u2192 \U0001f600 \ud800")
    table.add_row("\u4e2d", "\u00d7 \u00b5")
    make_console(stream).print(table)
    stream.flush()
    assert "column" in raw.getvalue().decode(encoding)


def test_common_signs_keep_their_meaning_in_ascii() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    make_console(stream).print("a \u2192 b \u00d7 2 \u2013 3 \u2026 \u00b11\u00b5s")
    stream.flush()
    assert raw.getvalue() == b"a -> b x 2 - 3 ... +-1us\n"


@pytest.mark.parametrize("columns", ["0", "1", "-5", "nonsense", ""])
def test_a_nonsensical_width_is_survived(monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert make_console(io.StringIO()).width >= NARROWEST


def test_a_file_has_no_spaces_at_the_ends_of_lines() -> None:
    table = Table("a", "b", box=None)
    table.add_row("x", "")
    assert all(line == line.rstrip() for line in to_text(table).splitlines())


def test_markup_and_emoji_names_are_text() -> None:
    assert to_text("[bold]x[/bold] :smile:", words("[/] [red]")) == (
        "[bold]x[/bold] :smile: [/] [red]\n"
    )


@pytest.mark.parametrize(
    ("count_bytes", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1 KiB"),
        (25_122_897_920, "23.4 GiB"),
        (512 * 1024**2, "512 MiB"),
        (2**80, "1073741824 PiB"),
    ],
)
def test_sizes_are_read_as_people_say_them(count_bytes: int, text: str) -> None:
    assert size(count_bytes) == text


@pytest.mark.parametrize(
    ("number", "text"), [(1, "1 core"), (2, "2 cores"), (0, "0 cores"), (1.5, "1.5 cores")]
)
def test_nouns_agree_with_their_number(number: float, text: str) -> None:
    assert counted(number, "core") == text

"""Progress: one line on a terminal, which fits whatever happens; elsewhere nothing at all."""

import io
import os
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console

from hwdoctor.backends import known
from hwdoctor.measure.agenda import Forecast
from hwdoctor.measure.bench import Step
from hwdoctor.measure.cell import Cell
from hwdoctor.measure.costs import Basis, Cost
from hwdoctor.report.console import make_console, to_text
from hwdoctor.report.progress import Progress, cell_line


def step(number: int = 12, workload: str = "black_scholes") -> Step:
    cell = Cell(
        source=workload,
        workload=workload,
        task="implied_volatility",
        configuration=known("jax-cpu+1thread"),
        precision="float64",
        size="small",
    )
    return Step(number=number, of=196, cell=cell, process=0)


def forecast(seconds: float = 5.0, left: float = 400.0, basis: Basis = "measured") -> Forecast:
    return Forecast(cost=Cost(seconds=seconds, basis=basis), left_seconds=left)


def said(width: int, told: Forecast | None, before: float = 77.0, elapsed: float = 3.0) -> str:
    return to_text(cell_line(step(), told, before, elapsed), width=width).rstrip("\n")


LABEL = "black_scholes.implied_volatility jax-cpu+1thread float64 small"


@pytest.mark.parametrize(
    ("width", "text"),
    [
        (150, f"12/196 {LABEL}  0:03 of about 0:05; total 1:20, about 6:37 left"),
        (100, f"12/196 {LABEL}  0:03/0:05; 6:37 left"),
        (80, "12/196 jax-cpu+1thread float64  0:03/0:05; 6:37 left"),
        (40, "12/196 6:37 left"),
        (12, "12/196 6:37"),
    ],
)
def test_the_longest_form_that_fits(width: int, text: str) -> None:
    assert said(width, forecast()) == text


@pytest.mark.parametrize("width", range(1, 160, 7))
@pytest.mark.parametrize("told", [None, forecast(), forecast(basis="unknown")])
def test_it_never_wraps_nor_fills_the_last_column(width: int, told: Forecast | None) -> None:
    text = said(width, told)
    assert "\n" not in text
    assert len(text) < width or width == 1


def test_a_guess_is_not_shown_as_an_estimate() -> None:
    text = said(150, forecast(basis="unknown"))
    assert "0:03, never measured here; total 1:20, about 6:37 left" in text


def test_what_takes_longer_than_expected_has_no_negative_time_left() -> None:
    assert said(150, forecast(left=10.0), elapsed=60.0).endswith("about 0:00 left")


class Terminal(io.StringIO):
    """A terminal that keeps what is written."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((100, 24)))
    monkeypatch.setenv("TERM", "xterm")
    for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    return Terminal()


def shown(stream: io.StringIO, act: Callable[[Progress], Any]) -> str:
    with Progress(make_console(stream, follows=True), now=lambda: 0.0) as progress:
        act(progress)
    return stream.getvalue()


def test_a_terminal_shows_what_is_done_and_is_left_clean(terminal: Terminal) -> None:
    text = shown(terminal, lambda progress: progress.step(step(), forecast()))
    assert "12/196" in text
    assert text.rstrip().endswith("\x1b[2K"), "the line is erased at the end"
    assert "\x1b[?25h" in text, "the cursor comes back"


def test_without_colour_there_is_still_a_line(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    text = shown(terminal, lambda progress: progress.say("checking jax"))
    assert "checking jax" in text
    assert "\x1b[3" not in text


def test_nothing_is_written_where_nobody_looks() -> None:
    assert shown(io.StringIO(), lambda progress: progress.step(step(), forecast())) == ""


def test_a_dumb_terminal_is_left_alone(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert shown(terminal, lambda progress: progress.say("checking jax")) == ""


def test_the_width_is_that_of_the_terminal_at_the_moment(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def resized(progress: Progress) -> None:
        progress.step(step(), forecast())
        assert "black_scholes" in terminal.getvalue()
        monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((40, 24)))
        terminal.seek(0)
        terminal.truncate()
        progress.step(step(13), forecast())

    text = shown(terminal, resized)
    assert "13/196 6:40 left" in text
    assert "black_scholes" not in text


def test_a_terminal_that_cannot_show_a_name_shows_the_rest(terminal: Terminal) -> None:
    terminal.encoding = "ascii"
    text = shown(terminal, lambda progress: progress.step(step(workload="größe"), forecast()))
    assert "gr??e.implied_volatility" in text


def test_names_cannot_command_the_terminal(terminal: Terminal) -> None:
    text = shown(terminal, lambda progress: progress.say("x\x1b[2Jy"))
    assert "x[2Jy" in text


def test_it_is_redrawn_once_a_second_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever draws takes its time from the cores that are being measured."""
    from rich import live

    given: dict[str, Any] = {}
    real = live.Live.__init__

    def init(self: live.Live, *arguments: Any, **options: Any) -> None:
        given.update(options)
        real(self, *arguments, **options)

    monkeypatch.setattr(live.Live, "__init__", init)
    with Progress(Console(file=io.StringIO(), force_terminal=True)):
        pass
    assert given["refresh_per_second"] <= 1

"""What long work looks like while it lasts: one line on stderr, and only if that is a terminal.

The line is redrawn once a second and no more often: whatever draws takes its time from the cores
that are being measured. It never wraps, whatever the width of the terminal becomes.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from rich.live import Live
from rich.text import Text

from hwdoctor.report.clock import clock
from hwdoctor.report.console import make_console
from hwdoctor.results.printable import printable

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from rich.console import Console, ConsoleOptions, RenderResult

    from hwdoctor.measure.agenda import Forecast
    from hwdoctor.measure.bench import Step

REDRAWN_PER_SECOND: Final = 1


@dataclass(frozen=True)
class Line:
    """The same thing said at several lengths; the longest that fits is shown, from the first on."""

    forms: tuple[str, ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        # A line that fills the last column wraps on some terminals.
        room = options.max_width - 1
        fitting = next((form for form in self.forms if len(form) <= room), self.forms[-1])
        yield Text(fitting[:room], no_wrap=True, overflow="crop")


class Progress:
    """A context that shows what is being done."""

    def __init__(
        self, console: Console | None = None, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        """Nothing is shown before the context is entered."""
        self._console = console or make_console(sys.stderr, follows=True)
        self._now = now
        self._began = now()
        self._line: Callable[[], Line] = _starting
        self._live: Live | None = None

    def __enter__(self) -> Self:
        """Show the line, on a terminal."""
        if self.shown:
            self._live = Live(
                console=self._console,
                get_renderable=self._now_shown,
                refresh_per_second=REDRAWN_PER_SECOND,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start(refresh=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove the line."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    @property
    def shown(self) -> bool:
        """Whether anybody can see it."""
        return self._console.is_terminal and not self._console.is_dumb_terminal

    def say(self, text: str) -> None:
        """Show what is being done."""
        said = printable(text)
        self._show(lambda: Line((f"{said}  {clock(self._now() - self._began)}", said)))

    def step(self, step: Step, forecast: Forecast | None = None) -> None:
        """Show which cell is being measured, and how long it, and all that is left, will take."""
        began = self._now()
        self._show(lambda: cell_line(step, forecast, began - self._began, self._now() - began))

    def _now_shown(self) -> Line:
        return self._line()

    def _show(self, line: Callable[[], Line]) -> None:
        self._line = line
        if self._live is not None:
            self._live.refresh()


def _starting() -> Line:
    return Line(("starting",))


def cell_line(step: Step, forecast: Forecast | None, before: float, elapsed: float) -> Line:
    """A cell that has been running for `elapsed` seconds, after `before` seconds of others."""
    place = f"{step.number}/{step.of}"
    name = printable(step.cell.label)
    configuration = f"{step.cell.configuration.name} {step.cell.precision}"
    now, total = clock(elapsed), clock(before + elapsed)
    if forecast is None:
        return Line((f"{place} {name}  {now}; total {total}", f"{place} {configuration} {now}"))
    known = forecast.cost.basis != "unknown"
    expected = f" of about {clock(forecast.cost.seconds)}" if known else ", never measured here"
    brief = f"/{clock(forecast.cost.seconds)}" if known else ""
    left = f"{clock(max(0.0, forecast.left_seconds - elapsed))} left"
    return Line(
        (
            f"{place} {name}  {now}{expected}; total {total}, about {left}",
            f"{place} {name}  {now}{brief}; {left}",
            f"{place} {configuration}  {now}{brief}; {left}",
            f"{place} {configuration}; {left}",
            f"{place} {left}",
        )
    )

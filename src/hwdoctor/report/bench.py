"""What a sitting looks like: progress on stderr while it lasts, a table when it is over."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.table import Table
from rich.text import Text

from hwdoctor.report.quantities import duration, rate, size

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from rich.status import Status

    from hwdoctor.measure.bench import Step
    from hwdoctor.measure.cell import Cell
    from hwdoctor.model import Outcome

_STYLES = {"ok": "green", "skipped": "dim"}


class Progress:
    """A status line on stderr, only if that is a terminal."""

    def __init__(self) -> None:
        """Nothing is shown before the context is entered."""
        self._console = Console(stderr=True)
        self._status: Status | None = None
        self._began = time.monotonic()

    def __enter__(self) -> Self:
        """Show the status line, on a terminal."""
        if self._console.is_terminal:
            self._status = self._console.status("starting")
            self._status.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove the status line."""
        if self._status is not None:
            self._status.stop()

    def say(self, text: str) -> None:
        """Show what is being done."""
        if self._status is not None:
            self._status.update(Text(text))

    def step(self, step: Step) -> None:
        """Show which cell is being measured, how long it has been, and what is left."""
        elapsed = time.monotonic() - self._began
        done = step.number - 1
        left = f", about {_clock(elapsed / done * (step.of - done))} left" if done else ""
        self.say(f"{step.number}/{step.of} {step.cell.label}  {_clock(elapsed)}{left}")


def summary(machine: str, measured: Sequence[tuple[Cell, Sequence[Outcome]]]) -> Table:
    """One row per cell that was tried, fastest first; cells skipped for one reason as one row."""
    table = Table(title=f"measured on {machine}", title_justify="left", expand=False)
    for heading in ("task", "configuration", "precision", "size", "outcome"):
        table.add_column(heading, overflow="fold")
    for heading in ("median", "throughput", "first call", "host peak"):
        table.add_column(heading, justify="right", overflow="fold")
    tried = [(cell, out) for cell, out in measured if out and out[0].outcome != "skipped"]
    for cell, outcomes in sorted(tried, key=_order):
        table.add_row(*_row(cell, outcomes))
    skipped = [(cell, out) for cell, out in measured if out and out[0].outcome == "skipped"]
    table.caption = _skipped_text(skipped)
    table.caption_justify = "left"
    return table


def _order(entry: tuple[Cell, Sequence[Outcome]]) -> tuple[str, str, str, float]:
    cell, outcomes = entry
    median = _median(outcomes)
    slowest = float("inf")
    return cell.workload, cell.task, cell.precision, slowest if median is None else median


def _row(cell: Cell, outcomes: Sequence[Outcome]) -> list[Text]:
    worst = next((o for o in outcomes if o.outcome != "ok"), outcomes[0])
    median = _median(outcomes)
    throughput = worst.throughput if worst.outcome == "ok" else None
    outcome = Text(worst.outcome, style=_STYLES.get(worst.outcome, "red"))
    disturbed = next((o.pollution for o in outcomes if o.pollution), ())
    if disturbed and worst.outcome == "ok":
        outcome.append(f", disturbed: {'; '.join(disturbed)}", style="yellow")
    if worst.reason and worst.outcome != "ok":
        outcome.append(f": {worst.reason}", style="default")
    peak = max((o.host_peak_bytes or 0 for o in outcomes), default=0)
    return [
        Text(f"{cell.workload}.{cell.task}"),
        Text(cell.configuration.name),
        Text(cell.precision),
        Text(cell.size),
        outcome,
        Text("" if median is None else duration(median)),
        Text("" if throughput is None else rate(throughput.value, throughput.unit)),
        Text("" if worst.first_call_seconds is None else duration(worst.first_call_seconds)),
        Text(size(peak) if peak else ""),
    ]


def _median(outcomes: Sequence[Outcome]) -> float | None:
    if any(outcome.outcome != "ok" for outcome in outcomes):
        return None
    samples = [s for outcome in outcomes for s in outcome.samples_seconds]
    return statistics.median(samples) if samples else None


def _skipped_text(skipped: Sequence[tuple[Cell, Sequence[Outcome]]]) -> Text | None:
    reasons: dict[str, set[str]] = {}
    for cell, outcomes in skipped:
        reasons.setdefault(outcomes[0].reason or "", set()).add(cell.configuration.name)
    if not reasons:
        return None
    lines = [f"  {', '.join(sorted(names))}: {reason}" for reason, names in reasons.items()]
    return Text("not run here:\n" + "\n".join(lines))


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"

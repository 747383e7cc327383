"""What a sitting looks like: progress on stderr while it lasts, a table when it is over."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Self

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from hwdoctor.report.console import words
from hwdoctor.report.quantities import duration, rate, size

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

    from rich.status import Status

    from hwdoctor.measure.bench import Step
    from hwdoctor.measure.cell import Cell
    from hwdoctor.model import Outcome

    Measured = Sequence[tuple[Cell, Sequence[Outcome]]]


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


def summary(machine: str, measured: Measured) -> RenderableType:
    """A block per task and precision, fastest first; then what was wrong, disturbed or skipped."""
    tried = [(cell, out) for cell, out in measured if out and out[0].outcome != "skipped"]
    skipped = [(cell, out) for cell, out in measured if out and out[0].outcome == "skipped"]
    blocks: dict[str, list[tuple[Cell, Sequence[Outcome]]]] = {}
    for cell, outcomes in sorted(tried, key=_order):
        title = f"{cell.workload}.{cell.task} {cell.precision}, {cell.size}"
        blocks.setdefault(title, []).append((cell, outcomes))
    parts: list[RenderableType] = [words(f"measured on {machine}", "label")]
    for title, entries in blocks.items():
        parts += [Text(), words(title, "label"), *_block(entries)]
    parts += _listed("disturbed (measure again when nothing else runs)", _disturbed(tried))
    parts += _listed("not run here", _reasons(skipped))
    return Group(*parts)


def _order(entry: tuple[Cell, Sequence[Outcome]]) -> tuple[str, str, str, float]:
    cell, outcomes = entry
    median = _median(outcomes)
    slowest = float("inf")
    return cell.workload, cell.task, cell.precision, slowest if median is None else median


def _block(entries: Measured) -> Iterator[RenderableType]:
    """A row per configuration with a time; a line per configuration without one."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    for _ in ("throughput", "median", "first call", "peak"):
        grid.add_column(justify="right")
    timed = [(cell, out, median) for cell, out in entries if (median := _median(out)) is not None]
    for cell, outcomes, median in timed:
        grid.add_row(*_row(cell, outcomes, median))
    if timed:
        yield grid
    for cell, outcomes in entries:
        bad = next((outcome for outcome in outcomes if outcome.outcome != "ok"), None)
        if bad is not None:
            line = words(f"  {cell.configuration.name}  {bad.outcome}", "bad")
            yield line + words(f": {bad.reason}")


def _row(cell: Cell, outcomes: Sequence[Outcome], median: float) -> list[Text]:
    first = outcomes[0]
    told = first.throughput
    work = told.value * statistics.median(first.samples_seconds) if told else None
    peak = max((outcome.host_peak_bytes or 0 for outcome in outcomes), default=0)
    return [
        words(f"  {cell.configuration.name}"),
        words(rate(work / median, told.unit) if told and work else ""),
        Text(duration(median)),
        Text(f"first call {duration(first.first_call_seconds or 0.0)}"),
        Text(f"peak {size(peak)}"),
    ]


def _median(outcomes: Sequence[Outcome]) -> float | None:
    if any(outcome.outcome != "ok" for outcome in outcomes):
        return None
    samples = [s for outcome in outcomes for s in outcome.samples_seconds]
    return statistics.median(samples) if samples else None


def _disturbed(tried: Measured) -> dict[str, set[str]]:
    """Who was disturbed by what kind of thing; the amounts are in the side-car."""
    found: dict[str, set[str]] = {}
    for cell, outcomes in tried:
        for text in {text for outcome in outcomes for text in outcome.pollution}:
            kind = "other processes" if text.startswith("other") else "unsteady machine"
            found.setdefault(kind, set()).add(f"{cell.configuration.name} {cell.task}")
    return found


def _reasons(skipped: Measured) -> dict[str, set[str]]:
    reasons: dict[str, set[str]] = {}
    for cell, outcomes in skipped:
        reasons.setdefault(outcomes[0].reason or "", set()).add(cell.configuration.name)
    return reasons


def _listed(title: str, who_by_reason: dict[str, set[str]]) -> list[RenderableType]:
    if not who_by_reason:
        return []
    lines = [
        words(
            f"  {reason}: {', '.join(sorted(names)) if len(names) < 7 else f'{len(names)} cells'}"
        )
        for reason, names in sorted(who_by_reason.items())
    ]
    return [Text(), words(title, "label"), *lines]


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"

"""What a cell will cost in wall-clock time, learned from outcomes of earlier runs.

For planning only: nothing that is reported as a measurement may come from here. What was never
seen is estimated from its nearest relatives and said to be so; where there are none, a default
is used and called unknown. Every estimate is a median, so that one disturbed night changes
little, and making anything that was seen slower never makes an estimate smaller.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from hwdoctor.measure.cell import Cell
from hwdoctor.measure.rounds import rounds_of
from hwdoctor.measure.seen_costs import (
    TYPICAL_SECONDS,
    Key,
    Memory,
    key_in,
    median_seconds,
    seen_in,
)
from hwdoctor.model import Outcome

Basis = Literal["measured", "scaled", "unknown", "skipped"]
"""Seen on this hardware; derived from what was seen; nothing was seen; not run at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Wall-clock seconds of a cell in one process, and how they are known."""

    seconds: float
    basis: Basis
    once: bool = False
    """It went wrong the last time: if that repeats, further processes are not tried."""
    reason: str | None = None
    """Why it will be skipped, where it will."""


class CostModel:
    """Costs of cells, from outcomes on this hardware first and on other hardware second."""

    def __init__(self, fingerprint: str | None, outcomes: Iterable[Outcome] = ()) -> None:
        """Learn from outcomes; without a fingerprint all of them are of other hardware."""
        self._fingerprint = fingerprint
        self._here = Memory()
        self._elsewhere = Memory()
        for outcome in outcomes:
            self.learn(outcome)

    def learn(self, outcome: Outcome) -> None:
        """Take an outcome into account; one that tells nothing about costs changes nothing."""
        seen = seen_in(outcome)
        if seen is None:
            return
        known = self._fingerprint is not None and outcome.fingerprint == self._fingerprint
        (self._here if known else self._elsewhere).add(key_in(outcome), seen)

    def cost(self, cell: Cell, items: int | None = None) -> Cost:
        """What one process of a cell will cost.

        Args:
            cell: whatever cell, measured before or not.
            items: of one call, for what was measured at another size only.
        """
        key = key_of(cell)
        latest = self._here.latest(key)
        if latest:
            once = latest[-1].kind not in ("ok", "unstable")
            return Cost(seconds=median_seconds(latest), basis="measured", once=once)
        for seconds in self._relatives(key, items):
            if seconds is not None:
                return Cost(seconds=seconds, basis="scaled")
        return Cost(seconds=TYPICAL_SECONDS[key.size], basis="unknown")

    def processes(self, cell: Cell) -> int:
        """How many processes a cell will need: as many as before, or as others did here.

        No more than fit into the time that a cell may take in all its processes.
        """
        rounds = rounds_of(cell.workload, cell.size)
        told = self._here.processes(key_of(cell))
        if told is None:
            return rounds.least
        if math.isfinite(rounds.seconds):
            told = min(told, math.ceil(rounds.seconds / max(self.cost(cell).seconds, 1e-3)))
        return min(max(told, rounds.least), rounds.most)

    def _relatives(self, key: Key, items: int | None) -> Iterator[float | None]:
        """Nearest first; other hardware comes last, as nobody knows how it differs."""
        yield self._here.same_task(key, items)
        yield self._here.same_configuration(key)
        elsewhere = self._elsewhere.latest(key)
        yield median_seconds(elsewhere) if elsewhere else None
        yield self._elsewhere.same_task(key, items)
        yield self._elsewhere.same_configuration(key)


def key_of(cell: Cell) -> Key:
    """How side-cars name this cell."""
    return Key(cell.workload, cell.task, cell.configuration.name, cell.precision, cell.size)

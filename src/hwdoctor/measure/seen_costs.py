"""What earlier outcomes tell about wall-clock time, and how it grows with the size of a cell.

Outcomes come from files that may say anything: what no cell can have taken is cut to what one
can, and what says nothing about time is not remembered.
"""

import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from hwdoctor.measure.engine import DEADLINE_SECONDS, SAMPLING_SECONDS
from hwdoctor.measure.sampling import Plan
from hwdoctor.model import Outcome

TYPICAL_SECONDS: Mapping[str, float] = {"smoke": 2.0, "small": 5.0, "full": 25.0}
"""One process of black_scholes on two server cores. The guess where nothing is known, and their
differences are what a cell that was measured at another size is taken to need more."""
AROUND_SECONDS = 0.15
"""The control kernel and the readings before and after a cell, per attempt."""
EXTRA_CALLS = 8
"""Calls beside the samples: first, second, verification, proof of synchronisation."""
LATEST = 5
"""So many processes of a cell are looked at: what was long ago had other versions."""
MOST_ATTEMPTS = 10
_INFORMATIVE = frozenset({"ok", "unstable", "timeout"})
"""What ended early, by an error or a wrong result, says nothing of its relatives."""


class Key(NamedTuple):
    """A cell as side-cars name it."""

    workload: str
    task: str
    configuration: str
    precision: str
    size: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one outcome tells about costs."""

    seconds: float
    kind: str
    started_at: str
    call_seconds: float | None
    items: int | None
    processes: int | None
    """How many the cell had, where this was its last one and it ended well."""


class Memory:
    """What was seen, by task and by configuration."""

    def __init__(self) -> None:
        self._seen: dict[Key, list[Seen]] = {}
        self._of_task: dict[tuple[str, str], list[Key]] = {}
        self._of_configuration: dict[str, list[Key]] = {}
        self._processes: dict[Key, int] = {}

    def add(self, key: Key, seen: Seen) -> None:
        """Remember one more process of a cell."""
        if key not in self._seen:
            self._seen[key] = []
            self._of_task.setdefault((key.workload, key.task), []).append(key)
            self._of_configuration.setdefault(key.configuration, []).append(key)
        self._seen[key].append(seen)
        self._seen[key].sort(key=lambda one: one.started_at)
        if seen.processes is not None:
            self._processes[key] = max(seen.processes, self._processes.get(key, 0))

    def latest(self, key: Key) -> Sequence[Seen]:
        """The last few processes of a cell, oldest first."""
        return self._seen.get(key, ())[-LATEST:]

    def processes(self, key: Key) -> int | None:
        """As many as the cell needed, else the median of those at this size: a machine's noise."""
        if key in self._processes:
            return self._processes[key]
        others = [count for other, count in self._processes.items() if other.size == key.size]
        return math.ceil(statistics.median(others)) if others else None

    def same_task(self, key: Key, items: int | None) -> float | None:
        """Another precision of the configuration; else its other sizes and other configurations.

        Of the latter two the larger: a large instance is prepared and verified by the same code
        whatever the configuration, and a slow kernel is slow at every size.
        """
        related = self._of_task.get((key.workload, key.task), [])
        own = [other for other in related if other.configuration == key.configuration]
        own = own or [other for other in related if other.configuration == _plain(key)]
        alike = self._typical(own, lambda other: other.size == key.size)
        if alike is not None:
            return alike
        grown = self._grown(own, key, items)
        others = self._typical(related, lambda other: other.size == key.size)
        return max((known for known in (grown, others) if known is not None), default=None)

    def same_configuration(self, key: Key) -> float | None:
        """Other tasks of the workload, else of all workloads, else those at other sizes."""
        related = self._of_configuration.get(key.configuration) or self._of_configuration.get(
            _plain(key), []
        )
        same_size = [other for other in related if other.size == key.size]
        own = self._typical(same_size, lambda other: other.workload == key.workload)
        if own is None:
            own = self._typical(same_size, lambda _: True)
        return own if own is not None else self._grown(related, key, None)

    def _grown(self, keys: Iterable[Key], wanted: Key, items: int | None) -> float | None:
        """From other sizes."""
        known = [
            scaled(seen, other.size, wanted.size, items)
            for other in keys
            for seen in self._informative(other)
        ]
        return statistics.median(known) if known else None

    def _typical(self, keys: Iterable[Key], wanted: Callable[[Key], bool]) -> float | None:
        """The median over cells of their medians; a cell counts once, however often measured."""
        medians = [
            median_seconds(seen) for key in keys if wanted(key) and (seen := self._informative(key))
        ]
        return statistics.median(medians) if medians else None

    def _informative(self, key: Key) -> list[Seen]:
        return [seen for seen in self.latest(key) if seen.kind in _INFORMATIVE]


def seen_in(outcome: Outcome) -> Seen | None:
    """What an outcome tells; None: nothing about costs.

    A cell that was skipped without starting a process may not be skipped next time. Files may
    say anything: what no cell can have taken is cut to what one can.
    """
    size = outcome.parameters.size
    if size not in DEADLINE_SECONDS or (outcome.outcome == "skipped" and not _took_time(outcome)):
        return None
    deadline = DEADLINE_SECONDS[size]
    longest = 2 * deadline
    seconds = outcome.duration_seconds if math.isfinite(outcome.duration_seconds) else longest
    seconds = min(max(seconds, 0.0), longest)
    if outcome.outcome == "timeout":
        seconds = max(seconds, deadline)
    attempts = min(max(outcome.attempt, 1), MOST_ATTEMPTS)
    good = outcome.outcome in ("ok", "unstable") and outcome.process >= 0
    calls = [s for s in outcome.samples_seconds if math.isfinite(s) and s >= 0]
    return Seen(
        seconds=attempts * (seconds + AROUND_SECONDS),
        kind=outcome.outcome,
        started_at=outcome.started_at,
        call_seconds=min(statistics.median(calls), longest) if calls else None,
        items=outcome.capsule.items,
        processes=outcome.process + 1 if outcome.cell_stopped_by and good else None,
    )


def scaled(seen: Seen, size: str, wanted: str, items: int | None) -> float:
    """What a process seen at `size` would take at `wanted`.

    Upwards, preparing and verifying the larger instance adds what it typically does, or, where a
    call is slow, its calls and the samples of it, if that is more; what hung will hang again.
    Downwards the sizes' typical costs are in proportion.
    """
    growth = TYPICAL_SECONDS[wanted] - TYPICAL_SECONDS[size]
    if growth <= 0:
        return seen.seconds * TYPICAL_SECONDS[wanted] / TYPICAL_SECONDS[size]
    if seen.kind == "timeout":
        return max(seen.seconds, DEADLINE_SECONDS[wanted])
    return seen.seconds + max(growth, _more_sampling(seen, size, wanted, items))


def _more_sampling(seen: Seen, size: str, wanted: str, items: int | None) -> float:
    if seen.call_seconds is None or not seen.items or not items or items <= seen.items:
        return 0.0
    slower = seen.call_seconds * items / seen.items
    more_calls = EXTRA_CALLS * (slower - seen.call_seconds)
    more = more_calls + _sampling(wanted, slower) - _sampling(size, seen.call_seconds)
    return min(more, DEADLINE_SECONDS[wanted])


def _sampling(size: str, call_seconds: float) -> float:
    plan = Plan(seconds=SAMPLING_SECONDS[size])
    return max(plan.seconds, plan.least_samples * call_seconds)


def _took_time(outcome: Outcome) -> bool:
    return outcome.duration_seconds > 0


def median_seconds(seen: Sequence[Seen]) -> float:
    """Of some processes; at least one."""
    return statistics.median(one.seconds for one in seen)


def _plain(key: Key) -> str:
    """The configuration without its variant."""
    return key.configuration.partition("+")[0]


def key_in(outcome: Outcome) -> Key:
    """Which cell it is of."""
    cell = outcome.parameters
    return Key(outcome.workload, outcome.task, cell.configuration, cell.precision, cell.size)

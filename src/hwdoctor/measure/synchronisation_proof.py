"""Proof that a backend's `sync` waits: time grows with work, and a result read at once is whole.

`synchronisation` judges one kernel; this judges a runtime, with work of its own. The work grows
in width and never in the number of operations: queueing sixteen operations takes sixteen times
as long as queueing one, whether anybody waits for them or not.

The work is a reflection, applied an odd number of times: it is its own inverse and keeps every
length, so the right answer costs the host next to nothing and no precision overflows.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from hwdoctor.backends import Runtime
from hwdoctor.backends.base import HostArray
from hwdoctor.workloads import Arrays

WORK = (1, 4, 16)
LEVELS = ((128, 3), (256, 3), (512, 3), (1024, 3), (1024, 15), (1024, 75))
"""Rows and columns of the matrix, and how often it is applied; the last two are for accelerators,
whose queues are longer and whose products are quicker."""
CPU_LEVELS = 4
ROUNDS = 5
LOOKS = 4
"""Noise only ever adds: who is innocent is found so the longer one looks."""
LONG_ENOUGH_SECONDS = 0.02
"""Of the most work, from its call to its last value: queueing takes a small part of that."""
LEAST_GROWTH = 4.0
"""Of the time when the work grows by 16: far from 16, and far from the 1 of a mere queue."""
LATE_SHARE = 0.2
"""Reading one column may take this part of a whole call and read: the rest would be the work."""
LARGEST_ERROR = 0.5
"""In any precision, of columns whose largest value is about 1: a column that is not there yet, or
an older one, is off by more."""

Clock = Callable[[], float]


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What was found; None where nothing is wrong."""

    seconds: tuple[float, ...]
    """The least time of 1, 4 and 16 times the same work, synchronised."""
    growth: str | None
    completeness: str | None

    @property
    def reason(self) -> str | None:
        """Why the backend's times are not to be believed, or None."""
        return self.growth or self.completeness


def prove(runtime: Runtime, *, clock: Clock = time.perf_counter) -> Proof:
    """Try the runtime's `sync` with matrix products; takes about a second.

    Args:
        runtime: whose arrays know `@` and slices.
        clock: seconds.
    """
    work = _long_enough(runtime, clock)
    wrong = work.wrong_value()
    times = _Times()
    for _ in range(LOOKS):
        times.look(work, clock)
        proof = Proof(
            seconds=times.calls(),
            growth=_too_little_growth(times.calls()),
            completeness=wrong or _late_read(times.calls()[-1], times.reads()[-1]),
        )
        if proof.growth is None and proof.completeness == wrong:
            break
    return proof


class _Work:
    """A reflection of columns on the device, and what it must make of them."""

    def __init__(self, runtime: Runtime, side: int, applications: int) -> None:
        rng = np.random.default_rng(side)
        axis = rng.standard_normal(side)
        axis /= np.linalg.norm(axis)
        columns = rng.uniform(-1.0, 1.0, (side, side))
        self._runtime, self._applications = runtime, applications
        self._expected = columns[:, -1] - 2.0 * axis * (axis @ columns[:, -1])
        self._matrix = runtime.put(np.eye(side) - 2.0 * np.outer(axis, axis))
        self._columns = {
            (factor, sign): runtime.put(np.tile(sign * columns, (1, factor)))
            for factor, sign in [*((factor, 1) for factor in WORK), (WORK[-1], -1)]
        }
        runtime.sync([self._matrix, *self._columns.values()])

    def call(self, factor: int, sign: int = 1) -> Arrays:
        """So many times the work, synchronised."""
        columns = self._columns[factor, sign]
        for _ in range(self._applications):
            columns = self._matrix @ columns
        self._runtime.sync([columns])
        return {"columns": columns}

    def last_column(self, outputs: Arrays) -> HostArray:
        """As it is on the device at this moment."""
        return np.asarray(self._runtime.get(outputs["columns"][:, -1:]))[:, 0]

    def wrong_value(self) -> str | None:
        """Reads results at once; signs alternate, so that an older result is a wrong one."""
        for sign in (1, -1, 1, -1):
            seen = self.last_column(self.call(WORK[-1], sign))
            error = float(np.max(np.abs(seen - sign * self._expected)))
            if not error <= LARGEST_ERROR:
                return f"a result that was read at once is off by {error:.2g}"
        return None


def _long_enough(runtime: Runtime, clock: Clock) -> _Work:
    """The smallest work that takes long enough to be told from queueing it."""
    levels = LEVELS[:CPU_LEVELS] if runtime.device == "cpu" else LEVELS
    for side, applications in levels:
        work = _Work(runtime, side, applications)
        for factor in WORK:
            work.last_column(work.call(factor))  # compiles
        if min(_whole_seconds(work, clock) for _ in range(ROUNDS)) >= LONG_ENOUGH_SECONDS:
            break
    return work


def _whole_seconds(work: _Work, clock: Clock) -> float:
    """Of the most work, whoever waits for it."""
    began = clock()
    work.last_column(work.call(WORK[-1]))
    return clock() - began


class _Times:
    """The least seconds so far of calls and of reading their results, by amount of work."""

    def __init__(self) -> None:
        self._calls = dict.fromkeys(WORK, math.inf)
        self._reads = dict.fromkeys(WORK, math.inf)

    def look(self, work: _Work, clock: Clock) -> None:
        """A few more; interleaved, and nothing is left in a queue."""
        for _ in range(ROUNDS):
            for factor in WORK:
                began = clock()
                outputs = work.call(factor)
                returned = clock()
                work.last_column(outputs)
                self._reads[factor] = min(self._reads[factor], clock() - returned)
                self._calls[factor] = min(self._calls[factor], returned - began)

    def calls(self) -> tuple[float, ...]:
        return tuple(self._calls.values())

    def reads(self) -> tuple[float, ...]:
        return tuple(self._reads.values())


def _late_read(call: float, read: float) -> str | None:
    if read <= LATE_SHARE * (call + read):
        return None
    return (
        f"not synchronised: the call returned after {call:.2g} s, but one column of its result "
        f"took {read:.2g} s to read"
    )


def _too_little_growth(seconds: Sequence[float]) -> str | None:
    first, second, third = seconds
    if third > max(second, LEAST_GROWTH * first):
        return None
    return (
        f"{WORK[1]} and {WORK[2]} times the work took {second / first:.2g} and "
        f"{third / first:.2g} times as long: the calls do not wait for it"
    )

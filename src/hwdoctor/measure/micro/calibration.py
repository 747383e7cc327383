"""How many calls a round takes, and how many rounds: decided when the call is warm.

pytest-benchmark decides by the first call. Where that one starts a thread pool or fills a cache,
a round becomes a single call of microseconds, and what is measured is the clock.
"""

import math
import time
from collections.abc import Callable
from typing import NamedTuple

ROUND_SECONDS = 0.005
"""A round lasts at least this long: a thousand times what a clock costs."""
TOTAL_SECONDS = 0.6
FEWEST_ROUNDS, MOST_ROUNDS = 11, 101
TRIES = 3
"""A round counts by its fastest of so many tries: whatever disturbs it makes it longer."""


class Plan(NamedTuple):
    """Arguments of `benchmark.pedantic`."""

    iterations: int
    rounds: int


def planned(call: Callable[[], object], *, clock: Callable[[], float] = time.perf_counter) -> Plan:
    """Calls per round and rounds for a call, by trying."""
    iterations = 1
    while True:
        lasted = min(_round_seconds(call, iterations, clock) for _ in range(TRIES))
        if lasted >= ROUND_SECONDS:
            rounds = math.floor(TOTAL_SECONDS / lasted)
            return Plan(iterations, min(MOST_ROUNDS, max(FEWEST_ROUNDS, rounds)))
        growth = 10.0 if lasted <= 0 else min(10.0, max(1.5, 1.2 * ROUND_SECONDS / lasted))
        iterations = math.ceil(iterations * growth)


def _round_seconds(
    call: Callable[[], object], iterations: int, clock: Callable[[], float]
) -> float:
    began = clock()
    for _ in range(iterations):
        call()
    return clock() - began

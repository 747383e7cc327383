"""Samples of one callable: how many calls a sample, and when there are enough samples.

The clock's resolution and the cost of reading it are measured, not assumed. A sample lasts long
enough that reading the clock is below a thousandth of it, so microsecond kernels are batched.
"""

import gc
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

CLOCK = time.perf_counter
CLOCK_SHARE = 1e-3
"""Reading the clock may cost at most this share of a sample."""
SHORTEST_SAMPLE_SECONDS = 1e-3
Z_95 = 1.959963984540054  # 97.5th percentile of the normal distribution


@dataclass(frozen=True, kw_only=True)
class Plan:
    """When to stop. The first criterion met is recorded."""

    seconds: float
    """Time to spend on samples (at least `least_samples` are taken all the same)."""
    relative_half_width: float = 0.01
    """Enough precision: half the 95 % interval of the median over the median."""
    least_samples: int = 5
    most_samples: int = 100


@dataclass(frozen=True, kw_only=True)
class Samples:
    """Seconds per call, in the order taken."""

    seconds: tuple[float, ...]
    calls_per_sample: int
    stopped_by: str


def collect(
    call: Callable[[], object],
    plan: Plan,
    *,
    clock: Callable[[], float] = CLOCK,
) -> Samples:
    """Time `call` until a criterion of `plan` is met.

    `call` must return only when its work is complete. Garbage collection is off meanwhile.
    """
    overhead = clock_overhead_seconds(clock)
    calls = _calls_per_sample(call, overhead, clock)
    taken: list[float] = []
    began = clock()
    enabled = gc.isenabled()
    gc.disable()
    try:
        while True:
            taken.append(_one_sample(call, calls, clock))
            stopped_by = _enough(taken, plan, clock() - began)
            if stopped_by is not None:
                return Samples(seconds=tuple(taken), calls_per_sample=calls, stopped_by=stopped_by)
    finally:
        if enabled:
            gc.enable()


def clock_overhead_seconds(clock: Callable[[], float] = CLOCK, reads: int = 1000) -> float:
    """The larger of the clock's smallest visible step and the cost of reading it, in seconds."""
    began = clock()
    smallest = math.inf
    last = began
    for _ in range(reads):
        now = clock()
        if 0 < now - last < smallest:
            smallest = now - last
        last = now
    cost = (last - began) / reads
    return max(cost, 0.0 if math.isinf(smallest) else smallest)


def median_interval(ordered: list[float]) -> tuple[float, float]:
    """Distribution-free 95 % interval of the median, from order statistics.

    Normal approximation of the binomial ranks (Conover, Practical Nonparametric Statistics,
    3rd ed., 3.2). With fewer than six samples it is the whole range.
    """
    n = len(ordered)
    reach = Z_95 * math.sqrt(n) / 2
    low = max(0, math.floor(n / 2 - reach))
    high = min(n - 1, math.ceil(n / 2 + reach) - 1)
    return ordered[low], ordered[max(low, high)]


def _enough(taken: list[float], plan: Plan, elapsed: float) -> str | None:
    if len(taken) < plan.least_samples:
        return None
    ordered = sorted(taken)
    low, high = median_interval(ordered)
    middle = ordered[len(ordered) // 2]
    if len(taken) >= 2 * plan.least_samples and high - low <= (
        2 * plan.relative_half_width * middle
    ):
        return "precision"
    if elapsed >= plan.seconds:
        return "time"
    if len(taken) >= plan.most_samples:
        return "samples"
    return None


def _one_sample(call: Callable[[], object], calls: int, clock: Callable[[], float]) -> float:
    began = clock()
    for _ in range(calls):
        call()
    return (clock() - began) / calls


def _calls_per_sample(
    call: Callable[[], object], overhead: float, clock: Callable[[], float]
) -> int:
    wanted = max(overhead / CLOCK_SHARE, SHORTEST_SAMPLE_SECONDS)
    calls = 1
    while True:
        lasted = _one_sample(call, calls, clock) * calls
        if lasted >= wanted:
            return calls
        growth = 10.0 if lasted <= 0 else min(10.0, max(1.5, 1.2 * wanted / lasted))
        calls = math.ceil(calls * growth)

"""Proof that a call is complete when it says so: reading its result must not take longer.

Frameworks queue work. If `sync` returns early, the sample is the time of queueing, and the rest
of the work shows up when somebody reads the result. So the result is read twice: right after
`sync`, and, of another call, after that call had time enough to finish in any case. A late
result makes the first reading longer by what was left to do.
"""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from hwdoctor.workloads import Arrays

REPETITIONS = 3
ACCUSATIONS = 3
LONG_SECONDS = 2.0
"""From here on one repetition tells enough: noise is small against the whole."""
SHARE = 0.2
"""The part of a whole call-and-read that may be late before it is called unfinished."""
LEAST_SECONDS = 1e-3
"""Differences below this are clock and allocator noise."""

Call = Callable[[], Arrays]
Fetch = Callable[[Arrays], Any]
Clock = Callable[[], float]


def unfinished_reason(
    call: Call,
    fetch: Fetch,
    *,
    clock: Clock = time.perf_counter,
    wait: Callable[[float], None] = time.sleep,
) -> str | None:
    """None if `call` returns completed results, else a sentence that says how late they are.

    Results that are late are late every time; a reading that somebody else's process delayed is
    not, so an accusation must stand several times in a row.

    Args:
        call: one call and its synchronisation.
        fetch: copies the result to the host.
        clock: seconds.
        wait: lets as many seconds pass; results of queued work become complete meanwhile.
    """
    reason = None
    for _ in range(ACCUSATIONS):
        reason = _late_reason(call, fetch, clock, wait)
        if reason is None:
            return None
    return reason


def _late_reason(
    call: Call, fetch: Fetch, clock: Clock, wait: Callable[[float], None]
) -> str | None:
    _, whole = _seconds(lambda: fetch(call()), clock)
    at_once: list[float] = []
    settled: list[float] = []
    calls: list[float] = []
    for _ in range(REPETITIONS if whole < LONG_SECONDS else 1):
        outputs, called = _seconds(call, clock)
        at_once.append(_seconds(partial(fetch, outputs), clock)[1])
        calls.append(called)
        outputs, _ = _seconds(call, clock)
        wait(whole)  # not a guess: call and read together took this long
        settled.append(_seconds(partial(fetch, outputs), clock)[1])
    late = min(at_once) - max(settled)
    if late <= max(LEAST_SECONDS, SHARE * (min(calls) + min(at_once))):
        return None
    return (
        f"not synchronised: the call returned after {min(calls):.2g} s, but its result took "
        f"{late:.2g} s longer to read than a finished one"
    )


def _seconds(action: Callable[[], Any], clock: Clock) -> tuple[Any, float]:
    began = clock()
    value = action()
    return value, clock() - began

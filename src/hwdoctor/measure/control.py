"""A control kernel: fixed work on every core that we may use, timed before and after a cell.

It touches no framework and always does the same, so when it takes longer, it is the machine that
changed: somebody else computes, the clock was lowered, the host of a virtual machine is busy.
SHA-256 releases the interpreter lock, needs no memory bandwidth and no library.
"""

import hashlib
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

BLOCK = bytes(2**23)
REPETITIONS = 5


def control_seconds(threads: int | None) -> float:
    """The median of a few timings of one block per thread, in seconds."""
    workers = max(1, threads or 1)
    with ThreadPoolExecutor(workers) as pool:
        return statistics.median(_once(pool, workers) for _ in range(REPETITIONS))


def _once(pool: ThreadPoolExecutor, workers: int) -> float:
    began = time.perf_counter()
    list(pool.map(lambda _: hashlib.sha256(BLOCK).digest(), range(workers)))
    return time.perf_counter() - began

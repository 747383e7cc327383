"""Our indicators against TA-Lib, taking turns in one run.

    python benchmarks/compare_indicators.py [--symbols 30] [--bars 100000] [--rounds 7]

All 111 with their defaults, and without HT_SINE, HT_DCPHASE and HT_TRENDMODE, which take TA-Lib
half of its time. Both entrants have the same threads and take one symbol at a time; TA-Lib
releases the interpreter's lock. Ours write into buffers that are kept, TA-Lib's wrapper makes its
outputs anew and offers nothing else. The order is shuffled every round; medians, and the median
of the ratios within rounds. Every output is compared first.

It is a script, not an ASV suite; ASV imports this file all the same, so nothing heavy stands at
module level.
"""

import argparse
import random
import resource
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

SLOW = {"HT_SINE", "HT_DCPHASE", "HT_TRENDMODE"}
SEED = 20260101


def bars_of(symbols: int, bars: int) -> dict[str, Any]:
    """Geometric random walks."""
    import numpy as np

    rng = np.random.default_rng(SEED)
    shape = (symbols, bars)
    close = 100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.01, shape), axis=1))
    opened = close * np.exp(rng.normal(0.0, 0.005, shape))
    return {
        "open": opened,
        "high": np.maximum(opened, close) * np.exp(np.abs(rng.normal(0.0, 0.005, shape))),
        "low": np.minimum(opened, close) * np.exp(-np.abs(rng.normal(0.0, 0.005, shape))),
        "close": close,
        "volume": rng.integers(1_000, 1_000_000, shape).astype(np.float64),
        "periods": rng.integers(2, 31, shape).astype(np.float64),
    }


def ours(columns: dict[str, Any], names: list[str], threads: int) -> Callable[[], Any]:
    import numpy as np

    from hwdoctor.workloads.indicators import CATALOGUE
    from hwdoctor.workloads.indicators.numba import Plan

    requests = [(CATALOGUE[name], CATALOGUE[name].defaults) for name in names]
    plan = Plan(requests, columns["close"].shape, np.float64, threads)
    buffers = plan.buffers()

    def call() -> Any:
        plan.fill(columns, buffers)
        return buffers

    return call


def talib_threads(columns: dict[str, Any], names: list[str], threads: int) -> Callable[[], Any]:
    import talib

    from hwdoctor.workloads.indicators import CATALOGUE

    calls = [(name, getattr(talib, name), CATALOGUE[name].inputs) for name in names]
    pool = ThreadPoolExecutor(threads)

    def one(symbol: int) -> dict[str, Any]:
        found = {}
        for name, function, inputs in calls:
            result = function(*(columns[column][symbol] for column in inputs))
            found[name] = result if isinstance(result, tuple) else (result,)
        return found

    def call() -> Any:
        # Only the first symbol is kept, for the comparison: keeping all would cost TA-Lib the
        # page faults of fresh memory.
        first, *_ = (
            found if symbol == 0 else None
            for symbol, found in enumerate(pool.map(one, range(len(columns["close"]))))
        )
        return first

    return call


def agree(found: Any, expected: Any) -> float:
    """The largest difference of the first symbol, relative to each output's largest value."""
    import numpy as np

    worst = 0.0
    for name, arrays in expected.items():
        for ours_, theirs in zip(found[name].values(), arrays, strict=True):
            seen = np.isfinite(ours_[0]) & np.isfinite(theirs)
            scale = float(np.abs(theirs[seen]).max()) or 1.0
            worst = max(worst, float(np.abs(ours_[0][seen] - theirs[seen]).max()) / scale)
    return worst


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for name, default in (("symbols", 30), ("bars", 100_000), ("rounds", 7), ("threads", 2)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    from hwdoctor.workloads.indicators import CATALOGUE

    columns = bars_of(asked.symbols, asked.bars)
    everything = [name for name in CATALOGUE if name != "AVWAP"]
    for title, names in (
        ("all 111", everything),
        ("without " + ", ".join(sorted(SLOW)), [n for n in everything if n not in SLOW]),
    ):
        entrants = {
            "hwdoctor numba": ours(columns, names, asked.threads),
            "TA-Lib": talib_threads(columns, names, asked.threads),
        }
        worst = agree(entrants["hwdoctor numba"](), entrants["TA-Lib"]())
        seconds: dict[str, list[float]] = {name: [] for name in entrants}
        for _ in range(asked.rounds):
            for name in random.sample(list(entrants), len(entrants)):
                begin = time.perf_counter()
                entrants[name]()
                seconds[name].append(time.perf_counter() - begin)
        first, second = seconds.values()
        ratio = statistics.median(b / a for a, b in zip(first, second, strict=True))
        print(f"{title}: {asked.symbols} x {asked.bars}, {asked.threads} threads")
        for name, times in seconds.items():
            print(f"  {name:15} {statistics.median(times):8.3f} s")
        print(f"  TA-Lib / ours {ratio:.2f}; largest difference {worst:.1e} of an output's size")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory of this process, inputs and outputs included: {peak:.0f} MiB")


if __name__ == "__main__":
    main()

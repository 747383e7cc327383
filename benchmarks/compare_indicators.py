"""Our indicators against TA-Lib, taking turns in one run.

    python benchmarks/compare_indicators.py [--symbols 30] [--bars 100000] [--rounds 7]
        [--backends numba numpy jax torch mlx] [--dtype float64]

All 111 with their defaults, and without HT_SINE, HT_DCPHASE and HT_TRENDMODE, which take TA-Lib
half of its time. Every backend runs against TA-Lib in a duel of its own: each of the two lives in
a process of its own and is asked for one timed call at a time, in an order that is shuffled every
round. Both have the same threads; TA-Lib releases the interpreter's lock and takes a symbol at a
time. Ours write into buffers that are kept where the backend can, TA-Lib's wrapper makes its
outputs anew and offers nothing else. Medians, and the median of the ratios within rounds. The
first symbol is compared with TA-Lib first, warm-up included.

It is a script, not an ASV suite; ASV imports this file all the same, so nothing heavy stands at
module level.
"""

import argparse
import multiprocessing
import os
import random
import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

SLOW = {"HT_SINE", "HT_DCPHASE", "HT_TRENDMODE"}
SEED = 20260101
OURS = ("numba", "numpy", "jax", "torch", "mlx")
TALIB = "TA-Lib"
LONGEST_DUEL_SECONDS = 60.0
"""No further round begins after this; two are always run."""

Call = Callable[[], Any]


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


def ours(
    backend: str, columns: dict[str, Any], names: Sequence[str], precision: Any
) -> tuple[Call, Callable[[Any], dict[str, list[Any]]]]:
    """What the product measures, synchronised; and how to fetch the outputs' first symbol."""
    import importlib

    from hwdoctor.backends import backend as opened
    from hwdoctor.backends.base import host_dtype
    from hwdoctor.workloads import Problem
    from hwdoctor.workloads.indicators import CATALOGUE

    runtime = opened(backend).open("cpu", precision)
    module: Any = importlib.import_module(f"hwdoctor.workloads.indicators.kernels.{backend}")
    requests = [(CATALOGUE[name], CATALOGUE[name].defaults) for name in names]
    shape = columns["close"].shape
    problem = Problem(items=columns["close"].size, precision=precision, seed=SEED)
    program = module.build(requests, shape, problem, runtime)
    dtype = host_dtype(precision)
    inputs = {name: runtime.put(column.astype(dtype)) for name, column in columns.items()}

    def call() -> Any:
        outputs = program(inputs)
        runtime.sync([array for arrays in outputs.values() for array in arrays.values()])
        return outputs

    def first_symbol(outputs: Any) -> dict[str, list[Any]]:
        return {
            name: [runtime.get(array[:1])[0] for array in arrays.values()]
            for name, arrays in outputs.items()
        }

    return call, first_symbol


def talib(columns: dict[str, Any], names: Sequence[str], threads: int) -> Call:
    """Everything it has, symbol by symbol, on a pool of threads."""
    import talib

    from hwdoctor.workloads.indicators import CATALOGUE

    calls = [(name, getattr(talib, name), CATALOGUE[name].inputs) for name in names]
    pool = ThreadPoolExecutor(threads)

    def one(symbol: int) -> dict[str, Any]:
        found = {}
        for name, function, inputs in calls:
            result = function(*(columns[column][symbol] for column in inputs))
            found[name] = list(result) if isinstance(result, tuple) else [result]
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


def worst(
    found: dict[str, list[Any]], columns: dict[str, Any], precision: Any
) -> tuple[float, str]:
    """The largest difference from TA-Lib, relative to each output's largest value, and where."""
    import numpy as np

    from hwdoctor.workloads.indicators import CATALOGUE

    rounded = {name: column.astype(precision).astype(float) for name, column in columns.items()}
    expected = talib(rounded, list(found), 1)()
    errors = {}
    for name, arrays in expected.items():
        for output, mine, theirs in zip(CATALOGUE[name].outputs, found[name], arrays, strict=True):
            begin = CATALOGUE[name].lookback()
            goal = np.asarray(theirs, float)[begin:]
            scale = float(np.abs(goal).max()) or 1.0
            error = float(np.abs(mine[begin:].astype(float) - goal).max()) / scale
            warm_up_is_nan = bool(np.isnan(mine[:begin]).all())
            errors[f"{name} {output}"] = error if warm_up_is_nan else float("inf")
    where = max(errors, key=lambda key: errors[key])
    return errors[where], where


def work(pipe: Any, entrant: str, asked: Any, names: Sequence[str]) -> None:
    """A worker's whole life: prepare, compare, then one timed call per message."""
    said: dict[str, Any] = {}
    try:
        columns = bars_of(asked.symbols, asked.bars)
        if entrant == TALIB:
            call = talib(columns, names, asked.threads)
            call()
        else:
            call, first_symbol = ours(entrant, columns, names, asked.dtype)
            begin = time.perf_counter()
            outputs = call()
            said["first"] = time.perf_counter() - begin
            first = first_symbol(outputs)
            del outputs
            one = {name: column[:1] for name, column in columns.items()}
            said["error"], said["where"] = worst(first, one, asked.dtype)
        pipe.send(said)
    except Exception as error:  # noqa: BLE001 -- whatever an entrant raises is its result
        pipe.send({"failed": f"{type(error).__name__}: {error}"[:200]})
        return
    while pipe.recv():
        begin = time.perf_counter()
        call()
        seconds = time.perf_counter() - begin
        pipe.send((seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024))


def started(entrant: str, asked: Any, names: Sequence[str]) -> tuple[Any, dict[str, Any]]:
    """A worker with the variables that its framework needs before import, and what it says."""
    from hwdoctor.backends import BACKENDS, backend

    before = dict(os.environ)
    if entrant in BACKENDS:
        os.environ.update(backend(entrant).environment("cpu", asked.dtype, asked.threads))
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    context.Process(target=work, args=(there, entrant, asked, names), daemon=True).start()
    os.environ.clear()
    os.environ.update(before)
    there.close()
    try:
        return here, here.recv()
    except EOFError:
        return here, {"failed": "the process died"}


def duel(entrant: str, asked: Any, names: Sequence[str]) -> str:
    """One backend against TA-Lib: a line of the table."""
    mine, said = started(entrant, asked, names)
    if "failed" in said:
        return f"  {entrant:7} {said['failed']}"
    theirs, _ = started(TALIB, asked, names)
    seconds: dict[Any, list[float]] = {mine: [], theirs: []}
    peak_bytes = 0
    began = time.perf_counter()
    for turn in range(asked.rounds):
        if turn >= 2 and time.perf_counter() - began > LONGEST_DUEL_SECONDS:
            break
        for pipe in random.sample([mine, theirs], 2):
            pipe.send(True)
            taken, peak = pipe.recv()
            seconds[pipe].append(taken)
            peak_bytes = peak if pipe is mine else peak_bytes
    for pipe in (mine, theirs):
        pipe.send(False)
    pairs = zip(seconds[theirs], seconds[mine], strict=True)
    ratio = statistics.median(them / us for them, us in pairs)
    return (
        f"  {entrant:7} {statistics.median(seconds[mine]):9.3f} s   TA-Lib"
        f" {statistics.median(seconds[theirs]):7.3f} s   ratio {ratio:7.2f}"
        f"   {len(seconds[mine])} rounds   first call {said['first']:6.1f} s"
        f"   peak {peak_bytes / 2**30:5.2f} GiB   error {said['error']:.1e} ({said['where']})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    for name, default in (("symbols", 30), ("bars", 100_000), ("rounds", 7), ("threads", 2)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--backends", nargs="+", default=list(OURS), choices=OURS)
    parser.add_argument("--dtype", default="float64", choices=("float64", "float32"))
    asked = parser.parse_args()
    from hwdoctor.workloads.indicators import CATALOGUE

    everything = [name for name in CATALOGUE if name != "AVWAP"]
    for title, names in (
        ("all 111", everything),
        ("without " + ", ".join(sorted(SLOW)), [n for n in everything if n not in SLOW]),
    ):
        shape = f"{asked.symbols} x {asked.bars} {asked.dtype}, {asked.threads} threads"
        sys.stdout.write(f"{title}: {shape}; ratio: TA-Lib's seconds over ours\n")
        for entrant in asked.backends:
            sys.stdout.write(duel(entrant, asked, names) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()

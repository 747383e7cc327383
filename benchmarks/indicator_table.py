"""Each indicator alone, on every backend and beside TA-Lib: docs/indicator-times.md.

    python benchmarks/indicator_table.py [--symbols 8] [--bars 20000] [--rounds 7] [--threads 1]
                                         [--only WORD]... [-o docs/indicator-times.md]

Every entrant lives in a process of its own, which has the variables its framework needs before
import. Indicator by indicator, all of them are asked for one timed sample at a time, in an order
that is shuffled every round; a cell is the median. Ours are held against the reference first, and
what is wrong has no time.

It is a script, not an ASV suite; ASV imports this file all the same, so nothing heavy stands at
module level.
"""

import argparse
import datetime as dt
import multiprocessing
import os
import platform
import random
import statistics
import sys
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

OURS = ("numba", "jax", "torch", "mlx", "numpy")
ENTRANTS = ("TA-Lib", *OURS)
SEED = 20260101
SAMPLE_SECONDS = 2e-3
"""A shorter call is repeated within a sample."""
LONGEST_SECONDS = 0.5
"""A call that takes longer is timed once and not again."""
VERSIONS = ("TA-Lib", "numpy", "numba", "jax", "torch", "mlx")

Call = Callable[[], Any]


def work(pipe: Any, entrant: str, symbols: int, bars: int, threads: int) -> None:
    """A worker's whole life: a name prepares an indicator, a number asks for a sample of it."""
    call: Call | None = None
    while (asked := pipe.recv()) is not None:
        if isinstance(asked, str):
            try:
                call = prepare(entrant, asked, symbols, bars, threads)
                pipe.send(sample(call, 1))
            except Exception as error:  # noqa: BLE001 -- whatever it raises is its result
                pipe.send(" ".join(f"{type(error).__name__}: {error}".split())[:80])
        else:
            assert call is not None
            pipe.send(sample(call, asked))


def sample(call: Call, count: int) -> float:
    began = time.perf_counter()
    for _ in range(count):
        call()
    return (time.perf_counter() - began) / count


def prepare(entrant: str, name: str, symbols: int, bars: int, threads: int) -> Call:
    """A synchronised call that was run, and found right, before."""
    import numpy as np

    from hwdoctor.workloads.indicators import CATALOGUE
    from hwdoctor.workloads.indicators.inputs import bars as columns_of

    entry = CATALOGUE[name]
    flat = columns_of(symbols * bars, SEED)
    columns = {
        column: np.ascontiguousarray(flat[column].reshape(symbols, bars)) for column in entry.inputs
    }
    if entrant == "TA-Lib":
        return by_talib(name, [columns[column] for column in entry.inputs])
    return ours(entrant, name, columns, threads)


def by_talib(name: str, given: list[Any]) -> Call:
    import talib

    function = getattr(talib, name)
    rows = list(zip(*given, strict=True))

    def call() -> None:
        for row in rows:
            function(*row)

    call()
    return call


def ours(backend_name: str, name: str, columns: dict[str, Any], threads: int) -> Call:
    import importlib

    from hwdoctor.backends import backend
    from hwdoctor.measure.verify import check_values
    from hwdoctor.workloads import Problem, Task
    from hwdoctor.workloads.indicators import CATALOGUE
    from hwdoctor.workloads.indicators.reference import outputs_and_scales
    from hwdoctor.workloads.indicators.tolerances import of_outputs

    runtime = backend(backend_name).open("cpu", "float64")
    build = importlib.import_module(f"hwdoctor.workloads.indicators.kernels.{backend_name}").build
    shape = next(iter(columns.values())).shape
    problem = Problem(items=shape[0] * shape[1], precision="float64", seed=SEED, threads=threads)
    program = build([(CATALOGUE[name], CATALOGUE[name].defaults)], shape, problem, runtime)
    given = {column: runtime.put(array) for column, array in columns.items()}

    def call() -> Any:
        found = program(given)[name]
        runtime.sync(found.values())
        return found

    answered = {f"{name}_{output}": runtime.get(array) for output, array in call().items()}
    task = Task(
        name="one",
        inputs=lambda items, seed: {},  # noqa: ARG005 -- they are here already
        reference=lambda given: given,
        tolerances=of_outputs((name,)),
        unit="bars/s",
    )
    verdict = check_values(answered, outputs_and_scales((name,), columns), task, "float64")
    if verdict.outcome != "ok":
        raise ArithmeticError(verdict.reason)
    return call


def started(entrant: str, asked: Any) -> Any:
    """The pipe to a worker that has its framework's variables."""
    from hwdoctor.backends import backend

    variables = (
        {} if entrant == "TA-Lib" else backend(entrant).environment("cpu", "float64", asked.threads)
    )
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    before = dict(os.environ)
    os.environ.update(variables)
    arguments = (there, entrant, asked.symbols, asked.bars, asked.threads)
    context.Process(target=work, args=arguments, daemon=True).start()
    os.environ.clear()
    os.environ.update(before)
    there.close()
    return here


def told(lane: Any, message: Any) -> Any:
    """A worker's answer; one that died says so, now and later."""
    try:
        lane.send(message)
        return lane.recv()
    except (EOFError, OSError):
        return "the process died"


def seconds_of(name: str, lanes: dict[str, Any], rounds: int) -> dict[str, float | str]:
    """Median seconds of one call, or why there are none, of every entrant."""
    entrants = [entrant for entrant in lanes if (entrant, name) != ("TA-Lib", "AVWAP")]
    first = {entrant: told(lanes[entrant], name) for entrant in entrants}
    times: dict[str, list[float]] = {e: [s] for e, s in first.items() if isinstance(s, float)}
    quick = [entrant for entrant, taken in times.items() if taken[0] < LONGEST_SECONDS]
    counts = {entrant: max(1, int(SAMPLE_SECONDS / times[entrant][0])) for entrant in quick}
    for turn in range(rounds):
        for entrant in random.sample(quick, len(quick)):
            found = told(lanes[entrant], counts[entrant])
            before = times[entrant] if turn else []
            times[entrant] = [*before, *([found] if isinstance(found, float) else [])]
    return {
        entrant: statistics.median(times[entrant]) if times.get(entrant) else str(first[entrant])
        for entrant in entrants
    }


def page(found: dict[str, dict[str, float | str]], asked: Any) -> str:
    """The document."""
    from hwdoctor.workloads.indicators import CATALOGUE
    from hwdoctor.workloads.indicators.workload import FAMILIES

    items = asked.symbols * asked.bars
    lines = [*head(asked), ""]
    for family in FAMILIES:
        names = [name for name in found if CATALOGUE[name].group == family]
        if not names:
            continue
        lines += [f"## {family.capitalize()}", "", f"| | {' | '.join(ENTRANTS)} |"]
        lines.append("|---|" + "---:|" * len(ENTRANTS))
        for name in names:
            cells = (shown(found[name].get(entrant), items) for entrant in ENTRANTS)
            lines.append(f"| {name} | {' | '.join(cells)} |")
        lines.append("")
    reasons = [
        f"* {name} on {entrant}: {value}"
        for name, answers in found.items()
        for entrant, value in answers.items()
        if isinstance(value, str)
    ]
    return "\n".join([*lines, *(["## Without a time", "", *reasons, ""] if reasons else [])])


def shown(seconds: float | str | None, items: int) -> str:
    """Nanoseconds per bar."""
    if not isinstance(seconds, float):
        return "-"
    found = 1e9 * seconds / items
    return f"{found:.0f}" if found >= 100.0 else f"{found:.3g}"


def head(asked: Any) -> list[str]:
    import hwdoctor

    cpu = hwdoctor.hardware().cpu.brand or "unknown processor"
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in VERSIONS)
    threads = "one thread" if asked.threads == 1 else f"{asked.threads} threads"
    options = " ".join(
        f"--{name} {getattr(asked, name)}" for name in ("symbols", "bars", "rounds", "threads")
    )
    return f"""# Indicators one by one

Nanoseconds per bar, float64, {asked.symbols} symbols of {asked.bars} bars, {threads} (TA-Lib: one);
medians of {asked.rounds} interleaved rounds. Every figure of ours is of a call whose outputs were
held against the reference first. An indicator alone shares nothing: the whole catalogue costs less
than the sum.

{cpu}, Python {platform.python_version()}, {versions}; {dt.datetime.now(dt.UTC).date()}.
jax-metal, jax-cuda, jax-tpu, torch-mps, torch-cuda and mlx-gpu: not run on this hardware.

Written by `python benchmarks/indicator_table.py {options}`.
""".splitlines()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    for name, default in (("symbols", 8), ("bars", 20_000), ("rounds", 7), ("threads", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--only", action="append", help="an indicator; again for more")
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/indicator-times.md"))
    asked = parser.parse_args()
    from hwdoctor.workloads.indicators import CATALOGUE

    lanes = {entrant: started(entrant, asked) for entrant in ENTRANTS}
    found = {}
    for name in asked.only or CATALOGUE:
        found[name] = seconds_of(name, lanes, asked.rounds)
        sys.stderr.write(f"{name}: {found[name]}\n")
    for lane in lanes.values():
        lane.send(None)
    asked.output.write_text(page(found, asked))


if __name__ == "__main__":
    main()

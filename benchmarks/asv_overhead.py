"""What a whole `hwdoctor bench` costs over a plain `asv run` of the same cells.

    python benchmarks/asv_overhead.py [WORKLOAD] [--config NAME]... [--rounds 5] [--size smoke]

Three commands take turns, in an order that is shuffled every round, and are timed from outside:

* `hwdoctor bench`: checks the machine, measures every cell in a process of its own, lets ASV
  write its file, prints a summary. The check is told apart: it is what a proof needs, and plain
  ASV has nothing like it.
* `asv run` in a copy of the checkout: the same cells through our plug-in, hence the same workers,
  started by ASV's own child processes. **The same cells**, so the goal is set against this one:
  `hwdoctor bench`, its check left out, within 10 % of it.
* `asv run` on a suite by hand: `time_*` methods and a `setup` around the same kernels, ASV's own
  timing and its usual two rounds. It verifies nothing, keeps no first call and no memory, and
  cannot give a configuration its variables; it is what people would write without us.

At size smoke every command but the last takes one process for a cell. At the other sizes
`hwdoctor bench` takes as many as it needs to be certain, and the comparison is of no use.

The exit status is 1 where the goal is missed. It is a script, not an ASV suite; ASV imports this
file all the same, so nothing heavy stands at module level.
"""

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
GOAL = 1.10
SAME_CELLS = "asv run, our plug-in"
SUITE = """
from hwdoctor.backends import backend, known
from hwdoctor.measure.rounding import round_all
from hwdoctor.workloads import Problem, find


class Suite:
    params = ({tasks!r}, {configurations!r})
    param_names = ("task", "configuration")
    timeout = 900

    def setup(self, task_name, configuration):
        workload = find({workload!r})
        task = workload.task(task_name)
        wanted = known(configuration)
        items = workload.items(task, {size!r})
        self.runtime = backend(wanted.backend).open(wanted.device, {precision!r})
        host = round_all(task.inputs(items, workload.seed), {precision!r})
        self.inputs = {{name: self.runtime.put(array) for name, array in host.items()}}
        problem = Problem(items=items, precision={precision!r}, seed=workload.seed)
        self.kernel = workload.kernel(wanted.backend, task_name)(problem, self.runtime)
        self.time_steady(task_name, configuration)

    def time_steady(self, task_name, configuration):
        outputs = self.kernel(self.inputs)
        self.runtime.sync(outputs.values())
"""


@dataclass(frozen=True)
class Turn:
    """One command, timed from outside."""

    seconds: float
    check_seconds: float = 0.0
    outcomes: tuple[dict[str, Any], ...] = ()
    """Lines of its side-car."""

    @property
    def worker_seconds(self) -> float:
        """Wall clock of the workers that were kept: what neither command can do without."""
        return sum(float(outcome["duration_seconds"]) for outcome in self.outcomes)


@dataclass(frozen=True)
class Asked:
    """The cells."""

    workload: str
    configurations: list[str]
    precision: str
    size: str

    @property
    def arguments(self) -> list[str]:
        """As `hwdoctor bench` wants them."""
        configurations = [f"--config={name}" for name in self.configurations]
        return [self.workload, *configurations, f"--precision={self.precision}",
                f"--size={self.size}"]  # fmt: skip

    def cells(self) -> list[Any]:
        from hwdoctor.measure.bench import choose_cells

        return choose_cells(
            [self.workload],
            configuration_names=self.configurations,
            precisions=[self.precision],
            size=self.size,
        )


def timed(argv: list[str], folder: Path, **variables: str) -> float:
    """Seconds of a command that must not fail; ASV says 2 where a cell has no value."""
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", *argv],
        cwd=folder,
        env={**os.environ, "HOME": str(folder), **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - began
    if done.returncode not in (0, 2):
        raise SystemExit(f"{argv}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return seconds


def outcomes(results: Path) -> tuple[dict[str, Any], ...]:
    paths = results.glob("*/*.outcomes.jsonl")
    return tuple(json.loads(line) for path in paths for line in path.read_text().splitlines())


def by_bench(asked: Asked, folder: Path) -> Turn:
    """The whole command; its check ends when it is written."""
    results = folder / "results"
    start_up = timed(["hwdoctor", "bench", *asked.arguments, "--list"], folder)
    began = time.time()
    seconds = timed(["hwdoctor", "bench", *asked.arguments, f"--results={results}"], folder)
    (check,) = results.glob("*/*.check.jsonl")
    return Turn(seconds, check.stat().st_mtime - began - start_up, outcomes(results))


def by_asv(asked: Asked, folder: Path) -> Turn:
    """`asv run` in a copy of the checkout."""
    from hwdoctor.measure.asv.drive import selection

    shutil.copy(ROOT / "asv.conf.json", folder)
    shutil.copytree(ROOT / "benchmarks", folder / "benchmarks")
    chosen = [part for pattern in selection(asked.cells()) for part in ("--bench", pattern)]
    seconds = timed(["asv", "run", "--record-samples", *chosen], folder, HWDOCTOR_SIZE=asked.size)
    return Turn(seconds, outcomes=outcomes(folder / "results"))


def by_hand(asked: Asked, folder: Path) -> Turn:
    """`asv run` on a suite without us, in the environment that ASV calls `existing`."""
    (folder / "benchmarks").mkdir()
    (folder / "benchmarks" / "__init__.py").touch()
    tasks = sorted({cell.task for cell in asked.cells()})
    (folder / "benchmarks" / "suite.py").write_text(
        SUITE.format(
            tasks=tasks,
            configurations=asked.configurations,
            workload=asked.workload,
            size=asked.size,
            precision=asked.precision,
        )
    )
    config = {"version": 1, "project": "by hand", "repo": ".", "environment_type": "existing"}
    (folder / "asv.conf.json").write_text(json.dumps(config))
    timed(["asv", "machine", "--yes", "--machine", "here"], folder)
    return Turn(timed(["asv", "run", "--python=same", "--machine=here"], folder))


ENTRANTS: dict[str, Callable[[Asked, Path], Turn]] = {
    "hwdoctor bench": by_bench,
    SAME_CELLS: by_asv,
    "asv run, by hand": by_hand,
}


def race(asked: Asked, rounds: int) -> dict[str, list[Turn]]:
    """Every entrant once per round, each in a folder of its own."""
    turns: dict[str, list[Turn]] = {name: [] for name in ENTRANTS}
    order = list(ENTRANTS)
    for number in range(rounds):
        random.shuffle(order)
        for name in order:
            with tempfile.TemporaryDirectory(prefix="hwdoctor-overhead-") as folder:
                turn = ENTRANTS[name](asked, Path(folder))
            turns[name].append(turn)
            sys.stderr.write(f"round {number + 1}: {name}: {turn.seconds:.1f} s\n")
    return turns


def ratios(turns: dict[str, list[Turn]], baseline: str, *, with_check: bool) -> list[float]:
    """`hwdoctor bench` over another command, round by round."""
    return [
        (ours.seconds - (0.0 if with_check else ours.check_seconds)) / theirs.seconds
        for ours, theirs in zip(turns["hwdoctor bench"], turns[baseline], strict=True)
    ]


def is_met(turns: dict[str, list[Turn]]) -> bool:
    return statistics.median(ratios(turns, SAME_CELLS, with_check=False)) < GOAL


def table(turns: dict[str, list[Turn]]) -> str:
    """Medians over the rounds."""
    lines = [f"{'':22} {'whole':>8} {'workers':>8} {'rest':>8}  processes  tries"]
    for name, taken in turns.items():
        whole = statistics.median(turn.seconds for turn in taken)
        workers = statistics.median(turn.worker_seconds for turn in taken)
        counts = sorted({len(turn.outcomes) for turn in taken})
        tries = sorted({sum(int(o["attempt"]) for o in turn.outcomes) for turn in taken})
        shown = f"{workers:8.2f} {whole - workers:8.2f}  {counts!s:9}  {tries}" if workers else ""
        lines.append(f"{name:22} {whole:8.2f} {shown}")
    check = statistics.median(turn.check_seconds for turn in turns["hwdoctor bench"])
    lines.append(f"of hwdoctor bench, its check: {check:.2f} s")
    for baseline in (name for name in turns if name != "hwdoctor bench"):
        for text, with_check in (("its check left out", False), ("its check included", True)):
            found = ratios(turns, baseline, with_check=with_check)
            lines.append(
                f"hwdoctor bench / {baseline}, {text}: {statistics.median(found):.3f} "
                f"[{min(found):.3f}, {max(found):.3f}]"
            )
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("workload", nargs="?", default="black_scholes")
    parser.add_argument("--config", action="append", dest="configurations")
    parser.add_argument("--precision", default="float64")
    parser.add_argument("--size", default="smoke")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args(argv)
    asked = Asked(
        given.workload,
        given.configurations or ["numpy-cpu", "numba-cpu"],
        given.precision,
        given.size,
    )
    turns = race(asked, given.rounds)
    sys.stdout.write(table(turns) + "\n")
    met = is_met(turns)
    sys.stdout.write(
        f"goal: below {GOAL} of {SAME_CELLS}, its check left out: {'met' if met else 'missed'}\n"
    )
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())

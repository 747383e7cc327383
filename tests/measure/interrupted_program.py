"""Sittings that are killed at random moments, many a second; test_interrupted.py runs this.

Measuring and ASV are replaced, so that what is killed is the bookkeeping: a process that has
imported everything forks, the child conducts a sitting, and is killed after a random time or at
the n-th thing that it asks of the system (a write is then cut in half). After every kill the
results folder is judged by its bytes; then the run is resumed, perhaps to be killed again, and
in the end must be what an uninterrupted one is.
"""

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import synthetic

from hwdoctor.measure import bench, engine, store
from hwdoctor.measure import run as runs
from hwdoctor.measure.asv import drive
from hwdoctor.measure.cell import Cell
from hwdoctor.measure.run import Run
from hwdoctor.measure.sampling import Plan
from hwdoctor.model import Outcome, encode_line
from hwdoctor.model.files import write_atomically
from hwdoctor.results import collect, sidecar

CELLS = bench.choose_cells(
    [str(Path(__file__).with_name("tiny_workload.py"))],
    configuration_names=["numpy-cpu", "numba-cpu", "jax-cpu", "torch-cpu"],
    size="smoke",
)
PROCESSES = 2
MOST_SITTINGS = 6
"""The last one of a trial is not interrupted."""
EVENTS = frozenset(
    {"open", "os.rename", "os.remove", "os.mkdir", "os.truncate", "os.scandir", "fcntl.flock"}
)
LONG = "x" * 20_000
"""Many pages, in some lines: a kill may cut such a write in two."""

write_now = os.write


Moment = tuple[str, float]
"""When to kill: `event` or `write` and its number, `time` and seconds, or `never`."""


class Killer:
    """Counts what this process asks of the system, and kills it at the n-th."""

    def __init__(self, moment: Moment) -> None:
        self.seen = {"event": 0, "write": 0}
        self._kind, self._number = moment

    def install(self) -> None:
        """From here on; for good."""
        sys.addaudithook(self._hook)
        os.write = self._write
        os.fsync = self._fsync  # no power is cut here, and the test is to be quick

    def _due(self, kind: str) -> bool:
        self.seen[kind] += 1
        return self._kind == kind and self.seen[kind] == self._number

    def _hook(self, event: str, _arguments: tuple[Any, ...]) -> None:
        if event in EVENTS and self._due("event"):
            os.kill(os.getpid(), signal.SIGKILL)

    def _write(self, descriptor: int, data: Any) -> int:
        if self._due("write"):
            write_now(descriptor, data[: len(data) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        return write_now(descriptor, data)

    def _fsync(self, fd: Any) -> None:
        if self._due("event"):
            os.kill(os.getpid(), signal.SIGKILL)


def measured(cell: Cell, run: Run, *, process: int = 0, plan: Plan | None = None) -> Outcome:
    """In place of measuring."""
    return synthetic.outcome(
        cell.configuration.name,
        1e-3,
        workload=cell.workload,
        task=cell.task,
        benchmark=cell.benchmark,
        size=cell.size,
        run=run.id,
        process=process,
        stderr_tail=LONG if cell.task == "third" else None,
    )


def written_by_asv(a_run: Run, config: Path, _variables: object, _shown: object) -> None:
    """In place of ASV, which writes its files in place as well."""
    staged = Path(json.loads(config.read_text())["results_dir"])
    (staged / a_run.machine).mkdir()
    for path in ("benchmarks.json", f"{a_run.machine}/{a_run.stem}.json"):
        (staged / path).write_text(json.dumps({"version": 2, "content": ["x"] * 5000}))


def sitting(results: Path, told: Path) -> None:
    """What `hwdoctor bench` does with a results folder, with `--resume` where there is a run."""
    log = os.open(told, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def step(step: bench.Step) -> None:
        if step.outcome is not None:
            write_now(log, f"{key(json.loads(encode_line(step.outcome)))}\n".encode())

    if list(results.glob("*/*-hw-*.json")):
        return  # killed when everything was done: there is nothing to resume
    with store.exclusive(results):
        if list(results.glob("*/*.run.jsonl")):
            a_run = store.unfinished(results, "smoke", None)
        else:
            a_run = runs.begin(synthetic.FACTS, results, size="smoke", seed=1)
        store.save_machine(a_run, synthetic.FACTS)
        store.save_check(a_run, synthetic.report())
        outcomes = bench.conduct(a_run, CELLS, processes=PROCESSES, on_step=step)
        drive.harvest(a_run, outcomes)


def key(line: Mapping[str, Any]) -> str:
    """What an outcome is of."""
    return f"{line['benchmark']} {line['parameters']['configuration']} {line['process']}"


@dataclass
class Folder:
    """A results folder and what was seen in it before."""

    results: Path
    told: Path
    lines: dict[str, bytes]

    def problems(self, *, finished: bool) -> list[str]:
        """What a kill must never leave behind; afterwards `lines` are those of now."""
        found: list[str] = []
        for path in self.files():
            if path.name.endswith(".outcomes.jsonl"):
                found += self._sidecar(path, finished=finished)
            elif path.suffix in {".json", ".jsonl"}:
                found += _broken(path.name, path.read_bytes())
        if found:
            return found
        reported = self.told.read_text().splitlines() if self.told.exists() else []
        lost = {*self.lines, *reported} - set(self._now())
        found += [f"{name} was finished and is lost" for name in lost]
        found += [f"{name} was measured twice" for name, n in Counter(reported).items() if n > 1]
        if self.results.exists():
            collect.load([self.results])
        return found

    def files(self) -> list[Path]:
        """Everything but what is written and not yet put into its place."""
        everything = (path for path in self.results.rglob("*") if path.is_file())
        return sorted(
            path
            for path in everything
            if not (path.name.startswith(".hwdoctor-") and path.name.endswith(".tmp"))
        )

    def names(self) -> list[str]:
        """File names without what differs between runs."""
        return [path.name.partition("-hw-")[2] or path.name for path in self.files()]

    def keys(self) -> Counter[str]:
        """How often the side-car holds each measurement."""
        return Counter(key(json.loads(line)) for line in self._lines())

    def _lines(self) -> list[bytes]:
        paths = self.results.glob("*/*.outcomes.jsonl")
        lines = [line for path in paths for line in path.read_bytes().splitlines(keepends=True)]
        return [line for line in lines if line.endswith(b"\n")]

    def _now(self) -> dict[str, bytes]:
        return {key(json.loads(line)): line for line in self._lines()}

    def _sidecar(self, path: Path, *, finished: bool) -> list[str]:
        *whole, rest = path.read_bytes().split(b"\n")
        found = [text for line in whole for text in _broken(path.name, line + b"\n")]
        if rest and finished:
            found.append("a cut line was left")
        if not whole:
            found.append("the side-car holds no line")
        if found:
            return found
        now = self._now()
        changed = [name for name in self.lines if now.get(name) != self.lines[name]]
        self.lines = now
        return [f"{name} was measured again" for name in changed]


def _broken(name: str, data: bytes) -> list[str]:
    try:
        json.loads(data)
    except ValueError as error:
        return [f"{name} is broken: {error}"]
    return [] if data.endswith(b"\n") or name.endswith(".json") else [f"{name} has no end"]


def killed_sitting(folder: Folder, moment: Moment) -> tuple[bool, dict[str, int]]:
    """Whether it was killed, and how much it asked of the system if not."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            killer = Killer(moment)
            killer.install()
            sitting(folder.results, folder.told)
            write_now(write, json.dumps(killer.seen).encode())
            status = 0
        except BaseException:  # noqa: BLE001 -- whatever ended it is what the parent must know
            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(write)
    if moment[0] == "time":
        time.sleep(moment[1])
        os.kill(child, signal.SIGKILL)
    with os.fdopen(read) as pipe:
        asked = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return True, {}
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(f"the sitting that was to be killed at {moment} failed")
    return False, json.loads(asked)


def trial(
    place: Path, rng: random.Random, expected: Folder, limits: Mapping[str, float]
) -> tuple[int, list[str]]:
    """One run with its interruptions: how many there were, and what was wrong."""
    folder = Folder(place / "results", place / "told", {})
    place.mkdir()
    kills, problems = 0, []
    for number in range(1, MOST_SITTINGS + 1):
        moment = random_moment(rng, limits) if number < MOST_SITTINGS else ("never", 0)
        killed, _ = killed_sitting(folder, moment)
        kills += killed
        problems += [
            f"trial {place.name}, sitting {number}, killed at {moment}: {text}"
            for text in folder.problems(finished=not killed)
        ]
        if not killed or problems:
            break
    if not problems and (folder.names(), folder.keys()) != (expected.names(), expected.keys()):
        problems.append(f"trial {place.name} ended with {folder.names()}, {folder.keys()}")
    return kills, problems


def random_moment(rng: random.Random, limits: Mapping[str, float]) -> Moment:
    """Any kind with the same chance, within what a whole sitting takes."""
    kind = rng.choice(sorted(limits))
    if kind == "time":
        return kind, rng.uniform(0.0, limits[kind])
    return kind, rng.randint(1, int(limits[kind]))


def in_place(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.write(descriptor, data)
    os.close(descriptor)


def plant(fault: str) -> None:
    """Make the bookkeeping do one thing wrong."""
    if fault == "writes in place":
        for module in (sidecar, store, runs, drive):
            assert module.write_atomically is write_atomically
            module.write_atomically = in_place  # type: ignore[attr-defined]
    elif fault == "keeps outcomes for later":
        kept: list[tuple[Path, Outcome]] = []
        append = sidecar.append

        def later(path: Path, outcome: Outcome) -> None:
            kept.append((path, outcome))
            while len(kept) > 3 or (kept and outcome.process == PROCESSES - 1):
                append(*kept.pop(0))

        sidecar.append = later
    elif fault == "goes on behind a cut line":
        nothing: Callable[..., None] = lambda descriptor, path: None  # noqa: E731
        sidecar._finish_last_line = nothing
    elif fault == "forgets what was measured":
        store.outcomes_of = lambda run, cell: []


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--kills", type=int, required=True)
    parser.add_argument("--fault", default="")
    asked = parser.parse_args()
    tempfile.tempdir = str(asked.folder)
    engine.measure = measured
    drive._run_asv = written_by_asv  # type: ignore[assignment]
    place = asked.folder / "whole"
    place.mkdir()
    whole = Folder(place / "results", place / "told", {})
    began = time.monotonic()
    _, counts = killed_sitting(whole, ("never", 0))
    limits = {**counts, "time": time.monotonic() - began}
    problems = whole.problems(finished=True)
    plant(asked.fault)
    rng = random.Random(asked.seed)
    kills = trials = 0
    while kills < asked.kills and not problems:
        trials += 1
        more, problems = trial(asked.folder / str(trials), rng, whole, limits)
        kills += more
    sys.stdout.write(
        json.dumps({"kills": kills, "trials": trials, "limits": limits, "problems": problems})
    )


if __name__ == "__main__":
    main()

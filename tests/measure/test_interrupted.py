"""Killed at any moment, a sitting leaves valid files, nobody alive, and can be gone on with."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from hwdoctor.results import collect

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")

HERE = Path(__file__).parent
PROGRAM = HERE / "interrupted_program.py"
TINY = HERE / "tiny_workload.py"
SEED = 20261122


def bookkeeping(folder: Path, *, kills: int, fault: str = "") -> dict[str, Any]:
    """What the program of many kills found out."""
    done = subprocess.run(
        [sys.executable, str(PROGRAM), str(folder), f"--seed={SEED}", f"--kills={kills}",
         f"--fault={fault}"],
        env={
            **os.environ,
            "PYTHONPATH": str(HERE.parent / "support"),
            "OPENBLAS_NUM_THREADS": "1",  # it forks
        },
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_kills_at_any_moment_lose_nothing_and_break_no_file(tmp_path: Path) -> None:
    answer = bookkeeping(tmp_path, kills=60)
    assert answer["problems"] == [], f"seed {SEED}"
    assert answer["kills"] >= 60


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("writes in place", "is broken|the side-car holds no line"),
        ("keeps outcomes for later", "was finished and is lost"),
        ("goes on behind a cut line", "is broken"),
        ("forgets what was measured", "was measured twice"),
    ],
)
def test_bookkeeping_with_a_planted_fault_is_found_out(
    tmp_path: Path, fault: str, says: str
) -> None:
    problems = bookkeeping(tmp_path, kills=200, fault=fault)["problems"]
    assert any(re.search(says, problem) for problem in problems), problems


@dataclass
class Sitting:
    """The whole command in a process of its own, and everything that it started."""

    process: subprocess.Popen[bytes]
    mark: str
    lines_before: int

    def family(self) -> list[psutil.Process]:
        """The command, its guards, workers and ASV, as of now."""
        try:
            parent = psutil.Process(self.process.pid)
            return [parent, *parent.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def alive(self, known: list[psutil.Process]) -> list[str]:
        """Who of those, or with our mark in the environment, is still there."""
        found = [process for process in known if process.is_running() and not is_zombie(process)]
        found += [process for process in psutil.process_iter() if has_mark(process, self.mark)]
        return [str(process) for process in found]


def is_zombie(process: psutil.Process) -> bool:
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def has_mark(process: psutil.Process, mark: str) -> bool:
    try:
        return mark in process.environ().get("PYTHONPATH", "")
    except (psutil.Error, OSError):
        return False


@pytest.fixture(scope="module")
def without_frameworks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A search path on which no framework can be imported: the check is quick."""
    folder = tmp_path_factory.mktemp("without")
    for name in ("jax", "torch", "numba", "mlx"):
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text("raise ImportError('planted')")
    return folder


@pytest.fixture
def _listening() -> Iterator[None]:
    """Who runs the tests in the background ignores signals, and programs started there do too."""
    usual: dict[int, Any] = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGTERM: signal.SIG_DFL,
    }
    before = {number: signal.signal(number, handler) for number, handler in usual.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def sit(without_frameworks: Path, _listening: None) -> Callable[..., Sitting]:
    """Start `hwdoctor bench` on the tiny workload."""

    def start(results: Path, *options: str) -> Sitting:
        before = len(lines(results))
        process = subprocess.Popen(
            [sys.executable, "-m", "hwdoctor", "bench", str(TINY), "--config", "numpy-cpu",
             "--size", "smoke", "--machine", "here", "--results", str(results), *options],
            env={
                **os.environ,
                "PYTHONPATH": str(without_frameworks),
                "TMPDIR": str(results.parent),  # what a kill leaves there is cleared away
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
        return Sitting(process, str(without_frameworks), before)

    return start


Reached = Callable[[Sitting, Path], bool]


def started(sitting: Sitting, results: Path) -> bool:
    return True


def checking(sitting: Sitting, results: Path) -> bool:
    return any("probe_" in " ".join(cmdline(process)) for process in sitting.family())


def measuring(sitting: Sitting, results: Path) -> bool:
    return any("hwdoctor.measure.worker" in cmdline(process) for process in sitting.family())


def storing(sitting: Sitting, results: Path) -> bool:
    return len(lines(results)) > sitting.lines_before


def handing_over(sitting: Sitting, results: Path) -> bool:
    return any("asv" in cmdline(process) for process in sitting.family())


def cmdline(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except (psutil.Error, OSError):
        return []


MOMENTS: tuple[tuple[str, Reached, float], ...] = (
    ("SIGKILL", started, 0.3),
    ("SIGKILL", checking, 0.2),
    ("SIGKILL", measuring, 0.1),
    ("SIGINT", measuring, 0.1),
    ("SIGKILL", storing, 0.05),
    ("SIGTERM", measuring, 0.1),
    ("SIGKILL", handing_over, 0.3),
    ("SIGINT", handing_over, 0.3),
    ("SIGKILL", handing_over, 0.3),
)
"""A signal, what must have been reached, and the longest random time in seconds after that."""
CODES = {"SIGKILL": -signal.SIGKILL, "SIGINT": 130, "SIGTERM": 143}


def interrupted(sitting: Sitting, results: Path, name: str, reached: Reached, pause: float) -> None:
    """Send the signal at that moment; nobody may be left, and every file must be whole."""
    while not reached(sitting, results):
        assert sitting.process.poll() is None, "it ended before that"
        time.sleep(0.005)
    time.sleep(pause)
    family = sitting.family()
    sitting.process.send_signal(getattr(signal, name))
    out, _ = sitting.process.communicate()
    assert sitting.process.returncode == CODES[name], out.decode()
    give_up = time.monotonic() + 20
    while sitting.alive(family):
        assert time.monotonic() < give_up, sitting.alive(family)
        time.sleep(0.01)
    for path in [*results.glob("*.json"), *results.glob("*/*.json")]:
        json.loads(path.read_text())
    for path in results.glob("*/*.jsonl"):
        for line in path.read_text().splitlines():
            json.loads(line)


def lines(results: Path) -> set[str]:
    """What was measured so far, byte by byte."""
    paths = results.glob("*/*.outcomes.jsonl")
    return {line for path in paths for line in path.read_text().splitlines()}


def whole_run(sitting: Sitting) -> None:
    out, _ = sitting.process.communicate()
    assert sitting.process.returncode == 0, out.decode()


def names(results: Path) -> list[str]:
    """Files of a results folder, without what differs between runs."""
    paths = sorted(path for path in results.rglob("*") if path.is_file())
    return [path.name.partition("-hw-")[2] or path.name for path in paths]


def cells(results: Path) -> Counter[tuple[str, str, int, str]]:
    loaded = collect.load([results])
    assert loaded.rows_skipped == ()
    return Counter(
        (row.outcome.benchmark, row.outcome.parameters.configuration, row.outcome.process,
         row.outcome.outcome)
        for row in loaded.outcomes
    )  # fmt: skip


@pytest.mark.alone
@pytest.mark.slow
def test_the_whole_command_survives_every_signal_and_goes_on(
    sit: Callable[..., Sitting], tmp_path: Path
) -> None:
    rng = random.Random(SEED)
    results = tmp_path / "interrupted"
    kept: set[str] = set()
    for name, reached, longest in MOMENTS:
        resumed = ["--resume"] if list(results.glob("*/*.run.jsonl")) else []
        pause = rng.uniform(0.0, longest)
        interrupted(sit(results, *resumed), results, name, reached, pause)
        now = lines(results)
        assert kept <= now, f"seed {SEED}: {name} while {reached.__name__} lost an outcome"
        kept = now
    assert kept
    whole_run(sit(results, "--resume"))
    whole_run(sit(tmp_path / "whole"))
    assert cells(results) == cells(tmp_path / "whole")
    assert names(results) == names(tmp_path / "whole"), f"seed {SEED}"

"""Whole processes, from exec to exit, beside an interpreter that does nothing."""

import subprocess
import sys
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

PROGRAM = ["-m", "hwdoctor"]
COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "hwdoctor --help": [*PROGRAM, "--help"],
    "hwdoctor check --level 0": [*PROGRAM, "check", "--level", "0", "--format", "json"],
    "hwdoctor check --from linux.json": [
        *PROGRAM, "check", "--level", "0", "--format", "json", "--from", "linux.json",
    ],
}  # fmt: skip
JUDGED = (0, 1, 3)
"""Exit codes of a check that came to a verdict about whatever machine this is."""
ROUNDS = 15


@pytest.mark.benchmark(group="start-up of processes")
@pytest.mark.parametrize("command", COMMANDS)
def test_start(own_path: BenchmarkFixture, command: str, recorded: Path) -> None:
    def run() -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [sys.executable, *COMMANDS[command]],
            cwd=recorded,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )

    tried = run()  # also compiles what is not compiled yet, and warms the page cache
    assert tried.returncode in JUDGED, tried.stderr.decode(errors="replace")
    assert command == "python -c pass" or tried.stdout
    last = own_path.pedantic(run, rounds=ROUNDS, warmup_rounds=1)
    assert last.returncode == tried.returncode

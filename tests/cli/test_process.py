"""The program as a process: streams of every kind, signals, and what is never imported."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from hwdoctor import __version__

PROGRAM = [sys.executable, "-m", "hwdoctor"]
HEAVY = ("numpy", "rich", "duckdb", "asv", "asv_runner", "psutil", "msgspec")
FRAMEWORKS = ("jax", "jaxlib", "torch", "numba", "mlx", "scipy")

unix = pytest.mark.skipif(sys.platform == "win32", reason="signals and devices of Unix")
needs_dev_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")


def run(
    *arguments: str, environment: Mapping[str, str] | None = None, **options: object
) -> subprocess.CompletedProcess[bytes]:
    given: dict[str, object] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        [*PROGRAM, *arguments],
        env={**os.environ, **(environment or {})},
        check=False,
        **given,
    )


def imported_by(arguments: Sequence[str], names: Sequence[str]) -> list[str]:
    """Which of these modules a call of the program has imported when it ends."""
    source = (
        "import sys, json\n"
        "from hwdoctor.cli.main import main\n"
        f"main({list(arguments)!r})\n"
        f"found = [name for name in {list(names)!r} if name in sys.modules]\n"
        "sys.stderr.write('\\n' + json.dumps(found))\n"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, check=True)
    found = json.loads(done.stderr.splitlines()[-1])
    assert isinstance(found, list)
    return found


def test_the_module_is_the_program() -> None:
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, f"hwdoctor {__version__}\n".encode())


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], [], ["check", "--help"]])
def test_help_and_version_import_nothing_heavy(arguments: list[str]) -> None:
    assert imported_by(arguments, (*HEAVY, *FRAMEWORKS)) == []


LEVEL_ZERO = ("numpy", "duckdb", "asv", "asv_runner", "psutil", *FRAMEWORKS)


def test_a_check_of_level_zero_imports_nothing_heavy() -> None:
    assert imported_by(["check", "--level", "0"], LEVEL_ZERO) == []


@pytest.mark.parametrize("command", ["check", "hardware"])
def test_no_terminal_library_is_loaded_for_json(command: str) -> None:
    options = ["--level", "0"] if command == "check" else []
    assert imported_by([command, *options, "--format", "json"], (*LEVEL_ZERO, "rich")) == []


def test_the_guard_sees_what_is_imported() -> None:
    """The planted fault: a command that does import something heavy is caught."""
    assert "msgspec" in imported_by(["rules", "--format", "json"], HEAVY)


@needs_dev_full
@pytest.mark.parametrize("arguments", [["--help"], ["rules"], ["rules", "--format", "json"]])
def test_a_full_disk_under_standard_output_is_one_line(arguments: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = run(*arguments, stdout=full)
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1
    assert b"No space left on device" in done.stderr


@pytest.mark.parametrize("arguments", [["rules"], ["rules", "--format", "json"]])
def test_a_reader_who_has_seen_enough_changes_nothing(arguments: list[str]) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        done = run(*arguments, stdout=write)
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")


@unix
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_survived(closed: str) -> None:
    command = f'"{sys.executable}" -m hwdoctor rules --format json {closed}'
    done = subprocess.run(["sh", "-c", command], capture_output=True, check=False)
    assert done.returncode == 0
    assert done.stderr == b""


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
@pytest.mark.parametrize("arguments", [["rules"], ["explain", "ENV301"]])
def test_any_encoding_of_the_terminal_will_do(encoding: str, arguments: list[str]) -> None:
    done = run(*arguments, environment={"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"})
    assert (done.returncode, done.stderr) == (0, b"")
    assert "ENV301" in done.stdout.decode(encoding)


def test_json_is_the_same_bytes_whatever_the_terminal() -> None:
    plain = run("rules", "--format", "json").stdout
    environment = {"PYTHONIOENCODING": "ascii", "COLUMNS": "40", "FORCE_COLOR": "1"}
    assert run("rules", "--format", "json", environment=environment).stdout == plain
    assert isinstance(json.loads(plain), list)


@unix
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_unwinds_and_has_its_exit_code(number: int, code: int) -> None:
    source = (
        "import os, signal, sys, types, click\n"
        # Under nohup the caller ignores the signal, and then we do.
        f"usual = signal.default_int_handler if {number} == signal.SIGINT else signal.SIG_DFL\n"
        f"signal.signal({number}, usual)\n"
        "from hwdoctor.cli import main\n"
        "def behave():\n"
        "    try:\n"
        f"        os.kill(os.getpid(), {number})\n"
        "        __import__('time').sleep(60)\n"
        "    finally:\n"
        "        print('cleaned up')\n"
        "module = sys.modules['planted'] = types.ModuleType('planted')\n"
        "module.command = click.Command('planted', callback=behave)\n"
        "main.COMMANDS['planted'] = main.Entry('planted:command', 'x')\n"
        "sys.argv = ['hwdoctor', 'planted']\n"
        "main.run()\n"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, check=False)
    assert done.returncode == code
    assert done.stdout == b"cleaned up\n"
    assert b"Traceback" not in done.stderr


@unix
def test_a_signal_that_the_caller_ignores_stays_ignored() -> None:
    source = (
        "import signal\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "from hwdoctor.cli.main import _unwind_on_signals\n"
        "_unwind_on_signals()\n"
        "assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN\n"
    )
    subprocess.run([sys.executable, "-c", source], check=True)

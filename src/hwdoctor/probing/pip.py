"""The pip of a judged interpreter, for `check --fix --apply`: the one thing hwdoctor changes.

Wheels only, so that nothing of a package runs while it is installed; nothing is cached and
nothing goes anywhere but into the environment of that interpreter. Never asks anything.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

OPTIONS: Final = (
    "--only-binary=:all:",
    "--no-cache-dir",
    "--no-input",
    "--disable-pip-version-check",
)
REDIRECTING: Final = ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER", "PIP_REQUIREMENT")
"""Variables that would make pip put things elsewhere, or install more than was asked for."""
SECONDS: Final = 1800.0


def command(python: Path, requirements: Sequence[str]) -> tuple[str, ...]:
    """What is run, to be shown before it is."""
    return (str(python), "-m", "pip", "install", *OPTIONS, *requirements)


def install(python: Path, requirements: Sequence[str], *, seconds: float = SECONDS) -> str | None:
    """Install into the environment of an interpreter; what pip says goes to stderr.

    Returns:
        None if pip succeeded, else how it ended.
    """
    process = subprocess.Popen(
        command(python, requirements),
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr.fileno(),
        env=_environment(os.environ),
        start_new_session=True,
    )
    try:
        status = process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        _end(process)
        return f"pip did not end within {seconds:.0f} s"
    except BaseException:
        _end(process)
        raise
    return None if status == 0 else f"pip ended with status {status}"


def _environment(ours: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in ours.items() if name not in REDIRECTING}


def _end(process: subprocess.Popen[bytes]) -> None:
    """An early end leaves what was there: pip puts things into place at its very end."""
    try:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=10.0)
    except (OSError, subprocess.TimeoutExpired):
        process.kill()
        process.wait()

"""What lies in a results folder from earlier runs, for planning the next one.

Nothing is looked up on the machine but what costs no process: `hwdoctor bench --list` asks too.
Files that cannot be used are passed over: estimates do without them, and `recommend` and
`compare` say what is wrong with them.
"""

import os
import platform
from collections.abc import Iterator
from pathlib import Path

from hwdoctor.measure.run import Run, load
from hwdoctor.model import Outcome, UsageError
from hwdoctor.results import reading, sidecar

OWN_FILES = 16
OTHER_FILES = 8
"""Side-cars to read at most, newest first: estimates come from the last few, and a folder may
hold a thousand."""
_RUNS = "*.run.jsonl"


def newest_run(results: Path, machine: str | None) -> Run | None:
    """The newest run of this machine, for its fingerprint and devices; None: not known.

    Args:
        results: the results folder, which need not exist.
        machine: the name that the user gave to this machine; None: it is recognised.
    """
    for folder in _folders(results):
        if folder.name == machine or (machine is None and _describes_this_machine(folder)):
            runs = [run for path in folder.glob(_RUNS) if (run := _loaded(path)) is not None]
            if runs:
                return max(runs, key=lambda run: run.id)
    return None


def outcomes(results: Path, machine: str | None) -> Iterator[Outcome]:
    """Outcomes of the newest runs: of the machine called `machine`, then of the others."""
    folders = _folders(results)
    own = [folder for folder in folders if folder.name == machine]
    other = [folder for folder in folders if folder.name != machine]
    for path in (*_newest(own, OWN_FILES), *_newest(other, OTHER_FILES)):
        try:
            yield from sidecar.read(path).outcomes
        except UsageError:
            continue


def _folders(results: Path) -> list[Path]:
    try:
        return sorted(path for path in results.iterdir() if path.is_dir())
    except OSError:
        return []


def _newest(folders: list[Path], most: int) -> list[Path]:
    found = [path for folder in folders for path in folder.glob(f"*{sidecar.OUTCOMES_SUFFIX}")]
    return sorted(found, key=_changed_at, reverse=True)[:most]


def _changed_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _loaded(path: Path) -> Run | None:
    try:
        return load(path) if path.is_file() else None
    except (OSError, UsageError):
        return None


def _describes_this_machine(folder: Path) -> bool:
    """Whether architecture, processors and memory, to the byte, are what we stand on."""
    import psutil

    try:
        described = reading.lenient_json(folder / "machine.json")
    except UsageError:
        return False
    here = {
        "arch": platform.machine(),
        "num_cpu": str(os.cpu_count()),
        "ram": str(psutil.virtual_memory().total),
    }
    return isinstance(described, dict) and all(
        described.get(key) == value for key, value in here.items()
    )

"""The file that keeps a micro run: pytest-benchmark's own JSON on one line, and who measured.

pytest-benchmark would write the host's name, the branch and the kernel's build into it. None of
that is asked for here: the machine is described from the facts, and what frameworks say of a
failure is masked. The name ends in `.jsonl` because ASV loads every other `*.json` in a
machine's folder; `pytest-benchmark compare` takes the file whatever it is called.
"""

import contextlib
import getpass
import json
import os
import platform
import re
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import msgspec

from hwdoctor.measure.micro.plan import Missing
from hwdoctor.measure.run import Run
from hwdoctor.model import Facts
from hwdoctor.model.files import write_atomically
from hwdoctor.probing.privacy import MASK, mask_text
from hwdoctor.results.pytest_benchmark import SUFFIX
from hwdoctor.version import __version__

SCHEMA = "hwdoctor.micro/1"
SHORTEST_NAME = 3
"""Shorter user and host names are parts of ordinary words."""
ORDINARY_NAMES = frozenset({"root", "user", "localhost", "runner", "admin", "test", "python"})


def file_of(run: Run) -> Path:
    """Where the micro run's results are kept."""
    return run.directory / f"{run.stem}{SUFFIX}"


def save(
    run: Run,
    facts: Facts,
    measured: Sequence[Mapping[str, Any]],
    missing: Sequence[Missing],
    *,
    complete: bool,
) -> None:
    """Write the file, whole or not at all; a later call replaces it.

    Raises:
        OSError: the disk is full, or the file may not be written.
    """
    document = {
        "machine_info": _machine_info(run, facts),
        "commit_info": {"id": run.commit, "project": "hwdoctor", "dirty": False},
        "benchmarks": list(measured),
        "datetime": run.started_at.isoformat(),
        "version": metadata.version("pytest-benchmark"),
        "hwdoctor": {
            "schema": SCHEMA,
            "version": __version__,
            "run": run.id,
            "fingerprint": run.fingerprint,
            "facts_digest": run.facts_digest,
            "complete": complete,
            "missing": [_plain(entry) for entry in missing],
        },
    }
    write_atomically(file_of(run), json.dumps(document, allow_nan=False).encode() + b"\n")


def masked(text: str) -> str:
    """The text without this user's home, name and host name."""
    home = os.environ.get("HOME", "")
    if home.startswith("/") and len(home) > SHORTEST_NAME:
        text = text.replace(home, "~")
    for name in sorted(_personal_names(), key=len, reverse=True):
        text = re.sub(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", MASK, text)
    return mask_text(text)


def _personal_names() -> set[str]:
    names = {os.environ.get("USER"), os.environ.get("LOGNAME"), platform.node()}
    # A user without an entry in the password database has no name to hide.
    with contextlib.suppress(KeyError, OSError):
        names.add(getpass.getuser())
    known = {part for name in names if name for part in (name, name.partition(".")[0])}
    return {
        name for name in known if len(name) >= SHORTEST_NAME and name.lower() not in ORDINARY_NAMES
    }


def _plain(entry: Missing) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(entry)
    return {**found, "reason": masked(entry.reason)}


def _machine_info(run: Run, facts: Facts) -> dict[str, Any]:
    """pytest-benchmark's keys, from the facts; `node` is our name of the machine."""
    return {
        "node": run.machine,
        "processor": facts.cpu.brand or "",
        "machine": facts.host.architecture or platform.machine(),
        "python_compiler": platform.python_compiler(),
        "python_implementation": platform.python_implementation(),
        "python_implementation_version": platform.python_version(),
        "python_version": platform.python_version(),
        "system": facts.host.system or platform.system(),
        "cpu": {
            "vendor_id_raw": facts.cpu.vendor,
            "brand_raw": facts.cpu.brand,
            "arch_string_raw": facts.host.architecture,
            "count": facts.cpu.logical_cores,
        },
    }

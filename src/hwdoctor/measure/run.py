"""A run: one sitting of measuring on one machine, with a name of its own.

Every run gets an identifier, hence a hash that ASV takes for a commit, hence files of its own:
several nights on one commit are all kept. The run's own file, which the variable `HWDOCTOR_RUN`
names to child processes, lies beside its results, so that an interrupted run can be resumed.
"""

import hashlib
import os
import platform
import re
import secrets
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec

from hwdoctor.model import (
    Document,
    Facts,
    UsageError,
    decode,
    encode_line,
    facts_digest,
    fingerprint,
    machine_slug,
)
from hwdoctor.model.files import write_atomically
from hwdoctor.results import reading

VARIABLE = "HWDOCTOR_RUN"
ENVIRONMENT_NAME = f"hw-py{sys.version_info.major}.{sys.version_info.minor}"
MACHINE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
HASH_LENGTH = 8  # ASV puts this many characters of a commit into a file name


class Run(Document, frozen=True, kw_only=True):
    """What every cell of a run has in common."""

    schema: Literal["hwdoctor.run/1"] = "hwdoctor.run/1"
    id: str
    machine: str
    results: str
    """The results folder, absolute; empty in the run's own file, which lies in it."""
    fingerprint: str
    facts_digest: str
    seed: int
    size: str = "smoke"
    """The size that a plain `asv run` measures; the others are skipped there."""
    threads: int | None = None
    memory_limit_bytes: int | None = None
    apis: tuple[str, ...] | None = None
    """Accelerator interfaces of this machine; None: not known."""
    incomplete: bool = False
    """The budget ended before everything was measured that was asked for; it can be resumed."""

    @property
    def commit(self) -> str:
        """The hash that stands for this run in ASV's files."""
        return hashlib.sha1(self.id.encode(), usedforsecurity=False).hexdigest()

    @property
    def stem(self) -> str:
        """Base name of this run's files."""
        return f"{self.commit[:HASH_LENGTH]}-{ENVIRONMENT_NAME}"

    @property
    def directory(self) -> Path:
        """`results/<machine>`."""
        return Path(self.results) / self.machine

    @property
    def sidecar(self) -> Path:
        """One outcome a line."""
        return self.directory / f"{self.stem}.outcomes.jsonl"

    @property
    def context(self) -> Path:
        """This value itself, in one line."""
        return self.directory / f"{self.stem}.run.jsonl"

    @property
    def check_file(self) -> Path:
        """The check that was made with this run, in one line."""
        return self.directory / f"{self.stem}.check.jsonl"

    @property
    def started_at(self) -> datetime:
        """When the run began, to the second."""
        return datetime.strptime(self.id.split("-")[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def begin(
    facts: Facts, results: Path, *, machine: str | None = None, size: str = "smoke", seed: int
) -> Run:
    """Name a new run and make its machine's folder.

    Args:
        facts: of this machine, for the fingerprint and for what a process may use.
        results: the results folder; created if it is missing.
        machine: a name chosen by the user; None: the slug of chip, cores and memory.
        size: what a plain `asv run` is to measure.
        seed: of the order of cells.

    Raises:
        UsageError: the machine's name cannot be the name of a folder.
    """
    name = machine or machine_slug(facts)
    if not MACHINE_NAME.fullmatch(name):
        raise UsageError(
            f"machine name {name!r}: use letters, digits, '.', '_' and '-', at most 64, "
            "beginning with a letter or digit"
        )
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    run = Run(
        id=f"{stamp}-{secrets.token_hex(3)}",
        machine=name,
        results=str(results.resolve()),
        fingerprint=fingerprint(facts),
        facts_digest=facts_digest(facts),
        seed=seed,
        size=size,
        threads=_threads(facts),
        memory_limit_bytes=_memory_limit(facts),
        apis=_apis(facts),
    )
    run.directory.mkdir(parents=True, exist_ok=True)
    save(run)
    return run


def save(run: Run) -> None:
    """Write the run's own file."""
    # Without the folder's own path: the file may be committed, and moved with its results.
    write_atomically(run.context, encode_line(msgspec.structs.replace(run, results="")))


def load(path: Path) -> Run:
    """The run whose own file this is.

    Raises:
        UsageError: it is no such file, or none that can be read.
    """
    run = decode(reading.whole(path), Run, where=str(path))
    return msgspec.structs.replace(run, results=str(path.resolve().parents[1]))


MEMORY_SHARE = 0.8
"""A cell may use this much of what the process may use; the rest is the system's."""


def _threads(facts: Facts) -> int | None:
    cores = facts.cpu.budget.cores
    return None if cores is None else max(1, int(cores))


def _memory_limit(facts: Facts) -> int | None:
    known = [b for b in (facts.memory.limit_bytes, facts.memory.total_bytes) if b is not None]
    return int(min(known) * MEMORY_SHARE) if known else None


def _apis(facts: Facts) -> tuple[str, ...] | None:
    if facts.accelerators is None:
        return None
    return tuple(sorted({a.api for a in facts.accelerators if a.api is not None}))


def current() -> Run | None:
    """The run that this process belongs to, if it belongs to one."""
    name = os.environ.get(VARIABLE)
    if not name:
        return None
    return load(Path(name))


def machine_description(facts: Facts, name: str) -> dict[str, object]:
    """ASV's `machine.json`: its six fields, honest ones, never the host name."""
    cpu = facts.cpu
    return {
        "machine": name,
        "os": f"{facts.host.system or platform.system()} {facts.host.os_version or ''}".strip(),
        "arch": facts.host.architecture or platform.machine(),
        "cpu": cpu.brand or cpu.vendor or "",
        "num_cpu": str(cpu.logical_cores or ""),
        "ram": str(facts.memory.total_bytes or ""),
        "version": 1,
    }

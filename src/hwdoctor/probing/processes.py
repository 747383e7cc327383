"""What processes there are, as far as the supervisor of a child must know.

Linux is read from /proc directly: the table is looked at many times a second while something is
being timed, and psutil costs 20 ms to import and several times as much per process. Everywhere
else psutil answers the same questions. A process that vanishes while it is looked at is normal,
never an error; a process that belongs to somebody else is never touched.
"""

import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

Key = tuple[int, float]
"""Process number and start time: numbers are used again, the pair is not."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One process as the table shows it."""

    pid: int
    started: float
    parent: int
    group: int
    session: int
    gone: bool
    """Dead and waiting to be reaped."""

    @property
    def key(self) -> Key:
        """What identifies the process for good."""
        return (self.pid, self.started)


class Table(Protocol):
    """How the supervisor asks the system."""

    def entry(self, pid: int) -> Entry | None:
        """One process, or None: there is none."""

    def entries(self) -> Iterator[Entry]:
        """Every process that can be seen."""

    def mentions(self, pid: int, token: str) -> bool:
        """Whether the environment the process was started with holds `token`."""

    def holds(self, pid: int, pipes: frozenset[str]) -> bool:
        """Whether the process has one of these pipes open (`pipe_name`)."""

    def resident(self, pid: int) -> tuple[int, int]:
        """Resident bytes now, and their highest value so far where the system keeps it."""


class ProcTable:
    """Linux: the files of /proc."""

    def __init__(self, root: Path = Path("/proc")) -> None:
        self._root = str(root)

    def entry(self, pid: int) -> Entry | None:
        try:
            with open(f"{self._root}/{pid}/stat", "rb") as file:  # noqa: PTH123 -- hot path
                text = file.read()
        except OSError:
            return None
        # The command name stands in parentheses and may itself hold blanks and parentheses.
        fields = text[text.rindex(b")") + 2 :].split()
        return Entry(
            pid=pid,
            started=float(fields[19]),
            parent=int(fields[1]),
            group=int(fields[2]),
            session=int(fields[3]),
            gone=fields[0] in (b"Z", b"X"),
        )

    def entries(self) -> Iterator[Entry]:
        # The youngest first: those are the ones that may be gone the next moment.
        names = os.listdir(self._root)  # noqa: PTH208 -- hot path
        for pid in sorted((int(name) for name in names if name.isdigit()), reverse=True):
            if (entry := self.entry(pid)) is not None:
                yield entry

    def mentions(self, pid: int, token: str) -> bool:
        try:
            with open(f"{self._root}/{pid}/environ", "rb") as file:  # noqa: PTH123 -- hot path
                return token.encode() in file.read()
        except OSError:
            return False

    def holds(self, pid: int, pipes: frozenset[str]) -> bool:
        directory = f"{self._root}/{pid}/fd"
        try:
            names = os.listdir(directory)  # noqa: PTH208 -- hot path
        except OSError:
            return False
        return any(_link(f"{directory}/{name}") in pipes for name in names)

    def resident(self, pid: int) -> tuple[int, int]:
        now = peak = 0
        try:
            with open(f"{self._root}/{pid}/status", "rb") as file:  # noqa: PTH123 -- hot path
                for line in file:
                    if line.startswith(b"VmHWM:"):
                        peak = int(line.split()[1]) * 1024
                    elif line.startswith(b"VmRSS:"):
                        return int(line.split()[1]) * 1024, peak
        except (OSError, ValueError, IndexError):
            return now, peak
        return now, peak


class PsutilTable:
    """Every other system: psutil, imported when the first child is started."""

    def entry(self, pid: int) -> Entry | None:
        import psutil

        try:
            process = psutil.Process(pid)
            with process.oneshot():
                return self._entry(process)
        except psutil.Error:
            return None

    def entries(self) -> Iterator[Entry]:
        import psutil

        for process in psutil.process_iter():
            try:
                yield self._entry(process)
            except (psutil.Error, OSError):
                continue

    @staticmethod
    def _entry(process: "psutil.Process") -> Entry:  # type: ignore[name-defined]  # noqa: F821
        import psutil

        group, session = _group_and_session(process.pid)
        return Entry(
            pid=process.pid,
            started=process.create_time(),
            parent=process.ppid(),
            group=group,
            session=session,
            gone=process.status() == psutil.STATUS_ZOMBIE,
        )

    def mentions(self, pid: int, token: str) -> bool:
        import psutil

        try:
            return any(token in value for value in psutil.Process(pid).environ().values())
        except (psutil.Error, OSError):
            return False

    def holds(self, pid: int, pipes: frozenset[str]) -> bool:  # noqa: ARG002 -- no such listing
        return False

    def resident(self, pid: int) -> tuple[int, int]:
        import psutil

        try:
            return int(psutil.Process(pid).memory_info().rss), 0
        except (psutil.Error, OSError):
            return 0, 0


@cache
def system_table() -> Table:
    """The table of the system this runs on."""
    return ProcTable() if sys.platform == "linux" else PsutilTable()


def pipe_name(descriptor: int) -> str | None:
    """How `Table.holds` calls the pipe behind a descriptor of ours, where it can be told."""
    return _link(f"/proc/self/fd/{descriptor}")


def send(pid: int, number: signal.Signals) -> None:
    """Send a signal; a process that is gone, or is not ours, is not an error."""
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def _link(path: str) -> str | None:
    try:
        return os.readlink(path)  # noqa: PTH115 -- hot path
    except OSError:
        return None


def _group_and_session(pid: int) -> tuple[int, int]:
    try:
        return os.getpgid(pid), os.getsid(pid)
    except OSError:
        return -1, -1

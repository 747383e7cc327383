"""A child and everything it started: who belongs to it, how much memory it has, its end.

A process belongs when its parent does, when it is in the child's process group or session, when
its environment carries the child's token (a daemon whose parents are gone), or, at the end, when
it still holds one of the child's pipes. Nothing else is ever signalled. Destroying is bounded in
sweeps and in time; whatever is found is stopped before anything is killed, because a process
that is stopped cannot start another one.
"""

import os
import signal
import time
from collections.abc import Iterator

from hwdoctor.probing.processes import Entry, Key, Table, send

SWEEPS = 200
SWEEP_SECONDS = 10.0
"""Destroying gives up after this long: something in an uninterruptible sleep cannot be killed."""
SWEEP_PAUSE_SECONDS = 0.0005
QUIET_SWEEPS = 2
"""A process may have been between two numbers when the table was read once."""
QUIET_SWEEPS_HELD = 20
"""The same while somebody still holds a pipe of the child, and so must be there."""


class Family:
    """The processes descended from one child, seen from outside."""

    def __init__(self, pid: int, token: str, table: Table) -> None:
        self._root = pid
        self._token = token
        self._table = table
        self._examined: set[Key] = set()
        self._members: dict[Key, Entry] = {}
        root = table.entry(pid)
        # A child that was reaped before it could be looked at started "now" for all we know.
        self._started = root.started if root is not None else float("inf")
        if root is not None:
            self._members[root.key] = root

    def look(self) -> None:
        """Bring the list of members up to date."""
        for _ in self._find(frozenset()):
            pass

    def pids(self) -> tuple[int, ...]:
        """Process ids of all members, as of the last look."""
        return tuple(pid for pid, _ in list(self._members))

    def resident(self) -> tuple[int, int]:
        """Resident bytes of all members, and the highest mark a single one is known to have."""
        total = highest = 0
        for pid, _ in list(self._members):
            now, peak = self._table.resident(pid)
            total += now
            highest = max(highest, peak)
        return total, max(total, highest)

    def destroy(self, pipes: frozenset[str] = frozenset()) -> int:
        """Kill every member that is still there.

        Args:
            pipes: names of the child's pipes that nobody should hold any more.

        Returns:
            How many processes other than the child itself had to be killed.
        """
        killed: set[Key] = set()
        give_up = time.monotonic() + SWEEP_SECONDS
        enough, quiet = QUIET_SWEEPS_HELD if pipes else QUIET_SWEEPS, 0
        for _ in range(SWEEPS):
            found = self._stop_all(pipes, give_up)
            for key in found:
                send(key[0], signal.SIGKILL)
            killed |= found
            quiet = 0 if found else quiet + 1
            if quiet == enough or time.monotonic() > give_up:
                break
            time.sleep(SWEEP_PAUSE_SECONDS)
        return sum(pid != self._root for pid, _ in killed)

    def _stop_all(self, pipes: frozenset[str], give_up: float) -> set[Key]:
        """Stop members until a whole pass finds no new one."""
        stopped: set[Key] = set()
        for _ in range(SWEEPS):
            fresh = False
            for entry in self._find(pipes):
                if entry.key not in stopped:
                    send(entry.pid, signal.SIGSTOP)
                    stopped.add(entry.key)
                    fresh = True
            if not fresh or time.monotonic() > give_up:
                break
        return stopped

    def _find(self, pipes: frozenset[str]) -> Iterator[Entry]:
        """Yield every live member as soon as it is recognised."""
        alive: dict[Key, Entry] = {}
        strangers: list[Entry] = []
        known = {pid for pid, _ in self._members}
        for entry in self._table.entries():
            if entry.key in self._members or self._recognise(entry, known, pipes):
                known.add(entry.pid)
                if not entry.gone:
                    alive[entry.key] = entry
                    yield entry
            elif entry.started >= self._started:
                strangers.append(entry)
        # Children may be listed before their parents.
        while adopted := [e for e in strangers if e.parent in known and not e.gone]:
            for entry in adopted:
                strangers.remove(entry)
                known.add(entry.pid)
                alive[entry.key] = entry
                yield entry
        self._members = alive

    def _recognise(self, entry: Entry, known: set[int], pipes: frozenset[str]) -> bool:
        if entry.started < self._started or entry.pid == os.getpid():
            return False
        if entry.parent in known or self._root in (entry.group, entry.session):
            return True
        if entry.key not in self._examined:
            self._examined.add(entry.key)
            if self._table.mentions(entry.pid, self._token):
                return True
        # A sibling that another thread is just starting holds copies of everything until it
        # executes its program; it is still our own child then, which no orphan is.
        return bool(pipes) and entry.parent != os.getpid() and self._table.holds(entry.pid, pipes)

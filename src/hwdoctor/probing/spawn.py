"""Runs a program that may do anything, and says what became of it.

Every framework is tried, and every workload timed, in a child of its own: it may abort,
segfault, hang, eat all memory, print megabytes or leave processes behind, and none of that may
reach the parent. `run` always returns within the time limit and a few seconds, with every
descendant of the child dead; where we are killed ourselves, a `Guard` sees to it. It imports no
framework, and must never raise for what a child does.

The child is told a descriptor of its own (`--fd N` at the end of its arguments) for JSON lines,
because banners of C libraries make stdout and stderr unusable for messages.
"""

import contextlib
import os
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from hwdoctor.probing import diagnosis
from hwdoctor.probing.family import Family
from hwdoctor.probing.guard import Guard, marked, new_token
from hwdoctor.probing.messages import Report, Tail
from hwdoctor.probing.processes import pipe_name, system_table
from hwdoctor.probing.streams import Streams

Status = Literal["finished", "timeout", "crashed", "out-of-memory", "garbage", "failed"]

TICK_SECONDS = 0.025
LOOK_SHARE = 0.02
"""Share of the time that listing processes may take: a machine may have thousands."""
EXIT_GRACE_SECONDS = 10.0
"""For a child that has said its last word to end by itself."""
DRAIN_SECONDS = 1.0
READS_AT_THE_END = 64
"""Several times what the pipes can hold; somebody who writes without end is not waited for."""
TRACE_POINTS = 200


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a child may use."""

    seconds: float
    memory_bytes: int | None = None


@dataclass(frozen=True, kw_only=True)
class Child:
    """What became of a child.

    `finished`: a final message arrived and the exit status is 0. `garbage`: the exit status is
    0, but no final message could be read. `failed`: it could not be started, or its exit status
    is not 0. A final message that did arrive is kept in `result` whatever happened after it.
    """

    status: Status
    result: dict[str, Any] | None = None
    stages: tuple[str, ...] = ()
    returncode: int | None = None
    signal: str | None = None
    stdout_tail: str = ""
    stderr_tail: str = ""
    seconds: float = 0.0
    peak_bytes: int | None = None
    """Highest resident memory of the child and its descendants together, seen from outside."""
    trace: tuple[tuple[float, int], ...] = ()
    """(seconds since the start, resident bytes), at most `TRACE_POINTS`."""
    leftovers: int = 0
    """Descendants that outlived the child and had to be killed."""


def run(
    argv: Sequence[str],
    *,
    limits: Limits,
    environment: Mapping[str, str] | None = None,
    stdin: bytes | None = None,
    cwd: Path | None = None,
    on_stage: Callable[[str], None] | None = None,
    on_look: Callable[[tuple[int, ...]], None] | None = None,
    cancel: threading.Event | None = None,
    meanwhile: Callable[[], None] | None = None,
) -> Child:
    """Run `argv` with `--fd N` appended and wait for its end, or bring it about.

    Args:
        argv: the program and its arguments.
        limits: deadline and memory limit of the child and its descendants together.
        environment: the complete environment; None: ours.
        stdin: what the child reads from its standard input; None: nothing.
        cwd: where it runs.
        on_stage: called in this thread for each stage the child announces.
        on_look: called in this thread, many times a second, with the process ids of the child
            and its descendants.
        cancel: when set, the child is killed and KeyboardInterrupt raised: a thread other than
            the main one never gets that exception by itself.
        meanwhile: called once in this thread when the child has been started. Nobody watches
            the child in that time, so it is for what takes less than the child.
    """
    token = new_token()
    with Guard(token) as guard:
        read, write = os.pipe()
        started = time.monotonic()
        try:
            process = subprocess.Popen(
                [*argv, "--fd", str(write)],
                stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=cwd,
                env=marked(environment, token),
                pass_fds=(write,),
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            os.close(read)
            return Child(status="failed", stderr_tail=f"could not be started: {error}")
        finally:
            os.close(write)
        guard.watch(process.pid)
        supervision = _Supervision(
            process,
            Streams(process, read, stdin),
            Family(process.pid, token, system_table()),
            limits=limits,
            started=started,
            on_look=on_look,
        )
        return supervision.run(on_stage, cancel, meanwhile)


class _Supervision:
    """One child from its start to its end."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        streams: Streams,
        family: Family,
        *,
        limits: Limits,
        started: float,
        on_look: Callable[[tuple[int, ...]], None] | None = None,
    ) -> None:
        self._process = process
        self._on_look = on_look
        self._streams = streams
        self._family = family
        self._limits = limits
        self._started = started
        if limits.memory_bytes is not None:
            diagnosis.limit_data(process.pid, limits.memory_bytes)
        self._kills_before = diagnosis.oom_kills()
        self._report = Report()
        self._stdout, self._stderr = Tail(), Tail()
        self._trace: list[tuple[float, int]] = []
        self._peak = 0
        self._next_look = self._next_sample = 0.0
        self._deadline = started + limits.seconds
        self._ended_by: Status | None = None

    def run(
        self,
        on_stage: Callable[[str], None] | None,
        cancel: threading.Event | None,
        meanwhile: Callable[[], None] | None = None,
    ) -> Child:
        """Supervise; whatever happens in here, nothing of the child survives it."""
        try:
            if meanwhile is not None:
                meanwhile()
            self._watch(on_stage, cancel)
        finally:
            leftovers = self._end()
        self._report.finish()
        return self._child(leftovers)

    def _watch(
        self, on_stage: Callable[[str], None] | None, cancel: threading.Event | None
    ) -> None:
        while self._process.poll() is None:
            self._sample()
            self._ended_by = self._limit_exceeded()
            if self._ended_by is not None:
                return
            if cancel is not None and cancel.is_set():
                raise KeyboardInterrupt
            for stage in self._receive(TICK_SECONDS):
                if on_stage is not None:
                    on_stage(stage)

    def _receive(self, seconds: float) -> list[str]:
        """Wait for output, for the child's end once nothing can come any more, or `seconds`."""
        if not self._streams.open:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=seconds)
            return []
        stages: list[str] = []
        said_all = self._report.final is not None
        for name, data in self._streams.read(seconds):
            if name == "report":
                stages += self._report.feed(data)
            else:
                (self._stdout if name == "stdout" else self._stderr).feed(data)
        if self._report.final is not None and not said_all:
            self._deadline = min(self._deadline, time.monotonic() + EXIT_GRACE_SECONDS)
        return stages

    def _sample(self) -> None:
        now = time.monotonic()
        if now >= self._next_look:
            self._family.look()
            cost = time.monotonic() - now
            self._next_look = now + max(TICK_SECONDS, cost / LOOK_SHARE)
            if self._on_look is not None:
                self._on_look(self._family.pids())
        if now >= self._next_sample:
            resident, highest = self._family.resident()
            self._peak = max(self._peak, highest)
            self._trace.append((now - self._started, resident))
            self._next_sample = now + TICK_SECONDS

    def _limit_exceeded(self) -> Status | None:
        limit = self._limits.memory_bytes
        if limit is not None and self._trace and self._trace[-1][1] > limit:
            return "out-of-memory"
        if self._report.overflow:
            return "garbage"
        return "timeout" if time.monotonic() > self._deadline else None

    def _take_in(self) -> None:
        """Read what is in the pipes already, so that those that nobody holds any more are known.

        As long as one may be held, whoever holds it is looked for a good while.
        """
        for _ in range(READS_AT_THE_END):
            if not (self._streams.open and self._streams.ready):
                return
            self._receive(0)

    def _end(self) -> int:
        """Kill what is left, take in what was still in the pipes, reap the child."""
        try:
            pipes = frozenset(filter(None, map(pipe_name, self._streams.descriptors())))
            self._take_in()
            leftovers = self._family.destroy(pipes if self._streams.open else frozenset())
            give_up = time.monotonic() + DRAIN_SECONDS
            while self._streams.open and time.monotonic() < give_up:
                self._receive(TICK_SECONDS)
        finally:
            self._streams.close()
            self._process.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=DRAIN_SECONDS)
        return leftovers

    def _child(self, leftovers: int) -> Child:
        stderr = self._stderr.text()
        died_of_memory = diagnosis.died_of_memory(
            self._process.returncode, stderr, self._limits.memory_bytes, self._kills_before
        )
        return Child(
            status=self._ended_by or self._verdict(died_of_memory=died_of_memory),
            result=self._report.final,
            stages=tuple(self._report.stages),
            returncode=self._process.returncode,
            signal=None if self._ended_by else diagnosis.signal_name(self._process.returncode),
            stdout_tail=self._stdout.text(),
            stderr_tail=stderr,
            seconds=time.monotonic() - self._started,
            peak_bytes=self._peak or None,
            trace=_thinned(self._trace),
            leftovers=leftovers,
        )

    def _verdict(self, *, died_of_memory: bool) -> Status:
        code = self._process.returncode
        if code == 0:
            return "garbage" if self._report.final is None else "finished"
        if died_of_memory:
            return "out-of-memory"
        return "crashed" if code is not None and code < 0 else "failed"


def _thinned(trace: list[tuple[float, int]]) -> tuple[tuple[float, int], ...]:
    """Evenly chosen points, the last one always among them."""
    if len(trace) <= TRACE_POINTS:
        return tuple(trace)
    step = (len(trace) - 1) / (TRACE_POINTS - 1)
    return tuple(trace[round(index * step)] for index in range(TRACE_POINTS))

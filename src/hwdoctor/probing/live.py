"""This machine, now: run the probes and interpret what they say.

The host probe's output is a recording like any other, so a live check takes the same way as a
replay. Backend probes run concurrently within the core budget, each in a process of its own, and
again without the operation that killed one; no framework is ever imported in here.
"""

import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hwdoctor.probing import collector, locate, spawn
from hwdoctor.probing.spawn import Limits

# Imported in functions, when the collector is at work: `collector` tells why.
if TYPE_CHECKING:
    from hwdoctor.model import BackendFacts, Facts, Recording

BACKENDS = ("numpy", "numba", "jax", "torch", "mlx")
_SLOWEST_FIRST = ("jax", "numba", "torch", "numpy", "mlx")
_ON_ACCELERATORS = ("jax", "torch", "mlx")
MOST_ATTEMPTS = 4
MEMORY_FLOOR_BYTES = 4 << 30
"""Thread stacks and buffers of a 128-core machine need this much before anything is computed."""

Progress = Callable[[str], None]


def record(python: Path | None = None) -> "Recording":
    """The raw outputs of this machine, and of another interpreter on it.

    Raises:
        CouldNotAssess: the collector itself failed.
        UsageError: `python` is no interpreter.
    """
    return collector.collect(python).recording


def facts(
    level: int,
    *,
    python: Path | None = None,
    timeout_seconds: float = 60.0,
    on_progress: Progress | None = None,
    meanwhile: Callable[[], None] | None = None,
) -> "Facts":
    """What this machine is; from level 1 on, also what its backends do.

    Args:
        level: 0 looks only; 1 exercises every installed backend; 2 and 3 sweep more sizes.
        python: the interpreter to judge; None: hwdoctor's own.
        timeout_seconds: for each probe.
        on_progress: told in words what is going on.
        meanwhile: called while the collector is at work, for what the caller needs next.

    Raises:
        CouldNotAssess: the machine could not be looked at.
        UsageError: `python` is no interpreter.
    """
    recorded = collector.collect(python, meanwhile)
    from hwdoctor.probing.interpret import facts_of

    seen = facts_of(recorded.recording)
    if level < 1:
        return seen
    import msgspec

    run = _Run(
        python=python or Path(sys.executable),
        level=level,
        timeout_seconds=timeout_seconds,
        memory_bytes=_memory_limit(seen),
        say=_serialised(on_progress),
        device=threading.Lock() if seen.accelerators else nullcontext(),
    )
    backends = _probe_all(run, recorded.importable, workers=_workers(seen))
    return msgspec.structs.replace(seen, backends=backends)


def _memory_limit(seen: "Facts") -> int:
    """Half of what this process may use: a probe needs a fraction of that."""
    memory = seen.memory
    usable = min(n for n in (memory.total_bytes, memory.limit_bytes, 1 << 40) if n is not None)
    return max(MEMORY_FLOOR_BYTES, min(usable // 2, 64 << 30))


def _workers(seen: "Facts") -> int:
    return max(1, int(seen.cpu.budget.cores or seen.cpu.logical_cores or 1))


def _serialised(on_progress: Progress | None) -> Progress:
    """Callers need not be thread-safe."""
    lock = threading.Lock()

    def say(text: str) -> None:
        if on_progress is not None:
            with lock:
                on_progress(text)

    return say


@dataclass(frozen=True)
class _Run:
    """What all backend probes of one check have in common."""

    python: Path
    level: int
    timeout_seconds: float
    memory_bytes: int
    say: Progress
    device: AbstractContextManager[object]
    """Held by whoever may use an accelerator: two frameworks would fight for its memory."""
    cancel: threading.Event = field(default_factory=threading.Event)


def _probe_all(
    run: _Run, importable: frozenset[str], *, workers: int
) -> "tuple[BackendFacts, ...]":
    from concurrent.futures import ThreadPoolExecutor  # not needed at level 0, and slow to load

    from hwdoctor.model import BackendFacts

    with ThreadPoolExecutor(workers) as pool:
        try:
            futures = {
                name: pool.submit(_probe, run, name)
                for name in _SLOWEST_FIRST
                if name in importable
            }
            found = {name: future.result() for name, future in futures.items()}
        except BaseException:
            # Ctrl-C reaches the main thread only; the others are told in this way.
            run.cancel.set()
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return tuple(found.get(n) or BackendFacts(name=n, status="missing") for n in BACKENDS)


def _probe(run: _Run, name: str) -> "BackendFacts":
    """Probe one backend; after a death, again without the operation that it died in."""
    from hwdoctor.probing import answers

    attempts: list[BackendFacts] = []
    skip: list[str] = []
    with run.device if name in _ON_ACCELERATORS else nullcontext():
        while len(attempts) < MOST_ATTEMPTS:
            attempts.append(_attempt(run, name, skip, attempt=len(attempts)))
            guilty = answers.guilty_operation(attempts[-1])
            if guilty is None:
                break
            skip.append(guilty)
            if [facts.status for facts in attempts].count("timeout") > 1:
                break
    run.say(f"{name}: {attempts[0].status}")
    return answers.joined(attempts)


def _attempt(run: _Run, name: str, skip: list[str], *, attempt: int) -> "BackendFacts":
    from hwdoctor.probing import answers

    argv = [str(run.python), str(locate.probe(f"probe_{name}")), "--level", str(run.level)]
    if skip:
        argv += ["--skip", ",".join(skip)]
    child = spawn.run(
        argv,
        limits=Limits(
            seconds=run.timeout_seconds / (2 if attempt else 1), memory_bytes=run.memory_bytes
        ),
        on_stage=lambda stage: run.say(f"{name}: {stage}"),
        cancel=run.cancel,
    )
    return answers.backend_facts(name, child)

"""Looks at the machine while a worker is measuring, from threads that nobody waits for.

Readings before and after a cell miss what comes and goes, and a GPU is idle again by then. A
thread looks at processor time, another at the GPU: NVML may hang with a broken driver, and then
the deadline of the cell must hold all the same. What happens before and after the samples are
taken is told from what disturbs them by the stages that the worker announces.
"""

import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Self

from hwdoctor.measure.foreign import ForeignLoad
from hwdoctor.measure.gpu_watch import GpuSeen, GpuWatch

PERIOD_SECONDS = 0.25
END_SECONDS = 2.0
"""A look takes milliseconds; a thread that hangs in a driver is left behind."""
LEAST_SPAN_SECONDS = 0.5
"""Of quick samples, the time right before them is looked at too: processor time is counted in
hundredths of a second."""
SAMPLING_STAGE = "sample"
NOTHING_SEEN = GpuSeen()


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What was seen during one cell."""

    foreign_cpu_cores_worst: float | None = None
    gpu: GpuSeen = NOTHING_SEEN


class Watch:
    """From its `with` statement's beginning to its end, then `seen()`.

    Args:
        open_gpu: finds the GPU that the cell computes on; called in a thread. None: there is
            none to look at.
        load: where the readings of processor time are gathered.
        clock: seconds, the same clock as the readings'.
    """

    def __init__(
        self,
        open_gpu: Callable[[], GpuWatch | None] | None = None,
        *,
        load: ForeignLoad | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._load = load or ForeignLoad()
        self._open_gpu = open_gpu
        self._gpu: GpuWatch | None = None
        self._clock = clock
        self._own: Collection[int] = ()
        self._sampling: list[float] = []
        """When sampling began and, if it has, when it ended."""
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        """Begin to look."""
        looks = [self._watch_load]
        if self._open_gpu is not None:
            looks.append(self._watch_gpu)
        self._threads = [threading.Thread(target=look, daemon=True) for look in looks]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Look no more."""
        self._over.set()
        give_up = self._clock() + END_SECONDS
        for thread in self._threads:
            thread.join(timeout=max(0.0, give_up - self._clock()))

    def members(self, pids: Collection[int]) -> None:
        """Take note of the worker and its descendants (`spawn.run(on_look=...)`)."""
        self._own = tuple(pids)

    def stage(self, name: str) -> None:
        """Take note of the worker's stage (`spawn.run(on_stage=...)`)."""
        # Both ends of the samples have a reading of their own, between the two moments.
        if name == SAMPLING_STAGE and not self._sampling:
            self._sampling.append(self._clock())
            self.look()
        elif name != SAMPLING_STAGE and len(self._sampling) == 1:
            self.look()
            self._sampling.append(self._clock())

    def look(self) -> None:
        """Read processor time now."""
        self._load.look(self._own)

    def seen(self) -> Seen:
        """What was seen; nothing is known of samples that were never taken."""
        worst = None
        if self._sampling:
            began, *ended = self._sampling
            until = ended[0] if ended else self._clock()
            worst = self._load.worst(min(began, until - LEAST_SPAN_SECONDS), until)
        return Seen(
            foreign_cpu_cores_worst=None if worst is None else round(worst, 3),
            gpu=self._gpu.seen() if self._gpu is not None else NOTHING_SEEN,
        )

    def _watch_load(self) -> None:
        self.look()
        while not self._over.wait(PERIOD_SECONDS):
            self.look()

    def _watch_gpu(self) -> None:
        assert self._open_gpu is not None
        gpu = self._open_gpu()
        if gpu is None:
            return
        self._gpu = gpu
        while not self._over.is_set():
            gpu.look(self._own, sampling=len(self._sampling) == 1)
            self._over.wait(PERIOD_SECONDS)
        gpu.close()

"""Advice: what follows from facts for whoever sizes thread pools, worker pools and batches.

Every number comes with its reason, and where a fact is missing there is a reason and no number.
"""

from typing import Literal

from hwdoctor.model.codec import Document


class Advised(Document, frozen=True, kw_only=True):
    """One number, and why it is this one or why there is none."""

    value: int | None = None
    reason: str


class DeviceAdvice(Document, frozen=True, kw_only=True):
    """What a process may ask of one accelerator."""

    kind: Literal["gpu", "tpu", "npu"]
    name: str | None = None
    index: int | None = None
    memory_bytes: Advised
    batch_size: Advised


class Advice(Document, frozen=True, kw_only=True):
    """What one program may use of a machine, when it is alone there."""

    threads: Advised
    """Of one pool whose threads wait for each other: BLAS, OpenMP, Numba, torch."""
    workers: Advised
    """Processes that do not wait for each other, with one thread each."""
    memory_bytes: Advised
    """Main memory, for all processes together."""
    worker_memory_bytes: Advised
    """Main memory for each of the workers."""
    batch_size: Advised
    """Samples that one process may hold in main memory at a time."""
    devices: tuple[DeviceAdvice, ...] = ()
    """GPUs and TPUs; a neural engine has no memory of its own that anyone could plan."""

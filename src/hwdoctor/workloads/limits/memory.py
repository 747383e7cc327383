"""How fast memory is read and written, and how fast arrays come to a device and back.

Bytes are counted as the program sees them (J. D. McCalpin's convention for STREAM,
https://www.cs.virginia.edu/stream/ref.html): a CPU whose stores first read the line they
overwrite moves half as much again for a copy, which is the machine's cost, not the program's work.
"""

from hwdoctor.model import Precision
from hwdoctor.workloads.base import Task, Tolerance
from hwdoctor.workloads.limits.reference import (
    copied,
    copy_inputs,
    triad_inputs,
    triad_result,
)

# A copy is exact. Any limit below the spacing of the values says so; it is not zero because an
# error is also reported as a share of its limit.
EXACT = 1e-30
VERIFIED_ELEMENTS = 1 << 20

# Two roundings of the kernel (or one, with a fused multiply-add), and two of the float64
# reference: each at most half a unit in the last place, that is the unit roundoff u times
# |b| + |s c|. Another scalar, or float32 passed off as float64, is off by millions of that.
ROUNDINGS = 4.0
TRIAD_LIMITS: dict[Precision, float] = {
    "float64": ROUNDINGS * 2.0**-53,
    "float32": ROUNDINGS * 2.0**-24,
    "bfloat16": ROUNDINGS * 2.0**-8,
}

# A transfer moves bytes, whatever they mean; bfloat16, which NumPy does not have, would need a
# conversion on the way, and that would be measured too.
TRANSFERRED = Tolerance(limits={"float64": EXACT, "float32": EXACT})
NO_TRANSFER = {"cpu": "the CPU's memory is the host's: nothing is transferred"}


def _verified(items: int) -> int:
    return min(items, VERIFIED_ELEMENTS)


def _streams(arrays: int, items: int, itemsize: int) -> float:
    return float(arrays) * items * itemsize


def _copied_bytes(items: int, itemsize: int) -> float:
    return _streams(2, items, itemsize)


def _triad_bytes(items: int, itemsize: int) -> float:
    return _streams(3, items, itemsize)


def _transferred_bytes(items: int, itemsize: int) -> float:
    """Once: they leave one memory and enter another."""
    return _streams(1, items, itemsize)


COPY = Task(
    name="copy",
    inputs=copy_inputs,
    reference=copied,
    tolerances={
        "target": Tolerance(limits={"float64": EXACT, "float32": EXACT, "bfloat16": EXACT})
    },
    unit="bytes/s",
    work=_copied_bytes,
    bytes_moved=_copied_bytes,
    sample=_verified,
)

TRIAD = Task(
    name="triad",
    inputs=triad_inputs,
    reference=triad_result,
    tolerances={"a": Tolerance(limits=TRIAD_LIMITS, unit="of |b| + |s c|", scale="magnitude")},
    unit="bytes/s",
    work=_triad_bytes,
    flops=lambda items: 2.0 * items,
    bytes_moved=_triad_bytes,
    sample=_verified,
    first_look=False,
)

HOST_TO_DEVICE = Task(
    name="host_to_device",
    inputs=copy_inputs,
    reference=copied,
    tolerances={"target": TRANSFERRED},
    unit="bytes/s",
    work=_transferred_bytes,
    bytes_moved=_transferred_bytes,
    sample=_verified,
    on_host=frozenset({"source"}),
    skipped_on=NO_TRANSFER,
    first_look=False,
)

DEVICE_TO_HOST = Task(
    name="device_to_host",
    inputs=copy_inputs,
    reference=copied,
    tolerances={"target": TRANSFERRED},
    unit="bytes/s",
    work=_transferred_bytes,
    bytes_moved=_transferred_bytes,
    sample=_verified,
    on_host=frozenset({"target"}),
    skipped_on=NO_TRANSFER,
    first_look=False,
)

"""The machine's own ceilings, per backend: memory, arithmetic, functions, and the way to a device.

Other workloads are shown as a share of these figures, and two machines' results are normalised
by them. So nothing clever may happen in here: a kernel is the plain best call of its framework,
and where a framework has none, there is no kernel rather than a loop in Python.

Which task is the ceiling of what is decided where shares are computed; sizes and tolerances,
with their reasons, stand beside the tasks.
"""

from hwdoctor.workloads.base import Workload
from hwdoctor.workloads.limits.functions import ERF, EXP, LOG
from hwdoctor.workloads.limits.memory import COPY, DEVICE_TO_HOST, HOST_TO_DEVICE, TRIAD
from hwdoctor.workloads.limits.product import MATRIX_PRODUCT

__all__ = [
    "COPY",
    "DEVICE_TO_HOST",
    "ERF",
    "EXP",
    "HOST_TO_DEVICE",
    "LOG",
    "MATRIX_PRODUCT",
    "TRIAD",
    "WORKLOAD",
]

WORKLOAD = Workload(
    name="limits",
    version="1",
    summary="bandwidth, matrix product, exp, log, erf and transfers: the machine's ceilings",
    tasks=(COPY, MATRIX_PRODUCT, TRIAD, EXP, LOG, ERF, HOST_TO_DEVICE, DEVICE_TO_HOST),
    # Of arrays that are streamed. 32 Mi float64 are 256 MiB each, far beyond the last-level
    # cache; the smoke size is for tests and may stay inside a large one.
    sizes={"smoke": 4 << 20, "small": 32 << 20, "full": 64 << 20},
    precisions=("float64", "float32", "bfloat16"),
    kernels="hwdoctor.workloads.limits",
    labels={"role": "calibration"},
)

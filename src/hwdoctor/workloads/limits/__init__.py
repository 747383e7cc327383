"""The machine's own ceilings, per backend: how fast memory is copied, how fast matrices multiply.

Other workloads are shown as a share of these figures, and two machines' results are normalised
by them. So nothing clever may happen in here: a kernel is the plain best call of its framework.

Sizes. A copy works on arrays far beyond the last-level cache (32 Mi float64 are 256 MiB, twice:
source and target); the smoke size is for tests and may stay inside a large cache. A product of
1536 x 1536 reaches the plateau of a CPU, 4096 x 4096 that of most GPUs.
"""

from hwdoctor.workloads.base import Task, Tolerance, Workload
from hwdoctor.workloads.limits.reference import (
    copied,
    copy_inputs,
    product,
    product_inputs,
)

# A copy is exact. Any limit below the spacing of the values says so; it is not zero because an
# error is also reported as a share of its limit.
EXACT = 1e-30
VERIFIED_ELEMENTS = 1 << 20


def _copied_bytes(items: int, itemsize: int) -> float:
    """What the program reads and writes.

    A CPU whose stores first read the line they overwrite moves half as much again: that is the
    machine's cost, not the program's work.
    """
    return 2.0 * items * itemsize


def _product_flops(n: int, itemsize: int = 0) -> float:  # noqa: ARG001 -- serves as `work` too
    return 2.0 * n**3


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
    sample=lambda items: min(items, VERIFIED_ELEMENTS),
)

# The error of one element over the product of the norms of its row and its column.
#
# For factors that are random with zero mean, rounding errors of a sum of K products stay within
# a small multiple of the unit roundoff u, whatever K and whatever the order of summation
# (N. J. Higham and T. Mary, Sharper probabilistic backward error analysis for basic linear
# algebra kernels with random data, SIAM J. Sci. Comput. 42 (2020), A3427). Sixteen u leave room
# for the largest of millions of elements; a product whose factors were rounded to TF32 (11 bits)
# or float32 on the way is off by a hundred times that and more.
#
# bfloat16: the sums must be kept in float32. Then the result's own rounding is all that is
# seen, at most u of an element, which is at most the product of the norms. Sums kept in bfloat16
# miss it.
PRODUCT_TOLERANCE = Tolerance(
    limits={"float64": 16 * 2.0**-53, "float32": 16 * 2.0**-24, "bfloat16": 2.0**-8},
    unit="of |row| |column|",
    scale="norms",
)

MATRIX_PRODUCT = Task(
    name="matrix_product",
    inputs=product_inputs,
    reference=product,
    tolerances={"product": PRODUCT_TOLERANCE},
    unit="flop/s",
    work=_product_flops,
    flops=_product_flops,
    bytes_moved=lambda n, itemsize: 3.0 * n**2 * itemsize,
    sizes={"smoke": 256, "small": 1536, "full": 4096},
)

WORKLOAD = Workload(
    name="limits",
    version="1",
    summary="copy bandwidth and square matrix product: the machine's ceilings per backend",
    tasks=(COPY, MATRIX_PRODUCT),
    sizes={"smoke": 4 << 20, "small": 32 << 20, "full": 64 << 20},
    precisions=("float64", "float32", "bfloat16"),
    kernels="hwdoctor.workloads.limits",
    labels={"role": "calibration"},
)

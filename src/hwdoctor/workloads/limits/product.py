"""How fast matrices multiply: the ceiling of arithmetic, per precision.

A product of 1536 x 1536 reaches the plateau of a CPU, 4096 x 4096 that of most GPUs.
"""

from hwdoctor.workloads.base import Task, Tolerance
from hwdoctor.workloads.limits.reference import product, product_inputs


def _flops(n: int, itemsize: int = 0) -> float:  # noqa: ARG001 -- serves as `work` too
    return 2.0 * n**3


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
    work=_flops,
    flops=_flops,
    bytes_moved=lambda n, itemsize: 3.0 * n**2 * itemsize,
    sizes={"smoke": 256, "small": 1536, "full": 4096},
)

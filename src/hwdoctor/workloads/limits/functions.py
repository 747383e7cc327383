"""How fast exp, log and erf are: a framework's own function over an array, elements per second.

Sizes. A million float64 values, in and out, are 16 MiB: the arrays stay in most last-level
caches, so that a CPU's figure is the function's. The full size, for GPUs, is beyond them: there
the share of the bandwidth limit tells when memory is what is measured.

Accuracy. A value is right if it is near the function's value at an argument near the one given:
its error is at most c u (|f(x)| + |x f'(x)|), u the unit roundoff. So an exp that reduces its
argument in the precision it has is accepted (on TPUs it is off by 116 units in the last place,
where x is 80: https://docs.jax.dev/en/latest/accuracy.html), one that was computed in less is
not. The error of erf counts against one, for that is what erf is added to: a normal
distribution good to 1.5e-7 is good enough for float32, and a hundred million times outside
float64.
"""

from collections.abc import Callable

from hwdoctor.model import Precision
from hwdoctor.workloads.base import HostArrays, Task, Tolerance
from hwdoctor.workloads.limits.reference import (
    erf_inputs,
    erf_values,
    exp_inputs,
    exp_values,
    log_inputs,
    log_values,
)

# exp, log: four units in the last place, 8 u. NumPy's vector loops in float32 use up most of
# that: 2.52 units in exp, 3.83 in log (numpy/_core/src/umath/loops_exponent_log.dispatch.c.src).
# erf: 16 u of one. OpenCL C allows sixteen units in single precision (section "Relative error as
# ULPs"), and XLA's rational approximation takes 8.5 of them (the page above). bfloat16: one unit,
# so that a value which was rounded to the other side passes.
FUNCTION_LIMITS: dict[Precision, float] = {
    "float64": 8 * 2.0**-53,
    "float32": 8 * 2.0**-24,
    "bfloat16": 2 * 2.0**-8,
}
ERF_LIMITS: dict[Precision, float] = {
    "float64": 16 * 2.0**-53,
    "float32": 16 * 2.0**-24,
    "bfloat16": 2.0**-8,
}

VERIFIED_VALUES = 1 << 16
"""The reference is one call of `math.exp` and its like per value, in Python: 10 ms."""


def _function(
    name: str,
    inputs: Callable[[int, int], HostArrays],
    reference: Callable[[HostArrays], HostArrays],
    tolerance: Tolerance,
) -> Task:
    return Task(
        name=name,
        inputs=inputs,
        reference=reference,
        tolerances={"y": tolerance},
        unit="elements/s",
        bytes_moved=lambda items, itemsize: 2.0 * items * itemsize,
        sample=lambda items: min(items, VERIFIED_VALUES),
        sizes={"smoke": 1 << 16, "small": 1 << 20, "full": 1 << 24},
        first_look=False,
    )


EXP = _function(
    "exp",
    exp_inputs,
    exp_values,
    Tolerance(limits=FUNCTION_LIMITS, unit="of exp(x) (1 + |x|)", scale="sensitivity"),
)
LOG = _function(
    "log",
    log_inputs,
    log_values,
    Tolerance(limits=FUNCTION_LIMITS, unit="of |log x| + 1", scale="sensitivity"),
)
ERF = _function("erf", erf_inputs, erf_values, Tolerance(limits=ERF_LIMITS))

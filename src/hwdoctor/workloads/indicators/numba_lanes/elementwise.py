"""Operations on single bars. A truth value is 1 or 0.

Every function goes over a chunk: `bars` rows of eight from addresses `a`, `b`, `c`, whose steps
are a row's bytes, or 0 where the operand is a constant.
"""

from typing import Any

from numba import njit

from hwdoctor.workloads.indicators.numba_lanes.functions import arctan, sine
from hwdoctor.workloads.indicators.numba_lanes.memory import get, put
from hwdoctor.workloads.indicators.numba_lanes.vector import (
    ROW_BYTES,
    absolute,
    root,
    splat,
    truncated,
    where,
)

compiled = njit(error_model="numpy")
"""Parts of the machine, which is what is kept on disk."""
Number = Any


@compiled  # type: ignore[untyped-decorator]
def add(out: int, a: int, sa: int, b: int, sb: int, bars: int) -> None:
    """See the module."""
    for i in range(bars):
        put(out + i * ROW_BYTES, get(a + i * sa) + get(b + i * sb))


@compiled  # type: ignore[untyped-decorator]
def subtract(out: int, a: int, sa: int, b: int, sb: int, bars: int) -> None:
    """See the module."""
    for i in range(bars):
        put(out + i * ROW_BYTES, get(a + i * sa) - get(b + i * sb))


@compiled  # type: ignore[untyped-decorator]
def multiply(out: int, a: int, sa: int, b: int, sb: int, bars: int) -> None:
    """See the module."""
    for i in range(bars):
        put(out + i * ROW_BYTES, get(a + i * sa) * get(b + i * sb))


@compiled  # type: ignore[untyped-decorator]
def divide(out: int, a: int, sa: int, b: int, sb: int, bars: int) -> None:
    """See the module."""
    for i in range(bars):
        put(out + i * ROW_BYTES, get(a + i * sa) / get(b + i * sb))


@compiled  # type: ignore[untyped-decorator]
def ratio(
    out: int, a: int, sa: int, b: int, sb: int, c: int, sc: int, scale: float, bars: int
) -> None:
    """Quotient of a and b, times `scale`; c where b is zero."""
    for i in range(bars):
        divisor = get(b + i * sb)
        found = get(a + i * sa) / divisor * scale
        put(out + i * ROW_BYTES, where(divisor == 0.0, get(c + i * sc), found))


@compiled  # type: ignore[untyped-decorator]
def maximum(out: int, a: int, sa: int, b: int, sb: int, bars: int) -> None:
    """See the module."""
    for i in range(bars):
        x, y = get(a + i * sa), get(b + i * sb)
        put(out + i * ROW_BYTES, where(x > y, x, y))


@compiled  # type: ignore[untyped-decorator]
def minimum(out: int, a: int, sa: int, b: int, sb: int, bars: int) -> None:
    """See the module."""
    for i in range(bars):
        x, y = get(a + i * sa), get(b + i * sb)
        put(out + i * ROW_BYTES, where(x < y, x, y))


@compiled  # type: ignore[untyped-decorator]
def magnitude(out: int, a: int, sa: int, bars: int) -> None:
    """See the module."""
    for i in range(bars):
        put(out + i * ROW_BYTES, absolute(get(a + i * sa)))


@compiled  # type: ignore[untyped-decorator]
def square_root(out: int, a: int, sa: int, bars: int) -> None:
    """See the module."""
    for i in range(bars):
        put(out + i * ROW_BYTES, root(get(a + i * sa)))


@compiled  # type: ignore[untyped-decorator]
def angle(out: int, a: int, sa: int, bars: int) -> None:
    """Arc tangent in radians."""
    for i in range(bars):
        put(out + i * ROW_BYTES, arctan(get(a + i * sa)))


@compiled  # type: ignore[untyped-decorator]
def sine_of(out: int, a: int, sa: int, bars: int) -> None:
    """Sine of radians."""
    for i in range(bars):
        put(out + i * ROW_BYTES, sine(get(a + i * sa)))


@compiled  # type: ignore[untyped-decorator]
def whole(out: int, a: int, sa: int, bars: int) -> None:
    """Without what follows the point."""
    for i in range(bars):
        put(out + i * ROW_BYTES, truncated(get(a + i * sa)))


@compiled  # type: ignore[untyped-decorator]
def less(out: int, a: int, sa: int, b: int, sb: int, bars: int) -> None:
    """See the module."""
    one, zero = splat(1.0), splat(0.0)
    for i in range(bars):
        put(out + i * ROW_BYTES, where(get(a + i * sa) < get(b + i * sb), one, zero))


@compiled  # type: ignore[untyped-decorator]
def less_equal(out: int, a: int, sa: int, b: int, sb: int, bars: int) -> None:
    """See the module."""
    one, zero = splat(1.0), splat(0.0)
    for i in range(bars):
        put(out + i * ROW_BYTES, where(get(a + i * sa) <= get(b + i * sb), one, zero))


@compiled  # type: ignore[untyped-decorator]
def equal(out: int, a: int, sa: int, b: int, sb: int, bars: int) -> None:
    """See the module."""
    one, zero = splat(1.0), splat(0.0)
    for i in range(bars):
        put(out + i * ROW_BYTES, where(get(a + i * sa) == get(b + i * sb), one, zero))


@compiled  # type: ignore[untyped-decorator]
def both(out: int, a: int, sa: int, b: int, sb: int, bars: int) -> None:
    """Truth values."""
    one, zero = splat(1.0), splat(0.0)
    for i in range(bars):
        true = (get(a + i * sa) != 0.0) & (get(b + i * sb) != 0.0)
        put(out + i * ROW_BYTES, where(true, one, zero))


@compiled  # type: ignore[untyped-decorator]
def either(out: int, a: int, sa: int, b: int, sb: int, bars: int) -> None:
    """Truth values."""
    one, zero = splat(1.0), splat(0.0)
    for i in range(bars):
        true = (get(a + i * sa) != 0.0) | (get(b + i * sb) != 0.0)
        put(out + i * ROW_BYTES, where(true, one, zero))


@compiled  # type: ignore[untyped-decorator]
def opposite(out: int, a: int, sa: int, bars: int) -> None:
    """Of a truth value."""
    one, zero = splat(1.0), splat(0.0)
    for i in range(bars):
        put(out + i * ROW_BYTES, where(get(a + i * sa) == 0.0, one, zero))


@compiled  # type: ignore[untyped-decorator]
def chosen(out: int, a: int, sa: int, b: int, sb: int, c: int, sc: int, bars: int) -> None:
    """Take b where a is true, else c."""
    for i in range(bars):
        true = get(a + i * sa) != 0.0
        put(out + i * ROW_BYTES, where(true, get(b + i * sb), get(c + i * sc)))


@compiled  # type: ignore[untyped-decorator]
def first_then(out: int, a: int, sa: int, b: int, sb: int, change: int, bars: int) -> None:
    """Take a up to the row `change` of the chunk, from there on b."""
    for i in range(bars):
        if i < change:
            put(out + i * ROW_BYTES, get(a + i * sa))
        else:
            put(out + i * ROW_BYTES, get(b + i * sb))

"""Operations in which a bar depends on the result of the bar before, side by side for 8 symbols.

State: the last result. `t` is the first bar of the chunk, `first` that of the operand.
"""

from hwdoctor.workloads.indicators.numba_lanes.elementwise import compiled
from hwdoctor.workloads.indicators.numba_lanes.memory import get, put
from hwdoctor.workloads.indicators.numba_lanes.vector import ROW_BYTES, multiply_add, splat


@compiled  # type: ignore[untyped-decorator]
def head_sum(out: int, a: int, sa: int, first: int, state: int, t: int, bars: int) -> None:
    """Sum from the beginning."""
    total = get(state)
    for i in range(max(first - t, 0), bars):
        total = total + get(a + i * sa)
        put(out + i * ROW_BYTES, total)
    put(state, total)


@compiled  # type: ignore[untyped-decorator]
def seeded(
    out: int,
    a: int,
    sa: int,
    first: int,
    n: int,
    decay: float,
    gain: float,
    scale: float,
    state: int,
    t: int,
    bars: int,
) -> None:
    """Y = decay y + gain x, beginning with `scale` times the sum of the first n bars."""
    value = get(state)
    begin = max(first - t, 0)
    grown = min(max(first + n - t, 0), bars)
    for i in range(begin, grown):
        value = value + get(a + i * sa)
        if t + i == first + n - 1:
            value = value * scale
            put(out + i * ROW_BYTES, value)
    for i in range(max(begin, grown), bars):
        value = multiply_add(decay, value, gain * get(a + i * sa))
        put(out + i * ROW_BYTES, value)
    put(state, value)


@compiled  # type: ignore[untyped-decorator]
def recurrence(
    out: int, a: int, sa: int, first: int, decay: float, state: int, t: int, bars: int
) -> None:
    """Y = decay y + x, beginning with x."""
    value = get(state)
    for i in range(max(first - t, 0), bars):
        value = multiply_add(decay, value, get(a + i * sa))
        put(out + i * ROW_BYTES, value)
    put(state, value)


@compiled  # type: ignore[untyped-decorator]
def varying_recurrence(
    out: int, a: int, sa: int, b: int, sb: int, first: int, state: int, t: int, bars: int
) -> None:
    """Y = a y + b, beginning with b."""
    value = splat(0.0)
    if t > first:
        value = get(state)
    for i in range(max(first - t, 0), bars):
        value = multiply_add(get(a + i * sa), value, get(b + i * sb))
        put(out + i * ROW_BYTES, value)
    put(state, value)

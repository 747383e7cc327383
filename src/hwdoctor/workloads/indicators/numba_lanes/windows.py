"""Operations on the last `n` bars, the same for all eight symbols.

Windows are cut into blocks of `n` bars. A window is the tail of one block and the head of the
next: tails are computed backwards when a block is complete, the head grows with every bar. So
nothing is ever taken away from a sum, and the cost does not depend on `n`. Where a deviation is
wanted, it is taken from the block's last bar, which belongs to every window that touches the
block: the cancellation is bounded by the window's length, and a flat window gives an exact zero.

State: what grows, then a row per bar of the block. `t` is the first bar of the chunk, `first`
that of the operand; `bars` rows follow.
"""

from hwdoctor.workloads.indicators.numba_lanes.elementwise import compiled
from hwdoctor.workloads.indicators.numba_lanes.memory import get, put
from hwdoctor.workloads.indicators.numba_lanes.vector import ROW_BYTES, multiply_add, splat, where

INFINITY = float("inf")


@compiled  # type: ignore[untyped-decorator]
def windowed_sum(
    out: int, a: int, sa: int, first: int, n: int, scale: float, state: int, t: int, bars: int
) -> None:
    """Sum of n bars, times `scale`."""
    end = first + n - 1
    begin = max(end - t, 0)
    if begin >= bars:
        return
    head = get(state)
    tails = state + ROW_BYTES
    j = (t + begin - end) % n
    for i in range(begin, bars):
        x = a + i * sa
        if j == 0:
            total = splat(0.0)
            for k in range(n):
                total = total + get(x - k * sa)
                put(tails + (n - 1 - k) * ROW_BYTES, total)
            head = splat(0.0)
        else:
            head = head + get(x)
        put(out + i * ROW_BYTES, (get(tails + j * ROW_BYTES) + head) * scale)
        j = 0 if j == n - 1 else j + 1
    put(state, head)


@compiled  # type: ignore[untyped-decorator]
def windowed_weighted_sum(
    out: int, a: int, sa: int, first: int, n: int, scale: float, state: int, t: int, bars: int
) -> None:
    """Weights 1 to n, the last bar's the largest; times `scale`."""
    end = first + n - 1
    begin = max(end - t, 0)
    if begin >= bars:
        return
    head, ranked = get(state), get(state + ROW_BYTES)
    tails = state + 2 * ROW_BYTES
    j = (t + begin - end) % n
    for i in range(begin, bars):
        x = a + i * sa
        if j == 0:
            total = splat(0.0)
            weighted = splat(0.0)
            for k in range(n):
                total = total + get(x - k * sa)
                weighted = weighted + total
                put(tails + (n - 1 - k) * ROW_BYTES, weighted)
            head = splat(0.0)
            ranked = splat(0.0)
        else:
            value = get(x)
            head = head + value
            ranked = multiply_add(float(j), value, ranked)
        entered = multiply_add(float(n - j), head, ranked)
        put(out + i * ROW_BYTES, (get(tails + j * ROW_BYTES) + entered) * scale)
        j = 0 if j == n - 1 else j + 1
    put(state, head)
    put(state + ROW_BYTES, ranked)


@compiled  # type: ignore[untyped-decorator]
def windowed_extreme(
    out: int, a: int, sa: int, first: int, n: int, sign: float, state: int, t: int, bars: int
) -> None:
    """Largest of n bars for a sign of 1, the smallest for -1."""
    end = first + n - 1
    begin = max(end - t, 0)
    if begin >= bars:
        return
    head = get(state)
    tails = state + ROW_BYTES
    j = (t + begin - end) % n
    for i in range(begin, bars):
        x = a + i * sa
        if j == 0:
            head = splat(-INFINITY)
            best = head
            for k in range(n):
                value = sign * get(x - k * sa)
                best = where(value > best, value, best)
                put(tails + (n - 1 - k) * ROW_BYTES, best)
        else:
            value = sign * get(x)
            head = where(value > head, value, head)
        tail = get(tails + j * ROW_BYTES)
        put(out + i * ROW_BYTES, sign * where(tail > head, tail, head))
        j = 0 if j == n - 1 else j + 1
    put(state, head)


@compiled  # type: ignore[untyped-decorator]
def bars_since_largest(
    out: int, a: int, sa: int, first: int, n: int, state: int, t: int, bars: int
) -> None:
    """The latest of equal ones. A tail keeps its value and the bar it was at."""
    end = first + n - 1
    begin = max(end - t, 0)
    if begin >= bars:
        return
    head, head_at = get(state), get(state + ROW_BYTES)
    tails = state + 2 * ROW_BYTES
    tails_at = tails + n * ROW_BYTES
    j = (t + begin - end) % n
    for i in range(begin, bars):
        x = a + i * sa
        now = splat(float(t + i))
        if j == 0:
            head = splat(-INFINITY)
            best = head
            at = now
            for k in range(n):
                value = get(x - k * sa)
                larger = value > best
                best = where(larger, value, best)
                at = where(larger, now - float(k), at)
                put(tails + (n - 1 - k) * ROW_BYTES, best)
                put(tails_at + (n - 1 - k) * ROW_BYTES, at)
        else:
            value = get(x)
            newer = value >= head
            head = where(newer, value, head)
            head_at = where(newer, now, head_at)
        later = head >= get(tails + j * ROW_BYTES)
        put(out + i * ROW_BYTES, now - where(later, head_at, get(tails_at + j * ROW_BYTES)))
        j = 0 if j == n - 1 else j + 1
    put(state, head)
    put(state + ROW_BYTES, head_at)

"""Operations that look at each of the last `n` bars anew: their cost grows with `n`."""

from hwdoctor.workloads.indicators.numba_lanes.elementwise import compiled
from hwdoctor.workloads.indicators.numba_lanes.memory import get, put
from hwdoctor.workloads.indicators.numba_lanes.vector import (
    ROW_BYTES,
    absolute,
    greatest,
    splat,
    where,
)

INFINITY = float("inf")


@compiled  # type: ignore[untyped-decorator]
def windowed_mean_deviation(
    off: int, distance: int, a: int, sa: int, first: int, n: int, t: int, bars: int
) -> None:
    """Last value less the mean, and the mean distance from the mean. The cost grows with n."""
    share = 1.0 / n
    for i in range(max(first + n - 1 - t, 0), bars):
        x = a + i * sa
        last = get(x)
        total = splat(0.0)
        for k in range(n):
            total = total + (get(x - k * sa) - last)
        mean = total * share
        apart = splat(0.0)
        for k in range(n):
            apart = apart + absolute((get(x - k * sa) - last) - mean)
        put(off + i * ROW_BYTES, -mean)
        put(distance + i * ROW_BYTES, apart * share)


@compiled  # type: ignore[untyped-decorator]
def count_below(out: int, a: int, sa: int, first: int, n: int, t: int, bars: int) -> None:
    """How many of the n bars before are smaller."""
    one, zero = splat(1.0), splat(0.0)
    for i in range(max(first + n - t, 0), bars):
        x = a + i * sa
        now = get(x)
        count = zero
        for k in range(1, n + 1):
            count = count + where(get(x - k * sa) < now, one, zero)
        put(out + i * ROW_BYTES, count)


@compiled  # type: ignore[untyped-decorator]
def order_statistic(
    out: int, a: int, sa: int, first: int, n: int, rank: int, state: int, t: int, bars: int
) -> None:
    """The `rank`-th smallest of n bars: a sorted window, which one value leaves and one enters.

    Both happen on one way through it: what follows the leaving value moves down, and the
    entering one is carried to its place by comparing and exchanging.
    """
    for i in range(max(first - t, 0), bars):
        x = a + i * sa
        if t + i == first:
            for k in range(n):
                put(state + k * ROW_BYTES, splat(INFINITY))
        carried = get(x)
        leaving = get(x - n * sa) if t + i - n >= first else splat(INFINITY)
        here = get(state)
        gone = here == leaving
        for k in range(n - 1):
            following = get(state + (k + 1) * ROW_BYTES)
            left = where(gone, following, here)
            put(state + k * ROW_BYTES, where(left < carried, left, carried))
            carried = where(left < carried, carried, left)
            here = following
            gone = gone | (here == leaving)
        put(state + (n - 1) * ROW_BYTES, carried)
        put(out + i * ROW_BYTES, get(state + (rank - 1) * ROW_BYTES))


@compiled  # type: ignore[untyped-decorator]
def varying_sum(out: int, a: int, sa: int, b: int, sb: int, first: int, t: int, bars: int) -> None:
    """Sum of the last `b` bars of a, a number of its own for every bar and symbol."""
    zero = splat(0.0)
    for i in range(max(first - t, 0), bars):
        x = a + i * sa
        length = get(b + i * sb)
        total = zero
        ago = zero
        for k in range(int(greatest(length))):
            total = total + where(ago < length, get(x - k * sa), zero)
            ago = ago + 1.0
        put(out + i * ROW_BYTES, total)

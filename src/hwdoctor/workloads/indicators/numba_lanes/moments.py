"""Variance and covariance of the last `n` bars; see `windows` for how, and for what `state` is."""

from hwdoctor.workloads.indicators.numba_lanes.elementwise import compiled
from hwdoctor.workloads.indicators.numba_lanes.memory import get, put
from hwdoctor.workloads.indicators.numba_lanes.vector import ROW_BYTES, multiply_add, splat, where


@compiled  # type: ignore[untyped-decorator]
def windowed_variance(
    out: int, a: int, sa: int, first: int, n: int, state: int, t: int, bars: int
) -> None:
    """Of the population."""
    end = first + n - 1
    begin = max(end - t, 0)
    if begin >= bars:
        return
    head, square, origin = get(state), get(state + ROW_BYTES), get(state + 2 * ROW_BYTES)
    tails = state + 3 * ROW_BYTES
    squares = tails + n * ROW_BYTES
    share = 1.0 / n
    zero = splat(0.0)
    j = (t + begin - end) % n
    for i in range(begin, bars):
        x = a + i * sa
        if j == 0:
            origin = get(x)
            head = zero
            square = zero
            total = zero
            total_square = zero
            for k in range(n):
                away = get(x - k * sa) - origin
                total = total + away
                total_square = multiply_add(away, away, total_square)
                put(tails + (n - 1 - k) * ROW_BYTES, total)
                put(squares + (n - 1 - k) * ROW_BYTES, total_square)
        else:
            away = get(x) - origin
            head = head + away
            square = multiply_add(away, away, square)
        mean = (get(tails + j * ROW_BYTES) + head) * share
        found = (get(squares + j * ROW_BYTES) + square) * share - mean * mean
        put(out + i * ROW_BYTES, where(found > 0.0, found, zero))
        j = 0 if j == n - 1 else j + 1
    put(state, head)
    put(state + ROW_BYTES, square)
    put(state + 2 * ROW_BYTES, origin)


@compiled  # type: ignore[untyped-decorator]
def windowed_covariance(
    out: int, a: int, sa: int, b: int, sb: int, first: int, n: int, state: int, t: int, bars: int
) -> None:
    """Of the population."""
    end = first + n - 1
    begin = max(end - t, 0)
    if begin >= bars:
        return
    head_x, head_y, head_xy = get(state), get(state + ROW_BYTES), get(state + 2 * ROW_BYTES)
    origin_x, origin_y = get(state + 3 * ROW_BYTES), get(state + 4 * ROW_BYTES)
    tails = state + 5 * ROW_BYTES
    share = 1.0 / n
    zero = splat(0.0)
    j = (t + begin - end) % n
    for i in range(begin, bars):
        x, y = a + i * sa, b + i * sb
        if j == 0:
            origin_x, origin_y = get(x), get(y)
            head_x, head_y, head_xy = zero, zero, zero
            total_x, total_y, total_xy = zero, zero, zero
            for k in range(n):
                off_x, off_y = get(x - k * sa) - origin_x, get(y - k * sb) - origin_y
                total_x = total_x + off_x
                total_y = total_y + off_y
                total_xy = multiply_add(off_x, off_y, total_xy)
                tail = tails + 3 * (n - 1 - k) * ROW_BYTES
                put(tail, total_x)
                put(tail + ROW_BYTES, total_y)
                put(tail + 2 * ROW_BYTES, total_xy)
        else:
            off_x, off_y = get(x) - origin_x, get(y) - origin_y
            head_x = head_x + off_x
            head_y = head_y + off_y
            head_xy = multiply_add(off_x, off_y, head_xy)
        tail = tails + 3 * j * ROW_BYTES
        mean_x = (get(tail) + head_x) * share
        mean_y = (get(tail + ROW_BYTES) + head_y) * share
        put(out + i * ROW_BYTES, (get(tail + 2 * ROW_BYTES) + head_xy) * share - mean_x * mean_y)
        j = 0 if j == n - 1 else j + 1
    put(state, head_x)
    put(state + ROW_BYTES, head_y)
    put(state + 2 * ROW_BYTES, head_xy)
    put(state + 3 * ROW_BYTES, origin_x)
    put(state + 4 * ROW_BYTES, origin_y)

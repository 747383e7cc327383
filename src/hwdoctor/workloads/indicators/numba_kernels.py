"""Compiled recursions and windows, one symbol at a time, without the interpreter's lock.

Sums are kept in float64 whatever the bars are. A window's sum is made of the tail of one block
and the head of the next (see `primitives`), so it does not drift and a window of zeros gives
zero. No fast-math: exact zeros and the order of TA-Lib's own operations matter.
"""

import math
from typing import Any

import numpy as np
from numba import njit

Row = Any
compiled = njit(cache=True, nogil=True, error_model="numpy")
# Sums over a window may be added in any order: that is what lets them use vector registers.
reordered = njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})

DEGREES = 180.0 / math.pi


@compiled  # type: ignore[untyped-decorator]
def windowed_sum(x: Row, window: int, out: Row) -> None:
    """out[i] = x[i] + ... + x[i + window - 1]."""
    tails = np.empty(window)
    bars = out.size
    for begin in range(0, bars, window):
        total = 0.0
        for j in range(window - 1, -1, -1):
            total += x[begin + j]
            tails[j] = total
        head = 0.0
        for j in range(min(window, bars - begin)):
            out[begin + j] = tails[j] + head
            if begin + j + window < x.size:
                head += x[begin + j + window]


@compiled  # type: ignore[untyped-decorator]
def windowed_weighted_sum(x: Row, window: int, out: Row) -> None:
    """Weights 1 to `window`."""
    tails = np.empty(window)
    bars = out.size
    for begin in range(0, bars, window):
        total = 0.0
        weighted = 0.0
        for j in range(window - 1, -1, -1):
            total += x[begin + j]
            weighted += total
            tails[j] = weighted
        head = 0.0
        ranked = 0.0
        for j in range(min(window, bars - begin)):
            out[begin + j] = tails[j] + ((window - j) * head + ranked)
            if begin + j + window < x.size:
                value = x[begin + j + window]
                head += value
                ranked += (j + 1) * value


@compiled  # type: ignore[untyped-decorator]
def windowed_max(x: Row, window: int, sign: float, out: Row) -> None:
    """Largest of each window; the smallest for a sign of -1."""
    tails = np.empty(window)
    bars = out.size
    for begin in range(0, bars, window):
        best = sign * x[begin + window - 1]
        for j in range(window - 1, -1, -1):
            best = max(best, sign * x[begin + j])
            tails[j] = best
        head = tails[window - 1]
        for j in range(min(window, bars - begin)):
            out[begin + j] = sign * max(tails[j], head)
            if begin + j + window < x.size:
                value = sign * x[begin + j + window]
                head = value if j == 0 else max(head, value)


@compiled  # type: ignore[untyped-decorator]
def bars_since_max(x: Row, window: int, out: Row) -> None:
    """The latest of equal ones."""
    place = -1
    for i in range(out.size):
        last = i + window - 1
        if place < i:
            place = i
            for j in range(i + 1, last + 1):
                if x[j] >= x[place]:
                    place = j
        elif x[last] >= x[place]:
            place = last
        out[i] = last - place


@reordered  # type: ignore[untyped-decorator]
def moments(x: Row, y: Row, window: int, sums: Row) -> None:
    """Sums of x, y and x y, both less their last values, into three rows."""
    for i in range(sums.shape[1]):
        xs, ys = x[i : i + window], y[i : i + window]
        last_x, last_y = xs[window - 1], ys[window - 1]
        total_x = 0.0
        total_y = 0.0
        product = 0.0
        for j in range(window - 1):
            from_x = xs[j] - last_x
            from_y = ys[j] - last_y
            total_x += from_x
            total_y += from_y
            product += from_x * from_y
        sums[0, i] = total_x
        sums[1, i] = total_y
        sums[2, i] = product


@reordered  # type: ignore[untyped-decorator]
def windowed_variance(x: Row, window: int, out: Row) -> None:
    """Of the population."""
    for i in range(out.size):
        xs = x[i : i + window]
        last = xs[window - 1]
        total = 0.0
        square = 0.0
        for j in range(window - 1):
            away = xs[j] - last
            total += away
            square += away * away
        mean = total / window
        out[i] = max(square / window - mean * mean, 0.0)


@reordered  # type: ignore[untyped-decorator]
def windowed_mean_deviation(x: Row, window: int, off: Row, distance: Row) -> None:
    """Last value less the mean, and the mean distance from the mean."""
    for i in range(off.size):
        xs = x[i : i + window]
        last = xs[window - 1]
        total = 0.0
        for j in range(window):
            total += xs[j] - last
        mean = total / window
        apart = 0.0
        for j in range(window):
            apart += abs((xs[j] - last) - mean)
        off[i] = -mean
        distance[i] = apart / window


@compiled  # type: ignore[untyped-decorator]
def windowed_count_below(x: Row, window: int, out: Row) -> None:
    """How many of the bars before are smaller."""
    for i in range(out.size):
        xs = x[i : i + window]
        now = x[i + window]
        count = 0
        for j in range(window):
            count += 1 if xs[j] < now else 0
        out[i] = count


@compiled  # type: ignore[untyped-decorator]
def windowed_order_statistic(x: Row, window: int, rank: int, out: Row) -> None:
    """A sorted copy of the window, from which one value leaves and which one enters."""
    ordered = np.sort(x[:window])
    out[0] = ordered[rank - 1]
    for i in range(1, out.size):
        old = x[i - 1]
        new = x[i + window - 1]
        place = np.searchsorted(ordered, old)
        while place + 1 < window and ordered[place + 1] < new:
            ordered[place] = ordered[place + 1]
            place += 1
        while place > 0 and ordered[place - 1] > new:
            ordered[place] = ordered[place - 1]
            place -= 1
        ordered[place] = new
        out[i] = ordered[rank - 1]


@compiled  # type: ignore[untyped-decorator]
def cumulative_sum(x: Row, out: Row) -> None:
    """Sum of all bars so far."""
    total = 0.0
    for i in range(x.size):
        total += x[i]
        out[i] = total


@compiled  # type: ignore[untyped-decorator]
def recurrence(x: Row, decay: float, out: Row) -> None:
    """Each is `decay` times the one before, plus x."""
    value = 0.0
    for i in range(x.size):
        value = decay * value + x[i]
        out[i] = value


@compiled  # type: ignore[untyped-decorator]
def smooth(x: Row, window: int, weight: float, out: Row) -> None:
    """See `Primitives.smooth`."""
    total = 0.0
    for i in range(window):
        total += x[i]
    value = total / window
    decay = 1.0 - weight
    out[0] = value
    for i in range(window, x.size):
        value = decay * value + weight * x[i]
        out[i - window + 1] = value


@compiled  # type: ignore[untyped-decorator]
def varying_recurrence(decay: Row, x: Row, out: Row) -> None:
    """The same with a decay for every bar."""
    value = 0.0
    for i in range(x.size):
        value = decay[i] * value + x[i]
        out[i] = value


@compiled  # type: ignore[untyped-decorator]
def parabolic(
    high: Row,
    low: Row,
    start: float,
    offset: float,
    rising: Row,
    falling: Row,
    stops: Row,
    sides: Row,
) -> None:
    """See `stops.parabolic`."""
    down = low[0] - low[1]
    long = start > 0.0 if start != 0.0 else not (down > high[1] - high[0] and down > 0.0)
    stop = abs(start) if start != 0.0 else (low[0] if long else high[0])
    extreme = high[1] if long else low[1]
    speed = rising[0] if long else falling[0]
    for i in range(1, high.size):
        before = max(i - 1, 1)
        top = max(high[before], high[i])
        bottom = min(low[before], low[i])
        if (low[i] <= stop) if long else (high[i] >= stop):
            long = not long
            stop = (
                min(extreme, bottom) * (1.0 - offset)
                if long
                else max(extreme, top) * (1.0 + offset)
            )
            extreme = high[i] if long else low[i]
            speed = rising[0] if long else falling[0]
        elif long and high[i] > extreme:
            extreme = high[i]
            speed = min(speed + rising[1], rising[2])
        elif not long and low[i] < extreme:
            extreme = low[i]
            speed = min(speed + falling[1], falling[2])
        stops[i - 1] = stop
        sides[i - 1] = 1.0 if long else -1.0
        stop += speed * (extreme - stop)
        stop = min(stop, bottom) if long else max(stop, top)


@compiled  # type: ignore[untyped-decorator]
def supertrend_lines(middle: Row, reach: Row, close: Row, line: Row, trend: Row) -> None:
    """See `stops.supertrend_lines`."""
    upper = middle[0] + reach[0]
    lower = middle[0] - reach[0]
    up = True
    line[0] = lower
    trend[0] = 1.0
    for i in range(1, close.size):
        top = middle[i] + reach[i]
        bottom = middle[i] - reach[i]
        if top < upper or close[i - 1] > upper:
            upper = top
        if bottom > lower or close[i - 1] < lower:
            lower = bottom
        up = not close[i] < lower if up else close[i] > upper
        line[i] = lower if up else upper
        trend[i] = 1.0 if up else -1.0

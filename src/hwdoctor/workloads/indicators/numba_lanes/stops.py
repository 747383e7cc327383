"""Trailing stops on a chunk; the rules are in `indicators.stops`."""

from hwdoctor.workloads.indicators.numba_lanes.elementwise import compiled
from hwdoctor.workloads.indicators.numba_lanes.memory import get, put
from hwdoctor.workloads.indicators.numba_lanes.vector import ROW_BYTES, splat, where

ROWS = 4
"""Of state, for either."""


@compiled  # type: ignore[untyped-decorator]
def parabolic(
    out: int,
    side: int,
    high: int,
    low: int,
    start: float,
    offset: float,
    rising: float,
    rising_step: float,
    rising_most: float,
    falling: float,
    falling_step: float,
    falling_most: float,
    state: int,
    t: int,
    bars: int,
) -> None:
    """Stop, and 1 while long or -1 while short, from bar 1 on."""
    one, zero = splat(1.0), splat(0.0)
    for i in range(max(1 - t, 0), bars):
        top, bottom = get(high + i * ROW_BYTES), get(low + i * ROW_BYTES)
        before_top, before_bottom = get(high + (i - 1) * ROW_BYTES), get(low + (i - 1) * ROW_BYTES)
        if t + i == 1:
            down = before_bottom - bottom
            long = ~((down > top - before_top) & (down > 0.0))
            stop = where(long, before_bottom, before_top)
            if start != 0.0:
                long = splat(start) > 0.0
                stop = splat(abs(start))
            extreme = where(long, top, bottom)
            speed = where(long, rising, falling)
            before_top, before_bottom = top, bottom
        else:
            long = get(state) > 0.0
            stop, extreme = get(state + ROW_BYTES), get(state + 2 * ROW_BYTES)
            speed = get(state + 3 * ROW_BYTES)
        highest = where(before_top > top, before_top, top)
        lowest = where(before_bottom < bottom, before_bottom, bottom)
        turned = (long & (bottom <= stop)) | (~long & (top >= stop))
        now = long ^ turned
        below = where(extreme < lowest, extreme, lowest) * (1.0 - offset)
        above = where(extreme > highest, extreme, highest) * (1.0 + offset)
        stop = where(turned, where(now, below, above), stop)
        fresh = ((long & (top > extreme)) | (~long & (bottom < extreme))) & ~turned
        faster = speed + where(now, rising_step, falling_step)
        most = where(now, rising_most, falling_most)
        faster = where(faster < most, faster, most)
        speed = where(turned, where(now, rising, falling), where(fresh, faster, speed))
        extreme = where(turned | fresh, where(now, top, bottom), extreme)
        put(out + i * ROW_BYTES, stop)
        put(side + i * ROW_BYTES, where(now, 1.0, -1.0))
        stop = stop + speed * (extreme - stop)
        tight = where(stop < lowest, stop, lowest)
        loose = where(stop > highest, stop, highest)
        put(state, where(now, one, zero))
        put(state + ROW_BYTES, where(now, tight, loose))
        put(state + 2 * ROW_BYTES, extreme)
        put(state + 3 * ROW_BYTES, speed)


@compiled  # type: ignore[untyped-decorator]
def supertrend(
    line: int,
    trend: int,
    middle: int,
    reach: int,
    step: int,
    close: int,
    first: int,
    state: int,
    t: int,
    bars: int,
) -> None:
    """The band in force, and 1 in an upward trend or -1 in a downward one, from `first` on.

    `step` is that of `reach`, which may be a constant.
    """
    for i in range(max(first - t, 0), bars):
        center, width = get(middle + i * ROW_BYTES), get(reach + i * step)
        now, before = get(close + i * ROW_BYTES), get(close + (i - 1) * ROW_BYTES)
        top, bottom = center + width, center - width
        if t + i == first:
            upper, lower = top, bottom
            up = splat(1.0) > 0.0
        else:
            upper, lower = get(state), get(state + ROW_BYTES)
            up = get(state + 2 * ROW_BYTES) > 0.0
            upper = where((top < upper) | (before > upper), top, upper)
            lower = where((bottom > lower) | (before < lower), bottom, lower)
            up = (up & ~(now < lower)) | (~up & (now > upper))
        side = where(up, 1.0, -1.0)
        put(line + i * ROW_BYTES, where(up, lower, upper))
        put(trend + i * ROW_BYTES, side)
        put(state, upper)
        put(state + ROW_BYTES, lower)
        put(state + 2 * ROW_BYTES, side)

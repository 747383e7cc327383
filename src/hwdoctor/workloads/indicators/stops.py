"""Trailing stops: recursions with a state that flips, run bar by bar over all symbols."""

from typing import Any

from hwdoctor.workloads.indicators.primitives import Array, Primitives

Side = tuple[float, float, float]
"""First acceleration, its step, and its maximum."""


def parabolic(
    p: Primitives,
    high: Array,
    low: Array,
    start: float,
    offset: float,
    rising: Side,
    falling: Side,
) -> tuple[Array, Array]:
    """Wilder's parabolic stop, and +1 while long or -1 while short, from the second bar on.

    It begins short where the first downward movement is the larger one, with the first bar's
    extreme as stop; a start value other than 0 sets side (its sign) and stop (its size).
    """
    own = p.compiled("parabolic")
    if own is not None:
        found: tuple[Array, Array] = own(high, low, start, offset, rising, falling)
        return found
    xp = p.xp
    up, down = high[..., 1] - high[..., 0], low[..., 0] - low[..., 1]
    zero = high[..., 0] * 0.0
    long = 1.0 - p.numbers((down > up) & (down > 0.0), high) if start == 0.0 else zero
    if start > 0.0:
        long = zero + 1.0
    stop = xp.where(long > 0.0, low[..., 0], high[..., 0]) if start == 0.0 else zero + abs(start)
    extreme = xp.where(long > 0.0, high[..., 1], low[..., 1])

    def step(state: tuple[Array, ...], bar: tuple[Array, ...]) -> Any:
        was_long, stop, extreme, speed_up, speed_down, last_high, last_low = state
        high, low = bar
        top, bottom = xp.maximum(last_high, high), xp.minimum(last_low, low)
        is_long = was_long > 0.0
        turned = xp.where(is_long, low <= stop, high >= stop)
        now_long = is_long != turned
        reverse = xp.where(
            now_long,
            xp.minimum(extreme, bottom) * (1.0 - offset),
            xp.maximum(extreme, top) * (1.0 + offset),
        )
        stop = xp.where(turned, reverse, stop)
        beyond = xp.where(is_long, high > extreme, low < extreme)
        reached = xp.where(now_long, high, low)
        fresh = beyond & ~turned
        extreme = xp.where(turned | fresh, reached, extreme)
        faster_up = xp.minimum(speed_up + rising[1], rising[2] + 0.0 * stop)
        faster_down = xp.minimum(speed_down + falling[1], falling[2] + 0.0 * stop)
        speed_up = xp.where(now_long & fresh, faster_up, speed_up)
        speed_up = xp.where(now_long & turned, rising[0], speed_up)
        speed_down = xp.where(~now_long & fresh, faster_down, speed_down)
        speed_down = xp.where(~now_long & turned, falling[0], speed_down)
        speed = xp.where(now_long, speed_up, speed_down)
        following = stop + speed * (extreme - stop)
        following = xp.where(now_long, xp.minimum(following, bottom), xp.maximum(following, top))
        side = xp.where(now_long, 1.0 + zero, -1.0 + zero)
        long = xp.where(now_long, 1.0 + zero, zero)
        return (long, following, extreme, speed_up, speed_down, high, low), (stop, side)

    state = (long, stop, extreme, zero + rising[0], zero + falling[0], high[..., 1], low[..., 1])
    stops, sides = p.scan(step, state, (p.since(high, 1), p.since(low, 1)))
    return stops, sides


def supertrend_lines(
    p: Primitives, middle: Array, reach: Array, close: Array
) -> tuple[Array, Array]:
    """The band that is in force, and +1 in an upward trend or -1 in a downward one.

    Each band moves towards the price only, until a close beyond it releases it. The first bar
    counts as an upward trend.
    """
    own = p.compiled("supertrend_lines")
    if own is not None:
        found: tuple[Array, Array] = own(middle, reach, close)
        return found
    xp = p.xp
    zero = close[..., 0] * 0.0

    def step(state: tuple[Array, ...], bar: tuple[Array, ...]) -> Any:
        trend, upper, lower, before = state
        top, bottom, close = bar
        upper = xp.where((top < upper) | (before > upper), top, upper)
        lower = xp.where((bottom > lower) | (before < lower), bottom, lower)
        fallen = (trend > 0.0) & (close < lower)
        risen = (trend < 0.0) & (close > upper)
        trend = xp.where(fallen, -1.0 + zero, xp.where(risen, 1.0 + zero, trend))
        line = xp.where(trend > 0.0, lower, upper)
        return (trend, upper, lower, close), (line, trend)

    first = (zero + 1.0, middle[..., 0] + reach[..., 0], middle[..., 0] - reach[..., 0])
    state = (*first, close[..., 0])
    rest = (p.since(middle + reach, 1), p.since(middle - reach, 1), p.since(close, 1))
    line, trend = first[2][..., None], first[0][..., None]
    if rest[2].shape[-1]:
        lines, trends = p.scan(step, state, rest)
        line, trend = p.join(line, lines), p.join(trend, trends)
    return line, trend

"""Indicators in one compiled pass each: columns in, finished outputs out, nothing in between.

Arguments are those of the catalogue in its order: columns, parameters, outputs. A kernel writes
from its look-back on; the caller has filled the bars before with NaN and seen to it that there
are more bars than the look-back. The formulas and their sources are in the module of the family;
the tests hold both against TA-Lib. What is not here is evaluated from the formula.
"""

import numpy as np

from hwdoctor.workloads.indicators.numba_kernels import (
    Row,
    compiled,
    reordered,
    windowed_sum,
)


@compiled  # type: ignore[untyped-decorator]
def true_range(high: float, low: float, before: float) -> float:
    """Wilder's true range of one bar."""
    return max(high - low, abs(before - high), abs(before - low))


@compiled  # type: ignore[untyped-decorator]
def directional(
    high: Row,
    low: Row,
    close: Row,
    n: int,
    plus_dm: Row,
    minus_dm: Row,
    plus_di: Row,
    minus_di: Row,
    dx: Row,
    adx: Row,
    adxr: Row,
) -> None:
    """Wilder's directional movement system, all of it; n is 2 or more."""
    keep = 1.0 - 1.0 / n
    plus = minus = moved = 0.0
    index = average = total = 0.0
    for i in range(1, high.size):
        up = high[i] - high[i - 1]
        down = low[i - 1] - low[i]
        if i >= n:
            plus *= keep
            minus *= keep
            moved *= keep
        plus += up if up > down and up > 0.0 else 0.0
        minus += down if down > up and down > 0.0 else 0.0
        moved += true_range(high[i], low[i], close[i - 1])
        if i >= n - 1:
            plus_dm[i] = plus
            minus_dm[i] = minus
        if i < n:
            continue
        scale = 100.0 / moved if moved != 0.0 else 0.0
        rise = plus * scale
        fall = minus * scale
        plus_di[i] = rise
        minus_di[i] = fall
        both = rise + fall
        known = both >= 1e-14
        if known:
            index = 100.0 * abs(fall - rise) / both
        dx[i] = index
        if i < 2 * n:
            total += index if known else 0.0
            average = total / n
        elif known:
            average += (index - average) / n
        if i >= 2 * n - 1:
            adx[i] = average
        if i >= 3 * n - 2:
            adxr[i] = (average + adx[i - n + 1]) / 2.0


@compiled  # type: ignore[untyped-decorator]
def strength(close: Row, n: int, rsi: Row, cmo: Row) -> None:
    """Wilder's averages of rises and falls as RSI and as CMO."""
    rise = fall = 0.0
    for i in range(1, close.size):
        change = close[i] - close[i - 1]
        up = max(0.0, change)
        down = up - change
        if i <= n:
            rise += up / n
            fall += down / n
        else:
            rise += (up - rise) / n
            fall += (down - fall) / n
        if i >= n:
            both = rise + fall
            share = 100.0 / both if both != 0.0 else 0.0
            rsi[i] = rise * share
            cmo[i] = (rise - fall) * share


@compiled  # type: ignore[untyped-decorator]
def ranges(high: Row, low: Row, close: Row, n: int, atr: Row, natr: Row) -> None:
    """Average true range, and in per cent of the close."""
    total = average = 0.0
    for i in range(1, high.size):
        reach = true_range(high[i], low[i], close[i - 1])
        if i <= n:
            total += reach
            average = total / n
        else:
            average += (reach - average) / n
        if i >= n:
            atr[i] = average
            share = 100.0 * average / close[i] if close[i] != 0.0 else 0.0
            natr[i] = average if n == 1 else share


@compiled  # type: ignore[untyped-decorator]
def trange(high: Row, low: Row, close: Row, out: Row) -> None:
    """True range."""
    for i in range(1, high.size):
        out[i] = true_range(high[i], low[i], close[i - 1])


@compiled  # type: ignore[untyped-decorator]
def supertrend(
    high: Row, low: Row, close: Row, n: int, times: float, line: Row, trend: Row
) -> None:
    """Average true range and its bands in one pass."""
    total = average = 0.0
    up = True
    upper = lower = 0.0
    for i in range(1, high.size):
        reach = true_range(high[i], low[i], close[i - 1])
        if i <= n:
            total += reach
            average = total / n
        else:
            average += (reach - average) / n
        if i < n:
            continue
        middle = (high[i] + low[i]) / 2.0
        top = middle + times * average
        bottom = middle - times * average
        if i == n or top < upper or close[i - 1] > upper:
            upper = top
        if i == n or bottom > lower or close[i - 1] < lower:
            lower = bottom
        if i > n:
            up = not close[i] < lower if up else close[i] > upper
        line[i] = lower if up else upper
        trend[i] = 1.0 if up else -1.0


@compiled  # type: ignore[untyped-decorator]
def kc(
    high: Row,
    low: Row,
    close: Row,
    n: int,
    m: int,
    times: float,
    upper: Row,
    middle: Row,
    lower: Row,
) -> None:
    """Keltner channel."""
    first = max(n - 1, m)
    weight = 2.0 / (n + 1.0)
    center = reach = 0.0
    for i in range(first - n + 1, first + 1):
        center += (high[i] + low[i] + close[i]) / 3.0
    center /= n
    for i in range(first - m + 1, first + 1):
        reach += true_range(high[i], low[i], close[i - 1])
    reach /= m
    for i in range(first, high.size):
        if i > first:
            center += weight * ((high[i] + low[i] + close[i]) / 3.0 - center)
            reach += (true_range(high[i], low[i], close[i - 1]) - reach) / m
        upper[i] = center + times * reach
        middle[i] = center
        lower[i] = center - times * reach


@compiled  # type: ignore[untyped-decorator]
def macd(close: Row, fast: int, slow: int, n: int, line: Row, signal: Row, rest: Row) -> None:
    """Both averages seeded on the slow one's first bar."""
    short, long = min(fast, slow), max(fast, slow)
    two_averages(close, short, long, 2.0 / (short + 1.0), 2.0 / (long + 1.0), n, line, signal, rest)


@compiled  # type: ignore[untyped-decorator]
def macdfix(close: Row, n: int, line: Row, signal: Row, rest: Row) -> None:
    """Weights 0.15 and 0.075."""
    two_averages(close, 12, 26, 0.15, 0.075, n, line, signal, rest)


@compiled  # type: ignore[untyped-decorator]
def two_averages(
    x: Row, short: int, long: int, a: float, b: float, n: int, line: Row, signal: Row, rest: Row
) -> None:
    """Difference of two exponential averages, and its own."""
    quick = calm = total = value = 0.0
    for i in range(long):
        calm += x[i]
        quick += x[i] if i >= long - short else 0.0
    quick /= short
    calm /= long
    weight = 2.0 / (n + 1.0)
    for i in range(long - 1, x.size):
        if i >= long:
            quick += a * (x[i] - quick)
            calm += b * (x[i] - calm)
        apart = quick - calm
        if i < long - 1 + n:
            total += apart
            value = total / n
        else:
            value += weight * (apart - value)
        if i >= long + n - 2:
            line[i] = apart
            signal[i] = value
            rest[i] = apart - value


@compiled  # type: ignore[untyped-decorator]
def kama(close: Row, n: int, out: Row) -> None:
    """Kaufman's average; the path is summed anew every n bars."""
    if n == 1:
        out[:] = close
        return
    fastest, slowest = 2.0 / 3.0, 2.0 / 31.0
    value = close[n - 1]
    path = 0.0
    for i in range(n, close.size):
        if (i - n) % n == 0:
            path = 0.0
            for j in range(i - n + 1, i + 1):
                path += abs(close[j] - close[j - 1])
        else:
            path += abs(close[i] - close[i - 1]) - abs(close[i - n] - close[i - n - 1])
        net = close[i] - close[i - n]
        share = 1.0 if path <= net or path == 0.0 else abs(net / path)
        weight = share * (fastest - slowest) + slowest
        value += weight * weight * (close[i] - value)
        out[i] = value


@compiled  # type: ignore[untyped-decorator]
def ha(
    opened: Row, high: Row, low: Row, close: Row, first: Row, top: Row, bottom: Row, last: Row
) -> None:
    """Heikin-Ashi bars."""
    start = (opened[0] + close[0]) / 2.0
    for i in range(high.size):
        end = (opened[i] + high[i] + low[i] + close[i]) / 4.0
        first[i] = start
        last[i] = end
        top[i] = max(high[i], start, end)
        bottom[i] = min(low[i], start, end)
        start = (start + end) / 2.0


@compiled  # type: ignore[untyped-decorator]
def wad(high: Row, low: Row, close: Row, out: Row) -> None:
    """Williams' accumulation."""
    total = 0.0
    out[0] = 0.0
    for i in range(1, high.size):
        now, before = close[i], close[i - 1]
        if now > before:
            total += now - min(before, low[i])
        elif now < before:
            total += now - max(before, high[i])
        out[i] = total


@compiled  # type: ignore[untyped-decorator]
def volume_indices(close: Row, volume: Row, nvi: Row, pvi: Row) -> None:
    """The index that grows on bars of less volume, and that of more."""
    falling = rising = 1000.0
    nvi[0] = pvi[0] = 1000.0
    for i in range(1, close.size):
        before = close[i - 1]
        growth = (close[i] - before) / before if before != 0.0 else 0.0
        falling += falling * growth if volume[i] < volume[i - 1] else 0.0
        rising += rising * growth if volume[i] > volume[i - 1] else 0.0
        nvi[i] = falling
        pvi[i] = rising


@compiled  # type: ignore[untyped-decorator]
def obv(close: Row, volume: Row, out: Row) -> None:
    """On balance volume."""
    total = float(volume[0])
    out[0] = total
    for i in range(1, close.size):
        change = close[i] - close[i - 1]
        total += volume[i] if change > 0.0 else (-volume[i] if change < 0.0 else 0.0)
        out[i] = total


@compiled  # type: ignore[untyped-decorator]
def t3(close: Row, n: int, v: float, out: Row) -> None:
    """Six exponential averages in a row, each seeded by n values of the one before."""
    values = np.zeros(6)
    weight = 2.0 / (n + 1.0)
    square, cube = v * v, v * v * v
    c1, c2 = -cube, 3.0 * (square + cube)
    c3, c4 = -(6.0 * square + 3.0 * (v + cube)), 1.0 + 3.0 * v + cube + 3.0 * square
    warm_up = min(6 * (n - 1) + 1, close.size)
    for i in range(warm_up):
        value = float(close[i])
        for k in range(6):
            seen = i - k * (n - 1)
            if seen < 0:
                break
            if seen < n:
                values[k] += value / n
                if seen < n - 1:
                    break
            else:
                values[k] += weight * (value - values[k])
            value = values[k]
    e1, e2, e3, e4, e5, e6 = values
    for i in range(6 * (n - 1), close.size):
        if i >= warm_up:
            e1 += weight * (close[i] - e1)
            e2 += weight * (e1 - e2)
            e3 += weight * (e2 - e3)
            e4 += weight * (e3 - e4)
            e5 += weight * (e4 - e5)
            e6 += weight * (e5 - e6)
        out[i] = c1 * e6 + c2 * e5 + c3 * e4 + c4 * e3


@compiled  # type: ignore[untyped-decorator]
def mama(
    price: Row, inphase: Row, quad: Row, fast: float, slow: float, out: Row, follower: Row
) -> None:
    """From the discriminator's parts, which begin with bar 12; results begin with bar 32."""
    degrees = 57.29577951308232
    before = average = late = 0.0
    for i in range(inphase.size):
        now = np.arctan(quad[i] / inphase[i]) * degrees if inphase[i] != 0.0 else 0.0
        turn = before - now
        before = now
        weight = max(fast / turn, slow) if turn > 1.0 else fast
        average = weight * price[i + 12] + (1.0 - weight) * average
        late = 0.5 * weight * average + (1.0 - 0.5 * weight) * late
        if i >= 20:
            out[i - 20] = average
            follower[i - 20] = late


@compiled  # type: ignore[untyped-decorator]
def trend_mode(smooth: Row, slow: Row, angle: Row, average: Row, out: Row) -> None:
    """See `hilbert.trend_mode`."""
    radian = 0.017453292519943295
    sine = lead = before = 0.0
    one = two = three = 0.0
    days = 0.0
    for i in range(angle.size):
        now, now_lead = np.sin(angle[i] * radian), np.sin((angle[i] + 45.0) * radian)
        crossed = (now > now_lead and sine <= lead) or (now < now_lead and sine >= lead)
        sine, lead = now, now_lead
        days = 1.0 if crossed else days + 1.0
        advance = angle[i] - before
        before = angle[i]
        rate = 360.0 / slow[i]
        cycling = crossed or days < 0.5 * slow[i] or 0.67 * rate < advance < 1.5 * rate
        line = (4.0 * average[i] + 3.0 * one + 2.0 * two + three) / 10.0
        one, two, three = average[i], one, two
        apart = line != 0.0 and abs((smooth[i] - line) / line) >= 0.015
        out[i] = 0.0 if cycling and not apart else 1.0


@reordered  # type: ignore[untyped-decorator]
def mavp_plain(close: Row, periods: Row, least: int, most: int, out: Row) -> None:
    """Each bar's own window, summed."""
    for i in range(most - 1, close.size):
        n = min(max(int(periods[i]), least), most)
        xs = close[i - n + 1 : i + 1]
        total = 0.0
        for j in range(n):
            total += xs[j]
        out[i] = total / n


@reordered  # type: ignore[untyped-decorator]
def correl(x: Row, y: Row, n: int, out: Row) -> None:
    """Deviations from the window's last values."""
    for i in range(n - 1, x.size):
        xs, ys = x[i - n + 1 : i + 1], y[i - n + 1 : i + 1]
        last_x, last_y = xs[n - 1], ys[n - 1]
        total_x = total_y = square_x = square_y = product = 0.0
        for j in range(n):
            from_x = xs[j] - last_x
            from_y = ys[j] - last_y
            total_x += from_x
            total_y += from_y
            square_x += from_x * from_x
            square_y += from_y * from_y
            product += from_x * from_y
        spread_x = max(square_x - total_x * total_x / n, 0.0)
        spread_y = max(square_y - total_y * total_y / n, 0.0)
        root = np.sqrt(spread_x * spread_y)
        value = (product - total_x * total_y / n) / root if root > 0.0 else 0.0
        out[i] = min(max(value, -1.0), 1.0)


@compiled  # type: ignore[untyped-decorator]
def vortex(high: Row, low: Row, close: Row, n: int, plus: Row, minus: Row) -> None:
    """Three window sums."""
    ups, downs, moves = np.zeros(high.size), np.zeros(high.size), np.zeros(high.size)
    for i in range(1, high.size):
        ups[i] = abs(high[i] - low[i - 1])
        downs[i] = abs(low[i] - high[i - 1])
        moves[i] = true_range(high[i], low[i], close[i - 1])
    windowed_sum(ups[1:], n, plus[n:])
    windowed_sum(downs[1:], n, minus[n:])
    windowed_sum(moves[1:], n, ups[n:])
    for i in range(n, high.size):
        moved = ups[i]
        plus[i] = plus[i] / moved if moved != 0.0 else 0.0
        minus[i] = minus[i] / moved if moved != 0.0 else 0.0


ALONE = {
    "CORREL": correl,
    "VORTEX": vortex,
    "TRANGE": trange,
    "SUPERTREND": supertrend,
    "KC": kc,
    "MACD": macd,
    "MACDFIX": macdfix,
    "KAMA": kama,
    "HA": ha,
    "WAD": wad,
    "OBV": obv,
    "T3": t3,
}
"""Indicator to kernel."""

TOGETHER = (
    (directional, ("PLUS_DM", "MINUS_DM", "PLUS_DI", "MINUS_DI", "DX", "ADX", "ADXR"), "hlc"),
    (strength, ("RSI", "CMO"), "c"),
    (ranges, ("ATR", "NATR"), "hlc"),
    (volume_indices, ("NVI", "PVI"), "cv"),
)
"""Kernels of several indicators that have the same parameters, and their columns."""

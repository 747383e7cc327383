"""The compiled loop: for every chunk of bars, one operation after the other.

This is the only function that is compiled as a whole and kept on disk; everything it calls is
compiled into it. It releases the interpreter's lock.
"""

from numba import njit

from hwdoctor.workloads.indicators.numba_lanes import (
    direct,
    hilbert,
    moments,
    recursions,
    stops,
    transfer,
    windows,
)
from hwdoctor.workloads.indicators.numba_lanes import elementwise as single
from hwdoctor.workloads.indicators.numba_lanes.code import (
    FIRST,
    INTEGERS,
    OUT,
    REALS,
    STATE,
    A,
    B,
    C,
    M,
    N,
    Op,
)
from hwdoctor.workloads.indicators.numba_lanes.memory import integer, number
from hwdoctor.workloads.indicators.numba_lanes.vector import ROW_BYTES

ROW, REAL_ROW = 8 * INTEGERS, 8 * REALS


@njit(error_model="numpy", nogil=True, cache=True)  # type: ignore[untyped-decorator]
def run(
    code: int,
    reals: int,
    operations: int,
    base: int,
    inputs: int,
    outputs: int,
    kind: int,
    total: int,
    span: int,
) -> None:
    """Work off all bars of eight symbols. Everything is an address or a number.

    Args:
        code: int64 `[operations, INTEGERS]`, see `code`.
        reals: float64 `[operations, REALS]`.
        operations: how many.
        base: of the buffer; every address in `code` counts from here.
        inputs: int64 `[columns, 8]`, addresses of the symbols' first bars.
        outputs: the same of what is written.
        kind: 0 float64, 1 float32, 2 float64 whose outputs are streamed past the caches.
        total: bars in all.
        span: bars in a chunk.
    """
    for t in range(0, total, span):
        bars = min(span, total - t)
        for at in range(operations):
            row, real = code + at * ROW, reals + at * REAL_ROW
            _operate(row, real, base, inputs, outputs, kind, t, bars)


@njit(error_model="numpy", inline="never")  # type: ignore[untyped-decorator]
def _operate(  # noqa: C901, PLR0912, PLR0915 -- a jump table
    row: int, real: int, base: int, inputs: int, outputs: int, kind: int, t: int, bars: int
) -> None:
    op = integer(row)
    out = base + integer(row + 8 * OUT)
    out2 = base + integer(row + 8 * (OUT + 1))
    a, sa = base + integer(row + 8 * A), integer(row + 8 * (A + 1))
    b, sb = base + integer(row + 8 * B), integer(row + 8 * (B + 1))
    c, sc = base + integer(row + 8 * C), integer(row + 8 * (C + 1))
    first, n, m = integer(row + 8 * FIRST), integer(row + 8 * N), integer(row + 8 * M)
    state = base + integer(row + 8 * STATE)
    if op == Op.LOAD:
        transfer.load(out, inputs + n * ROW_BYTES, 1 if kind == 1 else 0, t, bars)
    elif op == Op.STORE:
        transfer.store(outputs + n * ROW_BYTES, kind, a, sa, first, t, bars)
    elif op == Op.SLIDE:
        transfer.slide(out, bars, n)
    elif op == Op.ADD:
        single.add(out, a, sa, b, sb, bars)
    elif op == Op.SUBTRACT:
        single.subtract(out, a, sa, b, sb, bars)
    elif op == Op.MULTIPLY:
        single.multiply(out, a, sa, b, sb, bars)
    elif op == Op.DIVIDE:
        single.divide(out, a, sa, b, sb, bars)
    elif op == Op.RATIO:
        single.ratio(out, a, sa, b, sb, c, sc, number(real), bars)
    elif op == Op.MAXIMUM:
        single.maximum(out, a, sa, b, sb, bars)
    elif op == Op.MINIMUM:
        single.minimum(out, a, sa, b, sb, bars)
    elif op == Op.ABSOLUTE:
        single.magnitude(out, a, sa, bars)
    elif op == Op.ROOT:
        single.square_root(out, a, sa, bars)
    elif op == Op.ARCTAN:
        single.angle(out, a, sa, bars)
    elif op == Op.SINE:
        single.sine_of(out, a, sa, bars)
    elif op == Op.TRUNCATED:
        single.whole(out, a, sa, bars)
    elif op == Op.LESS:
        single.less(out, a, sa, b, sb, bars)
    elif op == Op.LESS_EQUAL:
        single.less_equal(out, a, sa, b, sb, bars)
    elif op == Op.EQUAL:
        single.equal(out, a, sa, b, sb, bars)
    elif op == Op.BOTH:
        single.both(out, a, sa, b, sb, bars)
    elif op == Op.EITHER:
        single.either(out, a, sa, b, sb, bars)
    elif op == Op.OPPOSITE:
        single.opposite(out, a, sa, bars)
    elif op == Op.WHERE:
        single.chosen(out, a, sa, b, sb, c, sc, bars)
    elif op == Op.FIRST_THEN:
        single.first_then(out, a, sa, b, sb, first - t, bars)
    elif op == Op.SUM:
        windows.windowed_sum(out, a, sa, first, n, number(real), state, t, bars)
    elif op == Op.WEIGHTED_SUM:
        windows.windowed_weighted_sum(out, a, sa, first, n, number(real), state, t, bars)
    elif op == Op.LARGEST:
        windows.windowed_extreme(out, a, sa, first, n, 1.0, state, t, bars)
    elif op == Op.SMALLEST:
        windows.windowed_extreme(out, a, sa, first, n, -1.0, state, t, bars)
    elif op == Op.SINCE_LARGEST:
        windows.bars_since_largest(out, a, sa, first, n, state, t, bars)
    elif op == Op.VARIANCE:
        moments.windowed_variance(out, a, sa, first, n, state, t, bars)
    elif op == Op.COVARIANCE:
        moments.windowed_covariance(out, a, sa, b, sb, first, n, state, t, bars)
    elif op == Op.MEAN_DEVIATION:
        direct.windowed_mean_deviation(out, out2, a, sa, first, n, t, bars)
    elif op == Op.COUNT_BELOW:
        direct.count_below(out, a, sa, first, n, t, bars)
    elif op == Op.ORDER:
        direct.order_statistic(out, a, sa, first, n, m, state, t, bars)
    elif op == Op.VARYING_SUM:
        direct.varying_sum(out, a, sa, b, sb, first, t, bars)
    elif op == Op.HEAD_SUM:
        recursions.head_sum(out, a, sa, first, state, t, bars)
    elif op == Op.SEEDED:
        recursions.seeded(
            out, a, sa, first, n, number(real), number(real + 8), number(real + 16), state, t, bars
        )
    elif op == Op.RECURRENCE:
        recursions.recurrence(out, a, sa, first, number(real), state, t, bars)
    elif op == Op.VARYING_RECURRENCE:
        recursions.varying_recurrence(out, a, sa, b, sb, first, state, t, bars)
    elif op == Op.PARABOLIC:
        stops.parabolic(
            out,
            out2,
            a,
            b,
            number(real),
            number(real + 8),
            number(real + 16),
            number(real + 24),
            number(real + 32),
            number(real + 40),
            number(real + 48),
            number(real + 56),
            state,
            t,
            bars,
        )
    elif op == Op.SUPERTREND:
        stops.supertrend(out, out2, a, b, sb, c, first, state, t, bars)
    elif op == Op.DISCRIMINATOR:
        hilbert.discriminator(
            out,
            out2,
            base + integer(row + 8 * (OUT + 2)),
            base + integer(row + 8 * (OUT + 3)),
            base + integer(row + 8 * (OUT + 4)),
            a,
            first,
            n,
            state,
            t,
            bars,
        )
    elif op == Op.PHASE:
        hilbert.phase(out, a, b, first, t, bars)

"""Chunks of bars from the caller's arrays and back; see `blocks` for what `rows` is."""

from hwdoctor.workloads.indicators.numba_lanes.blocks import (
    announce,
    one,
    read_doubles,
    read_singles,
    set_one,
    stream_doubles,
    write_doubles,
    write_singles,
)
from hwdoctor.workloads.indicators.numba_lanes.elementwise import compiled
from hwdoctor.workloads.indicators.numba_lanes.memory import get, integer, number, put, set_number
from hwdoctor.workloads.indicators.numba_lanes.vector import ROW_BYTES, WIDTH

NAN = float("nan")


@compiled  # type: ignore[untyped-decorator]
def load(out: int, rows: int, single: int, t: int, bars: int) -> None:
    """Bars `t` to `t + bars` of eight symbols."""
    whole = bars - bars % WIDTH
    for i in range(0, whole, WIDTH):
        announce(rows, t + bars + i, single)
        if single:
            read_singles(rows, t + i, out + i * ROW_BYTES)
        else:
            read_doubles(rows, t + i, out + i * ROW_BYTES)
    for i in range(whole, bars):
        for lane in range(WIDTH):
            set_number(out + i * ROW_BYTES + lane * 8, one(rows, lane, t + i, single))


@compiled  # type: ignore[untyped-decorator]
def store(rows: int, kind: int, a: int, sa: int, first: int, t: int, bars: int) -> None:
    """Bars before `first` become NaN. `kind` 0: float64, 1: float32, 2: float64, streamed.

    A streamed block goes past the caches; its target must be aligned to a cache line.
    """
    whole = bars - bars % WIDTH
    single = 1 if kind == 1 else 0
    for i in range(0, whole, WIDTH):
        if t + i < first or sa == 0:
            _one_by_one(rows, single, a, sa, first, t, i, i + WIDTH)
        elif kind == 2:
            stream_doubles(rows, t + i, a + i * ROW_BYTES)
        elif kind == 1:
            write_singles(rows, t + i, a + i * ROW_BYTES)
        else:
            write_doubles(rows, t + i, a + i * ROW_BYTES)
    _one_by_one(rows, single, a, sa, first, t, whole, bars)


@compiled  # type: ignore[untyped-decorator]
def _one_by_one(
    rows: int, single: int, a: int, sa: int, first: int, t: int, begin: int, end: int
) -> None:
    for i in range(begin, end):
        for lane in range(WIDTH):
            if integer(rows + lane * 8) != 0:
                value = number(a + i * sa + lane * 8) if t + i >= first else NAN
                set_one(rows, lane, t + i, single, value)


@compiled  # type: ignore[untyped-decorator]
def slide(base: int, bars: int, history: int) -> None:
    """The last bars become the history before the next chunk."""
    for i in range(history):
        put(base + i * ROW_BYTES, get(base + (bars + i) * ROW_BYTES))

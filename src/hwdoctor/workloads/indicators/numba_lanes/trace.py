"""The vocabulary, written down: formulas run over `Stream`, and nothing is computed."""

from collections.abc import Callable, Mapping
from typing import Any

from hwdoctor.workloads.indicators.numba_lanes.code import Op
from hwdoctor.workloads.indicators.numba_lanes.stream import (
    SCALED,
    Functions,
    Node,
    Stream,
    Trace,
    apply,
)
from hwdoctor.workloads.indicators.primitives import Primitives


class TracingPrimitives(Primitives):
    """The vocabulary, written down; see `Primitives` for what the words mean."""

    xp = Functions

    def __init__(self, trace: Trace) -> None:
        self.trace = trace

    # Series of which nothing is computed

    def zeros(self, like: Stream, bars: int) -> Stream:  # noqa: ARG002 -- one kind of series
        return Stream(self.trace, self.trace.constant(0.0), self.trace.bars - bars)

    def since(self, x: Stream, bars: int) -> Stream:
        return Stream(x.trace, x.node, x.start + bars, x.ago)

    def shift(self, x: Stream, bars: int) -> Stream:
        return Stream(x.trace, x.node, x.start + bars, x.ago + bars)

    def last(self, x: Stream, bars: int) -> Stream:
        return Stream(x.trace, x.node, x.trace.bars - bars, x.ago)

    def align(self, *series: Stream) -> tuple[Stream, ...]:
        start = max(x.start for x in series)
        return tuple(Stream(x.trace, x.node, start, x.ago) for x in series)

    def head(self, x: Stream, bar: int = 0) -> Stream:
        return Stream(x.trace, x.node, x.start + bar, x.ago, single=True)

    def join(self, first: Stream, rest: Stream) -> Stream:
        bars = first.shape[-1]
        if bars == 0:
            return rest
        begin = rest.start - bars
        if first.single and first.start != begin:
            raise AssertionError(f"a head at bar {first.start} before bar {rest.start}")
        node = self.trace.node(Op.FIRST_THEN, (first.operand, rest.operand), first=rest.start)
        return Stream(self.trace, node, begin)

    def numbers(self, condition: Stream, like: Stream) -> Stream:  # noqa: ARG002 -- they are
        return condition

    def integers(self, x: Stream) -> Stream:
        return apply(Op.TRUNCATED, x)

    def ratio(self, a: Stream, b: Stream, otherwise: Any = 0.0) -> Stream:
        return apply(Op.RATIO, a, b, otherwise)

    # Windows

    def _windowed(self, op: Op, x: Stream, n: int, rows: int, *more: int) -> Stream:
        node = self.trace.node(
            op,
            (x.operand,),
            first=x.start,
            integers=(n, *more),
            state_rows=rows,
            reals=(1.0,) if op in SCALED else (),
        )
        return Stream(self.trace, node, x.start + n - 1)

    def windowed_sum(self, x: Stream, window: int) -> Stream:
        return self._windowed(Op.SUM, x, window, 1 + window)

    def windowed_weighted_sum(self, x: Stream, window: int) -> Stream:
        return self._windowed(Op.WEIGHTED_SUM, x, window, 2 + window)

    def windowed_max(self, x: Stream, window: int) -> Stream:
        return self._windowed(Op.LARGEST, x, window, 1 + window)

    def windowed_min(self, x: Stream, window: int) -> Stream:
        return self._windowed(Op.SMALLEST, x, window, 1 + window)

    def bars_since_max(self, x: Stream, window: int) -> Stream:
        return self._windowed(Op.SINCE_LARGEST, x, window, 2 + 2 * window)

    def windowed_variance(self, x: Stream, window: int) -> Stream:
        return self._windowed(Op.VARIANCE, x, window, 3 + 2 * window)

    def windowed_covariance(self, x: Stream, y: Stream, window: int) -> Stream:
        start = max(x.start, y.start)
        node = self.trace.node(
            Op.COVARIANCE,
            (x.operand, y.operand),
            first=start,
            integers=(window,),
            state_rows=5 + 3 * window,
        )
        return Stream(self.trace, node, start + window - 1)

    def windowed_mean_deviation(self, x: Stream, window: int) -> tuple[Stream, Stream]:
        off, distance = self._several(
            Op.MEAN_DEVIATION, 2, (x,), window - 1, first=x.start, integers=(window,)
        )
        return off, distance

    def windowed_count_below(self, x: Stream, window: int) -> Stream:
        return self.since(self._windowed(Op.COUNT_BELOW, x, window, 0), 1)

    def windowed_order_statistic(self, x: Stream, window: int, rank: int) -> Stream:
        return self._windowed(Op.ORDER, x, window, window, rank)

    def varying_windowed_sum(self, x: Stream, windows: Stream, longest: int) -> Stream:
        node = self.trace.node(
            Op.VARYING_SUM,
            (x.operand, windows.operand),
            first=windows.start,
            integers=(longest,),
        )
        return Stream(self.trace, node, windows.start)

    # Recursions

    def head_sum(self, x: Stream, bars: int) -> Stream:
        node = self.trace.node(Op.HEAD_SUM, (x.operand,), first=x.start, state_rows=1)
        return Stream(self.trace, node, x.start + bars - 1, single=True)

    def seeded(self, x: Stream, window: int, decay: float, gain: float, scale: float) -> Stream:
        node = self.trace.node(
            Op.SEEDED,
            (x.operand,),
            first=x.start,
            integers=(window,),
            reals=(decay, gain, scale),
            state_rows=1,
        )
        return Stream(self.trace, node, x.start + window - 1)

    def cumulative_sum(self, x: Stream) -> Stream:
        return self.recurrence(x, 1.0)

    def recurrence(self, x: Stream, decay: float) -> Stream:
        node = self.trace.node(
            Op.RECURRENCE, (x.operand,), first=x.start, reals=(decay,), state_rows=1
        )
        return Stream(self.trace, node, x.start)

    def varying_recurrence(self, decay: Stream, x: Stream) -> Stream:
        start = max(decay.start, x.start)
        node = self.trace.node(
            Op.VARYING_RECURRENCE, (decay.operand, x.operand), first=start, state_rows=1
        )
        return Stream(self.trace, node, start)

    # Whole recursions with several results

    def _several(
        self, op: Op, results: int, series: tuple[Stream, ...], later: int, **more: Any
    ) -> tuple[Stream, ...]:
        operands = tuple(x.operand for x in series)
        whole = self.trace.node(op, operands, results=results, **more)
        start = max(x.start for x in series) + later
        parts = (
            whole if k == 0 else self.trace.node(None, integers=(k,), source=whole)
            for k in range(results)
        )
        return tuple(Stream(self.trace, part, start) for part in parts)

    def compiled(self, name: str) -> Callable[..., Any] | None:
        own: Mapping[str, Callable[..., Any]] = {
            "parabolic": self._parabolic,
            "supertrend_lines": self._supertrend_lines,
            "discriminator": self._discriminator,
            "phase": self._phase,
        }
        return own.get(name)

    def _parabolic(
        self, high: Stream, low: Stream, start: float, offset: float, rising: Any, falling: Any
    ) -> tuple[Stream, ...]:
        reals = (float(start), float(offset), *map(float, rising), *map(float, falling))
        return self._several(Op.PARABOLIC, 2, (high, low), 1, reals=reals, state_rows=4)

    def _supertrend_lines(self, middle: Stream, reach: Stream, close: Stream) -> tuple[Stream, ...]:
        series = (middle, reach, close)
        start = max(x.start for x in series)
        return self._several(Op.SUPERTREND, 2, series, 0, first=start, state_rows=3)

    def _discriminator(self, price: Stream, warm_up: int) -> tuple[Stream, ...]:
        return self._several(
            Op.DISCRIMINATOR,
            5,
            (price,),
            warm_up,
            first=price.start,
            integers=(warm_up,),
            state_rows=30,
        )

    def _phase(self, found: tuple[Stream, ...]) -> Stream:
        smooth, slow = found[0], found[4]
        node = self.trace.node(Op.PHASE, (smooth.operand, slow.operand), first=slow.start)
        return Stream(self.trace, node, slow.start)

    # What no formula reaches on this backend

    def cumulative(self, x: Stream) -> Stream:
        raise NotImplementedError

    def cumulative_max(self, x: Stream) -> Stream:
        raise NotImplementedError

    def flip(self, x: Stream) -> Stream:
        raise NotImplementedError

    def table(self, rows: list[list[float]], like: Stream) -> Stream:
        raise NotImplementedError

    def scan(self, step: Any, state: Any, series: Any) -> Any:
        raise NotImplementedError


def history(node: Node, place: int) -> int:
    """How many bars before the present one an operation reads of an operand."""
    n = node.integers[0] if node.integers else 0
    if node.op in {Op.COUNT_BELOW, Op.ORDER}:
        return n
    if node.op is Op.VARYING_SUM:
        return n - 1 if place == 0 else 0
    if node.op is Op.DISCRIMINATOR:
        return 3
    if node.op is Op.PHASE:
        return 52 if place == 0 else 0
    if node.op in {Op.PARABOLIC, Op.SUPERTREND}:
        return 1
    windows = {
        Op.SUM,
        Op.WEIGHTED_SUM,
        Op.LARGEST,
        Op.SMALLEST,
        Op.SINCE_LARGEST,
        Op.VARIANCE,
        Op.COVARIANCE,
        Op.MEAN_DEVIATION,
    }
    return n - 1 if node.op in windows else 0

"""From a trace to numbers for the machine: what is kept where, and when a place is free again.

A node's rows for one chunk are a register. One that nobody looks back at is free after its last
use and taken again by the next node, so that what is hot stays in the nearest cache. One that is
looked back at keeps its last bars in front of the chunk's, and slides them there at the end.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hwdoctor.workloads.indicators.formulas import Request, series_of
from hwdoctor.workloads.indicators.numba_lanes.code import (
    FIRST,
    INTEGERS,
    OPERATION,
    OUT,
    REALS,
    STATE,
    A,
    N,
    Op,
)
from hwdoctor.workloads.indicators.numba_lanes.stream import Node, Stream, Trace
from hwdoctor.workloads.indicators.numba_lanes.trace import TracingPrimitives, history
from hwdoctor.workloads.indicators.numba_lanes.vector import ROW_BYTES, WIDTH
from hwdoctor.workloads.indicators.shared import Bars

SPAN = 128
"""Bars in a chunk: registers of 8 KiB."""
NEVER_CONSTANT = {
    *((Op.PARABOLIC, k) for k in range(2)),
    *((Op.SUPERTREND, k) for k in (0, 2)),
    *((Op.PHASE, k) for k in range(2)),
    (Op.DISCRIMINATOR, 0),
}
"""Operands that are read row by row, whatever their step."""
Output = tuple[str, str]
"""An indicator and one of its outputs."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """Independent of where inputs and outputs are, and of the number of symbols."""

    code: Any
    reals: Any
    bars: int
    rows: int
    """Of the buffer."""
    constants: Mapping[int, float]
    """Row to value."""
    columns: tuple[str, ...]
    outputs: tuple[Output, ...]
    span: int

    def buffer(self) -> Any:
        """`[rows, 8]`, aligned to cache lines, as it is before the first bar."""
        raw = np.zeros(self.rows * WIDTH + WIDTH)
        begin = -raw.ctypes.data % ROW_BYTES // raw.itemsize
        rows = raw[begin : begin + self.rows * WIDTH].reshape(self.rows, WIDTH)
        for row, value in self.constants.items():
            rows[row] = value
        return rows


def program(requests: Sequence[Request], bars: int, dtype: str) -> Program:
    """What computes these indicators over so many bars."""
    trace = Trace(bars=bars, dtype=dtype)
    names = tuple(dict.fromkeys(name for entry, _ in requests for name in entry.inputs))
    columns = {
        name: Stream(trace, trace.node(Op.LOAD, integers=(place,)), 0)
        for place, name in enumerate(names)
    }
    known = Bars(TracingPrimitives(trace), columns)
    outputs: list[Output] = []
    for entry, values in requests:
        for output, series in zip(entry.outputs, series_of(known, entry, values), strict=True):
            begin = min(entry.lookback(values), bars)
            if series.start != begin:
                raise AssertionError(f"{entry.name}: bar {series.start}, not {begin}")
            trace.nodes.append(
                Node(
                    op=Op.STORE,
                    operands=(series.operand,),
                    first=begin,
                    integers=(len(outputs),),
                    results=0,
                )
            )
            outputs.append((entry.name, output))
    return _Assembler(trace).assembled(names, tuple(outputs))


def _needed(nodes: Sequence[Node]) -> list[Node]:
    """Without what no output asks for: what was replaced by something shorter."""
    asked: set[Node] = set()
    for node in reversed(nodes):
        if node.op is Op.STORE or node in asked:
            asked.update(read for read, _ in node.operands)
            asked.add(node)
            if node.source is not None:
                asked.add(node.source)
    # All results of an operation are written, so all have a place.
    return [node for node in nodes if node in asked or node.source in asked]


class _Assembler:
    """Places for all nodes, and a row of numbers for every operation."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.nodes = _needed(trace.nodes)
        self.kept: dict[Node, int] = {}
        self.last_use: dict[Node, int] = {}
        for at, node in enumerate(self.nodes):
            for place, (read, ago) in enumerate(node.operands):
                reach = ago + history(node, place)
                self.kept[read] = max(self.kept.get(read, 0), reach)
                self.last_use[read] = at
        longest = max(self.kept.values(), default=0)
        # A history that is much longer than the chunk would be moved for every few bars.
        self.span = min(max(SPAN, longest // 2 + WIDTH - longest // 2 % WIDTH), 1 << 15)
        self.rows = 0
        self.free: list[int] = []
        self.place: dict[Node, int] = {}
        self.constants: dict[int, float] = {}

    def assembled(self, columns: tuple[str, ...], outputs: tuple[Output, ...]) -> Program:
        """The whole program."""
        code: list[list[int]] = []
        reals: list[list[float]] = []
        for at, node in enumerate(self.nodes):
            if node.constant is not None:
                self._constant(node, node.constant)
            elif node.op is not None:
                results = self._results(node)
                # Before the results: every operation has read a bar when it writes that bar.
                self._released(at, [read for read, _ in node.operands])
                places = [self._register(result) for result in results]
                code.append(self._row(node, places))
                reals.append([*node.reals, *[0.0] * (REALS - len(node.reals))])
                self._released(at, results)
        for node, kept in self.kept.items():
            if kept and node.constant is None:
                row = [0] * INTEGERS
                row[OPERATION], row[N] = int(Op.SLIDE), kept
                row[OUT] = (self.place[node] - kept) * ROW_BYTES
                code.append(row)
                reals.append([0.0] * REALS)
        return Program(
            code=np.array(code, np.int64),
            reals=np.array(reals),
            bars=self.trace.bars,
            rows=self.rows,
            constants=self.constants,
            columns=columns,
            outputs=outputs,
            span=self.span,
        )

    def _results(self, node: Node) -> list[Node]:
        """The node itself stands for its first result, others for what follows."""
        if node.results < 2:
            return [node][: node.results]
        parts = {part.integers[0]: part for part in self.nodes if part.source is node}
        return [node, *(parts[k] for k in range(1, node.results))]

    def _new(self, rows: int) -> int:
        self.rows += rows
        return self.rows - rows

    def _constant(self, node: Node, value: float) -> None:
        self.place[node] = self._new(1)
        self.constants[self.place[node]] = value

    def _register(self, node: Node) -> int:
        """The row of the chunk's first bar."""
        kept = self.kept.get(node, 0)
        if kept:
            self.place[node] = self._new(kept + self.span) + kept
        else:
            self.place[node] = self.free.pop() if self.free else self._new(self.span)
        return self.place[node]

    def _released(self, at: int, nodes: list[Node]) -> None:
        for node in dict.fromkeys(nodes):
            over = self.last_use.get(node, at) <= at
            if over and node.constant is None and not self.kept.get(node, 0):
                self.free.append(self.place[node])

    def _row(self, node: Node, places: list[int]) -> list[int]:
        row = [0] * INTEGERS
        row[OPERATION] = int(node.op or 0)
        for k, place in enumerate(places):
            row[OUT + k] = place * ROW_BYTES
        for k, (read, ago) in enumerate(node.operands):
            fixed = read.constant is not None
            if fixed and (node.op, k) in NEVER_CONSTANT:
                raise AssertionError(f"{node.op!r} does not take a constant")
            row[A + 2 * k] = (self.place[read] - (0 if fixed else ago)) * ROW_BYTES
            row[A + 2 * k + 1] = 0 if fixed else ROW_BYTES
        row[FIRST] = node.first
        for k, value in enumerate(node.integers):
            row[N + k] = value
        if node.state_rows:
            row[STATE] = self._new(node.state_rows) * ROW_BYTES
        return row

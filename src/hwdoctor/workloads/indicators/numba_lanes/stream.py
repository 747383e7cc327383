"""Formulas run over symbolic series: each operation is written down instead of computed.

A `Stream` is a series of the vocabulary (see `primitives`): a node's value so many bars ago, from
a first bar on. What was ago costs nothing, what was said twice is one node, and constants fold.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hwdoctor.workloads.indicators.numba_lanes.code import Op

Operand = tuple["Node", int]
"""A node and how many bars ago."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Node:
    """One operation and its operands."""

    op: Op | None
    """None: a constant, or one of another node's further results."""
    operands: tuple[Operand, ...] = field(default=(), repr=False)
    first: int = 0
    integers: tuple[int, ...] = ()
    reals: tuple[float, ...] = ()
    results: int = 1
    constant: float | None = None
    source: "Node | None" = None
    """Whose result number `integers[0]` this is."""
    state_rows: int = 0


@dataclass(kw_only=True)
class Trace:
    """All nodes in the order in which they can be computed."""

    bars: int
    dtype: str
    nodes: list[Node] = field(default_factory=list)
    known: dict[tuple[Any, ...], Node] = field(default_factory=dict)

    def node(self, op: Op | None, operands: tuple[Operand, ...] = (), **more: Any) -> Node:
        """The node that says this, new or not."""
        key = (op, tuple((id(node), ago) for node, ago in operands), *more.items())
        if key not in self.known:
            self.known[key] = Node(op=op, operands=operands, **more)
            self.nodes.append(self.known[key])
        return self.known[key]

    def constant(self, value: float) -> Node:
        """A number."""
        # As text: 0.0 and -0.0 are equal, NaN is not equal to itself.
        key = ("constant", repr(value))
        if key not in self.known:
            self.known[key] = Node(op=None, constant=value)
            self.nodes.append(self.known[key])
        return self.known[key]


class Stream:
    """`[symbols, bars - start]`, or one bar of it where `single`."""

    def __init__(
        self, trace: Trace, node: Node, start: int, ago: int = 0, *, single: bool = False
    ) -> None:
        self.trace, self.node, self.start, self.ago, self.single = trace, node, start, ago, single

    @property
    def shape(self) -> tuple[int, int]:
        """Symbols are not known here: 1."""
        return 1, 1 if self.single else self.trace.bars - self.start

    @property
    def dtype(self) -> str:
        """Of the columns; the engine itself keeps float64."""
        return self.trace.dtype

    @property
    def operand(self) -> Operand:
        """What an operation reads."""
        return self.node, self.ago

    def __add__(self, other: Any) -> "Stream":
        return apply(Op.ADD, self, other)

    def __radd__(self, other: Any) -> "Stream":
        return apply(Op.ADD, other, self)

    def __sub__(self, other: Any) -> "Stream":
        return apply(Op.SUBTRACT, self, other)

    def __rsub__(self, other: Any) -> "Stream":
        return apply(Op.SUBTRACT, other, self)

    def __mul__(self, other: Any) -> "Stream":
        return apply(Op.MULTIPLY, self, other)

    def __rmul__(self, other: Any) -> "Stream":
        return apply(Op.MULTIPLY, other, self)

    def __truediv__(self, other: Any) -> "Stream":
        return apply(Op.DIVIDE, self, other)

    def __rtruediv__(self, other: Any) -> "Stream":
        return apply(Op.DIVIDE, other, self)

    def __pow__(self, exponent: int) -> "Stream":
        if exponent != 2:
            raise NotImplementedError(f"power {exponent}")
        return self * self

    def __neg__(self) -> "Stream":
        return apply(Op.SUBTRACT, 0.0, self)

    def __lt__(self, other: Any) -> "Stream":
        return apply(Op.LESS, self, other)

    def __le__(self, other: Any) -> "Stream":
        return apply(Op.LESS_EQUAL, self, other)

    def __gt__(self, other: Any) -> "Stream":
        return apply(Op.LESS, other, self)

    def __ge__(self, other: Any) -> "Stream":
        return apply(Op.LESS_EQUAL, other, self)

    def __eq__(self, other: object) -> "Stream":  # type: ignore[override]
        return apply(Op.EQUAL, self, other)

    def __ne__(self, other: object) -> "Stream":  # type: ignore[override]
        return ~apply(Op.EQUAL, self, other)

    def __and__(self, other: Any) -> "Stream":
        return apply(Op.BOTH, self, other)

    def __or__(self, other: Any) -> "Stream":
        return apply(Op.EITHER, self, other)

    def __invert__(self) -> "Stream":
        return apply(Op.OPPOSITE, self)

    __hash__ = None  # type: ignore[assignment]


SCALED = {Op.RATIO, Op.SUM, Op.WEIGHTED_SUM}
"""Operations that multiply what they find by a number on the way."""
_FOLDED: dict[Op, Callable[..., float]] = {
    Op.ADD: lambda a, b: a + b,
    Op.SUBTRACT: lambda a, b: a - b,
    Op.MULTIPLY: lambda a, b: a * b,
}


def apply(op: Op, *values: Any) -> Stream:
    """An operation on single bars; numbers among the operands are constants."""
    streams = [value for value in values if isinstance(value, Stream)]
    trace = streams[0].trace
    start = max(stream.start for stream in streams)
    operands = tuple(
        value.operand if isinstance(value, Stream) else (trace.constant(float(value)), 0)
        for value in values
    )
    single = any(stream.single for stream in streams)
    node, ago = _folded(trace, op, operands) or (_plain(trace, op, operands), 0)
    return Stream(trace, node, start, ago, single=single)


def _plain(trace: Trace, op: Op, operands: tuple[Operand, ...]) -> Node:
    return trace.node(op, operands, reals=(1.0,) if op in SCALED else ())


def _folded(trace: Trace, op: Op, operands: tuple[Operand, ...]) -> Operand | None:
    """What says the same with less: constants, and factors that an operation takes on itself."""
    constants = [node.constant for node, _ in operands]
    if op in _FOLDED and None not in constants:
        return trace.constant(_FOLDED[op](*constants)), 0
    if op is Op.DIVIDE and constants[1]:
        return _scaled(trace, operands[0], 1.0 / constants[1])
    if op is Op.MULTIPLY:
        for constant, other in zip(constants, reversed(operands), strict=True):
            if constant is not None:
                return _scaled(trace, other, constant)
    return None


def _scaled(trace: Trace, operand: Operand, factor: float) -> Operand:
    """An operand times a number."""
    node, ago = operand
    if factor in {0.0, 1.0}:
        return operand if factor else (trace.constant(0.0), 0)
    if node.op not in SCALED:
        return trace.node(Op.MULTIPLY, (operand, (trace.constant(factor), 0))), 0
    operands = node.operands
    if node.op is Op.RATIO:
        otherwise = node.operands[2][0].constant
        if otherwise is None:
            return trace.node(Op.MULTIPLY, (operand, (trace.constant(factor), 0))), 0
        operands = (*operands[:2], (trace.constant(otherwise * factor), 0))
    said = {"first": node.first, "integers": node.integers, "state_rows": node.state_rows}
    more: dict[str, Any] = said if node.op is not Op.RATIO else {}
    return trace.node(node.op, operands, **more, reals=(node.reals[0] * factor,)), ago


class Functions:
    """NumPy's names."""

    @staticmethod
    def where(chosen: Stream, a: Any, b: Any) -> Stream:
        return apply(Op.WHERE, chosen, a, b)

    @staticmethod
    def maximum(a: Any, b: Any) -> Stream:
        return apply(Op.MAXIMUM, a, b)

    @staticmethod
    def minimum(a: Any, b: Any) -> Stream:
        return apply(Op.MINIMUM, a, b)

    @staticmethod
    def abs(x: Stream) -> Stream:
        return apply(Op.ABSOLUTE, x)

    @staticmethod
    def sqrt(x: Stream) -> Stream:
        return apply(Op.ROOT, x)

    @staticmethod
    def arctan(x: Stream) -> Stream:
        return apply(Op.ARCTAN, x)

    @staticmethod
    def sin(x: Stream) -> Stream:
        return apply(Op.SINE, x)

"""Between the caller's `[symbols, bars]` and the engine's rows of eight: blocks of 8 x 8, turned.

`rows` is the address of eight addresses, those of the symbols' first bars. Everything in between
is float64; float32 columns are widened when they are read and rounded when they are written.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from hwdoctor.workloads.indicators.numba_lanes.vector import (
    DOUBLE,
    ROW_BYTES,
    VECTOR,
    WIDTH,
    intrinsic,
)

SINGLE = ir.FloatType()
SINGLES = ir.VectorType(SINGLE, WIDTH)
LONG = ir.IntType(64)
NOWHERE = ir.Constant(LONG, 0)


def _turned(builder: Any, rows: list[Any]) -> list[Any]:
    """The transposed block: exchange halves, then quarters, then neighbours."""
    for distance in (4, 2, 1):
        keep = [c if not c & distance else c - distance + WIDTH for c in range(WIDTH)]
        move = [c + distance if not c & distance else c + WIDTH for c in range(WIDTH)]
        after = list(rows)
        for i in range(WIDTH):
            if not i & distance:
                pair = rows[i], rows[i | distance]
                after[i] = builder.shuffle_vector(*pair, _order(keep))
                after[i | distance] = builder.shuffle_vector(*pair, _order(move))
        rows = after
    return rows


def _order(places: list[int]) -> Any:
    return ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), places)


def _begin(builder: Any, table: Any, lane: Any) -> Any:
    """Address of a symbol's first bar; 0 where there is no such symbol to be written."""
    addresses = builder.inttoptr(table, LONG.as_pointer())
    place = lane if isinstance(lane, ir.Value) else ir.Constant(LONG, lane)
    return builder.load(builder.gep(addresses, [place]))


def _symbol(builder: Any, table: Any, lane: int, bar: Any, item_bytes: int, kind: Any) -> Any:
    """Pointer to a bar of one symbol."""
    address = _begin(builder, table, lane)
    offset = builder.mul(bar, ir.Constant(LONG, item_bytes))
    return builder.inttoptr(builder.add(address, offset), kind.as_pointer())


def _row(builder: Any, address: Any, lane: int) -> Any:
    place = builder.add(address, ir.Constant(LONG, lane * ROW_BYTES))
    return builder.inttoptr(place, VECTOR.as_pointer())


def _reader(item_bytes: int, block: Any) -> Any:
    @intrinsic
    def read(typing: Any, rows: Any, bar: Any, out: Any) -> Any:  # noqa: ARG001
        def generate(context: Any, builder: Any, typed: Any, arguments: Any) -> Any:  # noqa: ARG001
            table, at, target = arguments
            found = []
            for lane in range(WIDTH):
                pointer = _symbol(builder, table, lane, at, item_bytes, block)
                value = builder.load(pointer, align=item_bytes)
                found.append(builder.fpext(value, VECTOR) if block is SINGLES else value)
            for lane, value in enumerate(_turned(builder, found)):
                builder.store(value, _row(builder, target, lane), align=ROW_BYTES)
            return context.get_dummy_value()

        return types.none(types.int64, types.int64, types.int64), generate

    return read


def _writer(item_bytes: int, block: Any, *, streaming: bool = False) -> Any:
    @intrinsic
    def write(typing: Any, rows: Any, bar: Any, source: Any) -> Any:  # noqa: ARG001
        def generate(context: Any, builder: Any, typed: Any, arguments: Any) -> Any:  # noqa: ARG001
            table, at, origin = arguments
            values = [
                builder.load(_row(builder, origin, lane), align=ROW_BYTES) for lane in range(WIDTH)
            ]
            for lane, value in enumerate(_turned(builder, values)):
                narrow = builder.fptrunc(value, SINGLES) if block is SINGLES else value
                wanted = builder.icmp_unsigned("!=", _begin(builder, table, lane), NOWHERE)
                with builder.if_then(wanted, likely=True):
                    pointer = _symbol(builder, table, lane, at, item_bytes, block)
                    align = item_bytes * WIDTH if streaming else item_bytes
                    stored = builder.store(narrow, pointer, align=align)
                    if streaming:
                        one = ir.Constant(ir.IntType(32), 1)
                        stored.set_metadata("nontemporal", builder.module.add_metadata([one]))
            return context.get_dummy_value()

        return types.none(types.int64, types.int64, types.int64), generate

    return write


read_doubles, write_doubles = _reader(8, VECTOR), _writer(8, VECTOR)
stream_doubles = _writer(8, VECTOR, streaming=True)
read_singles, write_singles = _reader(4, SINGLES), _writer(4, SINGLES)


@intrinsic
def one(typing: Any, rows: Any, lane: Any, bar: Any, single: Any) -> Any:  # noqa: ARG001
    """One bar of one symbol as float64."""

    def generate(context: Any, builder: Any, typed: Any, arguments: Any) -> Any:  # noqa: ARG001
        table, lane, bar, single = arguments
        pointer, narrow = _place(builder, table, lane, bar, single)
        wide = builder.inttoptr(pointer, DOUBLE.as_pointer())
        slim = builder.inttoptr(pointer, SINGLE.as_pointer())
        with builder.if_else(narrow) as (then, otherwise):
            with then:
                from_single = builder.fpext(builder.load(slim), DOUBLE)
                then_block = builder.block
            with otherwise:
                from_double = builder.load(wide)
                else_block = builder.block
        found = builder.phi(DOUBLE)
        found.add_incoming(from_single, then_block)
        found.add_incoming(from_double, else_block)
        return found

    return types.float64(types.int64, types.int64, types.int64, types.int64), generate


@intrinsic
def set_one(typing: Any, rows: Any, lane: Any, bar: Any, single: Any, value: Any) -> Any:  # noqa: ARG001
    """Write one bar of one symbol."""

    def generate(context: Any, builder: Any, typed: Any, arguments: Any) -> Any:  # noqa: ARG001
        table, lane, bar, single, value = arguments
        pointer, narrow = _place(builder, table, lane, bar, single)
        with builder.if_else(narrow) as (then, otherwise):
            with then:
                rounded = builder.fptrunc(value, SINGLE)
                builder.store(rounded, builder.inttoptr(pointer, SINGLE.as_pointer()))
            with otherwise:
                builder.store(value, builder.inttoptr(pointer, DOUBLE.as_pointer()))
        return context.get_dummy_value()

    kinds = types.int64, types.int64, types.int64, types.int64, types.float64
    return types.none(*kinds), generate


def _place(builder: Any, table: Any, lane: Any, bar: Any, single: Any) -> tuple[Any, Any]:
    address = _begin(builder, table, lane)
    narrow = builder.icmp_signed("!=", single, ir.Constant(LONG, 0))
    item = builder.select(narrow, ir.Constant(LONG, 4), ir.Constant(LONG, 8))
    return builder.add(address, builder.mul(bar, item)), narrow


@intrinsic
def announce(typing: Any, rows: Any, bar: Any, single: Any) -> Any:  # noqa: ARG001
    """Bars of all eight symbols that will be read soon."""

    def generate(context: Any, builder: Any, typed: Any, arguments: Any) -> Any:  # noqa: ARG001
        integer, byte = ir.IntType(32), ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [byte, integer, integer, integer])
        name = "llvm.prefetch.p0"
        function = cgutils.get_or_insert_function(builder.module, kind, name)
        to_read, near, data = (ir.Constant(integer, value) for value in (0, 2, 1))
        table, bar, single = arguments
        for lane in range(WIDTH):
            address, _ = _place(builder, table, ir.Constant(LONG, lane), bar, single)
            builder.call(function, [builder.inttoptr(address, byte), to_read, near, data])
        return context.get_dummy_value()

    return types.none(types.int64, types.int64, types.int64), generate

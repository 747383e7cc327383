"""Rows of eight and single numbers in memory, at addresses that are plain integers to Numba."""

from typing import Any

from llvmlite import ir
from numba import types

from hwdoctor.workloads.indicators.numba_lanes.vector import (
    DOUBLE,
    ROW_BYTES,
    VECTOR,
    WIDTH,
    intrinsic,
    lanes,
)


def _pointer(builder: Any, address: Any, kind: Any) -> Any:
    return builder.inttoptr(address, kind.as_pointer())


@intrinsic
def get(typing: Any, address: Any) -> Any:  # noqa: ARG001
    """The row at an address that is a multiple of `ROW_BYTES`."""

    def generate(context: Any, builder: Any, typed: Any, arguments: Any) -> Any:  # noqa: ARG001
        return builder.load(_pointer(builder, arguments[0], VECTOR), align=ROW_BYTES)

    return lanes(types.int64), generate


@intrinsic
def put(typing: Any, address: Any, value: Any) -> Any:  # noqa: ARG001
    """Write a row."""

    def generate(context: Any, builder: Any, typed: Any, arguments: Any) -> Any:  # noqa: ARG001
        builder.store(arguments[1], _pointer(builder, arguments[0], VECTOR), align=ROW_BYTES)
        return context.get_dummy_value()

    return types.none(types.int64, lanes), generate


@intrinsic
def number(typing: Any, address: Any) -> Any:  # noqa: ARG001
    """One float64 at an address."""

    def generate(context: Any, builder: Any, typed: Any, arguments: Any) -> Any:  # noqa: ARG001
        return builder.load(_pointer(builder, arguments[0], DOUBLE), align=8)

    return types.float64(types.int64), generate


@intrinsic
def integer(typing: Any, address: Any) -> Any:  # noqa: ARG001
    """One int64 at an address."""

    def generate(context: Any, builder: Any, typed: Any, arguments: Any) -> Any:  # noqa: ARG001
        return builder.load(_pointer(builder, arguments[0], ir.IntType(64)), align=8)

    return types.int64(types.int64), generate


@intrinsic
def looked_up(typing: Any, table: Any, places: Any) -> Any:  # noqa: ARG001
    """Eight numbers from a table at an address, by whole numbers that are places in it."""

    def generate(context: Any, builder: Any, typed: Any, arguments: Any) -> Any:  # noqa: ARG001
        integers = ir.VectorType(ir.IntType(64), WIDTH)
        places = builder.fptosi(arguments[1], integers)
        pointer = _pointer(builder, arguments[0], DOUBLE)
        found = ir.Constant(VECTOR, ir.Undefined)
        for lane in range(WIDTH):
            at = ir.Constant(ir.IntType(32), lane)
            one = builder.load(builder.gep(pointer, [builder.extract_element(places, at)]))
            found = builder.insert_element(found, one, at)
        return found

    return lanes(types.int64, lanes), generate


@intrinsic
def set_number(typing: Any, address: Any, value: Any) -> Any:  # noqa: ARG001
    """Write one float64."""

    def generate(context: Any, builder: Any, typed: Any, arguments: Any) -> Any:  # noqa: ARG001
        builder.store(arguments[1], _pointer(builder, arguments[0], DOUBLE), align=8)
        return context.get_dummy_value()

    return types.none(types.int64, types.float64), generate

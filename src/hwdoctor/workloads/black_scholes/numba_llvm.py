"""LLVM instructions for the compiled loop, which plain Numba does not reach.

Only what every LLVM target has, nothing of one processor: polynomials as multiply-adds in the
type of their argument (a Python float would promote float32 to float64), numbers taken apart by
their bits for exp and log, elements without Python's negative indices, and streaming stores.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic as untyped_intrinsic

from hwdoctor.workloads.black_scholes.coefficients import DOUBLE, SINGLE, Coefficients

VECTOR_BYTES = 64
"""Of one streaming store: a cache line. The target must be aligned to it."""

LAYOUT = {
    types.float64: (64, DOUBLE.mantissa_bits),
    types.float32: (32, SINGLE.mantissa_bits),
}
"""Bits of a number and of its mantissa."""


def _intrinsic(function: Callable[..., Any]) -> Any:
    return untyped_intrinsic(function)


def per_type(double: Coefficients, single: Coefficients) -> Any:
    """A polynomial whose coefficients depend on the type of its argument."""
    table = {types.float64: double, types.float32: single}

    @_intrinsic
    def polynomial(typing: Any, x: Any) -> Any:  # noqa: ARG001 -- Numba's protocol
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
            return _even_odd(builder, arguments[0], table[x])

        return x(x), generate

    return polynomial


def _even_odd(builder: Any, x: Any, coefficients: Coefficients) -> Any:
    """Even and odd powers as two Horner chains side by side: half the latency of one."""
    constants = [ir.Constant(x.type, value) for value in coefficients]
    if len(constants) == 1:
        return constants[0]
    square = builder.fmul(x, x)
    odd = _horner(builder, square, constants[1::2])
    return _multiply_add(builder, odd, x, _horner(builder, square, constants[0::2]))


def _horner(builder: Any, x: Any, constants: list[Any]) -> Any:
    total = constants[-1]
    for constant in reversed(constants[:-1]):
        total = _multiply_add(builder, total, x, constant)
    return total


def _multiply_add(builder: Any, a: Any, b: Any, c: Any) -> Any:
    """`llvm.fmuladd`: fused where the machine can, never a call into a library."""
    kind = ir.FunctionType(a.type, [a.type] * 3)
    function = builder.module.declare_intrinsic("llvm.fmuladd", [a.type], kind)
    return builder.call(function, [a, b, c])


@_intrinsic
def times_power_of_two(typing: Any, x: Any, shifted: Any) -> Any:  # noqa: ARG001
    """`x * 2**n`, where `shifted` is n plus the shifter: n is added to the exponent bits."""
    bits, mantissa = LAYOUT[x]

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        integer = ir.IntType(bits)
        n = builder.bitcast(arguments[1], integer)
        raised = builder.shl(n, ir.Constant(integer, mantissa))
        total = builder.add(builder.bitcast(arguments[0], integer), raised)
        return builder.bitcast(total, arguments[0].type)

    return x(x, x), generate


@_intrinsic
def brought_near(typing: Any, a: Any, b: Any) -> Any:  # noqa: ARG001
    """`(b * 2**k, k)` with a / (b * 2**k) between 2**-0.59 and 2**0.59; positive normal numbers.

    The difference of the bits of two such numbers is nearly the logarithm of their ratio: off by
    at most 0.086 of a power of two.
    """
    bits, mantissa = LAYOUT[a]

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        integer = ir.IntType(bits)
        of_a, of_b = (builder.bitcast(value, integer) for value in arguments)
        difference = builder.sub(of_a, of_b)
        rounded = builder.add(difference, ir.Constant(integer, 1 << (mantissa - 1)))
        k = builder.ashr(rounded, ir.Constant(integer, mantissa))
        moved = builder.add(of_b, builder.shl(k, ir.Constant(integer, mantissa)))
        near = builder.bitcast(moved, arguments[0].type)
        power = builder.sitofp(k, arguments[0].type)
        return context.make_tuple(builder, signature.return_type, [near, power])

    return types.UniTuple(a, 2)(a, b), generate


def _pointer(context: Any, builder: Any, kind: Any, array: Any, index: Any) -> Any:
    data = context.make_array(kind)(context, builder, array).data
    return builder.gep(data, [index], inbounds=True)


def _input_scope(module: Any) -> Any:
    domain = module.add_metadata([ir.MetaDataString(module, "black_scholes")])
    scope = module.add_metadata([ir.MetaDataString(module, "inputs"), domain])
    return module.add_metadata([scope])


@_intrinsic
def load(typing: Any, array: Any, index: Any) -> Any:  # noqa: ARG001
    """An element of an input."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        value = builder.load(_pointer(context, builder, array, *arguments))
        value.set_metadata("alias.scope", _input_scope(builder.module))
        return value

    return array.dtype(array, types.intp), generate


@_intrinsic
def store(typing: Any, array: Any, index: Any, value: Any) -> Any:  # noqa: ARG001
    """Set an element of an array that no input overlaps."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        pointer = _pointer(context, builder, array, *arguments[:2])
        stored = builder.store(arguments[2], pointer)
        stored.set_metadata("noalias", _input_scope(builder.module))
        return context.get_dummy_value()

    return types.none(array, types.intp, array.dtype), generate


@_intrinsic
def stream(typing: Any, target: Any, i: Any, source: Any, j: Any) -> Any:  # noqa: ARG001
    """One cache line from `source[j:]` to `target[i:]`, past the caches."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        element_bytes = LAYOUT[target.dtype][0] // 8
        element = context.get_data_type(target.dtype)
        line = ir.VectorType(element, VECTOR_BYTES // element_bytes).as_pointer()
        origin = _pointer(context, builder, source, *arguments[2:])
        value = builder.load(builder.bitcast(origin, line), align=element_bytes)
        goal = _pointer(context, builder, target, *arguments[:2])
        stored = builder.store(value, builder.bitcast(goal, line), align=VECTOR_BYTES)
        one = ir.Constant(ir.IntType(32), 1)
        stored.set_metadata("nontemporal", builder.module.add_metadata([one]))
        return context.get_dummy_value()

    return types.none(target, types.intp, source, types.intp), generate


@_intrinsic
def fence(typing: Any) -> Any:  # noqa: ARG001
    """Streamed lines become visible to other threads before anything that follows."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        builder.fence("seq_cst")
        return context.get_dummy_value()

    return types.none(), generate


@_intrinsic
def next_number(typing: Any, counter: Any) -> Any:  # noqa: ARG001
    """Counts up the first element of an integer array, and returns what it was: atomically."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        zero = ir.Constant(context.get_value_type(types.intp), 0)
        one = ir.Constant(context.get_value_type(counter.dtype), 1)
        pointer = _pointer(context, builder, counter, arguments[0], zero)
        return builder.atomic_rmw("add", pointer, one, "monotonic")

    return counter.dtype(counter), generate

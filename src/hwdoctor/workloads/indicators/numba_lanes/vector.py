"""Eight float64 as one value in Numba: `Lanes`, which LLVM keeps in vector registers.

Numba offers scalars, and leaves it to LLVM's vectoriser to find eight of them; a recursion over
bars, whose only parallelism is across symbols, is never found. So the vector is written down:
LLVM's `<8 x double>`, one register with AVX-512, two with AVX, four with NEON or SSE. Arithmetic
and comparisons are the operators'; comparisons give a `Mask`.
"""

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic as untyped_intrinsic
from numba.extending import lower_builtin, lower_cast, models, register_model

WIDTH = 8
ROW_BYTES = 8 * WIDTH
DOUBLE, BIT = ir.DoubleType(), ir.IntType(1)
VECTOR = ir.VectorType(DOUBLE, WIDTH)
MASK = ir.VectorType(BIT, WIDTH)


class Lanes(types.Type):  # type: ignore[misc]
    """Eight numbers."""

    def __init__(self) -> None:
        super().__init__(name="Lanes")


class Mask(types.Type):  # type: ignore[misc]
    """Eight truth values."""

    def __init__(self) -> None:
        super().__init__(name="Mask")


lanes, mask = Lanes(), Mask()


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, VECTOR)


@register_model(Mask)
class _MaskModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, MASK)


def _splat(builder: Any, value: Any) -> Any:
    alone = builder.insert_element(
        ir.Constant(VECTOR, ir.Undefined), value, ir.Constant(ir.IntType(32), 0)
    )
    order = ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), [0] * WIDTH)
    return builder.shuffle_vector(alone, ir.Constant(VECTOR, ir.Undefined), order)


@lower_cast(types.float64, lanes)  # type: ignore[untyped-decorator]
def _from_number(context: Any, builder: Any, source: Any, target: Any, value: Any) -> Any:  # noqa: ARG001
    return _splat(builder, value)


def _numbers(arguments: Any) -> bool:
    """At least one vector, and otherwise Python floats."""
    return lanes in arguments and all(a in {lanes, types.float64} for a in arguments)


def _operator(function: Any, result: Any, instruction: Callable[[Any, Any, Any], Any]) -> None:
    @infer_global(function)
    class _Typed(AbstractTemplate):  # type: ignore[misc]
        def generic(self, arguments: Any, keywords: Any) -> Any:  # noqa: ARG002
            return signature(result, lanes, lanes) if _numbers(arguments) else None

    @lower_builtin(function, lanes, lanes)  # type: ignore[untyped-decorator]
    def _lowered(context: Any, builder: Any, typed: Any, arguments: Any) -> Any:  # noqa: ARG001
        return instruction(builder, *arguments)


def _of_masks(function: Any, instruction: Callable[[Any, Any, Any], Any]) -> None:
    @infer_global(function)
    class _Typed(AbstractTemplate):  # type: ignore[misc]
        def generic(self, arguments: Any, keywords: Any) -> Any:  # noqa: ARG002
            return signature(mask, mask, mask) if tuple(arguments) == (mask, mask) else None

    @lower_builtin(function, mask, mask)  # type: ignore[untyped-decorator]
    def _lowered(context: Any, builder: Any, typed: Any, arguments: Any) -> Any:  # noqa: ARG001
        return instruction(builder, *arguments)


def _comparing(symbol: str) -> Callable[[Any, Any, Any], Any]:
    compare = "fcmp_unordered" if symbol == "!=" else "fcmp_ordered"
    return lambda builder, a, b: getattr(builder, compare)(symbol, a, b)


_operator(operator.add, lanes, lambda builder, a, b: builder.fadd(a, b))
_operator(operator.sub, lanes, lambda builder, a, b: builder.fsub(a, b))
_operator(operator.mul, lanes, lambda builder, a, b: builder.fmul(a, b))
_operator(operator.truediv, lanes, lambda builder, a, b: builder.fdiv(a, b))
for _function, _symbol in (
    (operator.lt, "<"),
    (operator.le, "<="),
    (operator.gt, ">"),
    (operator.ge, ">="),
    (operator.eq, "=="),
    (operator.ne, "!="),
):
    _operator(_function, mask, _comparing(_symbol))
_of_masks(operator.and_, lambda builder, a, b: builder.and_(a, b))
_of_masks(operator.or_, lambda builder, a, b: builder.or_(a, b))
_of_masks(operator.xor, lambda builder, a, b: builder.xor(a, b))


@infer_global(operator.neg)
class _Negative(AbstractTemplate):  # type: ignore[misc]
    def generic(self, arguments: Any, keywords: Any) -> Any:  # noqa: ARG002
        return signature(lanes, lanes) if tuple(arguments) == (lanes,) else None


@lower_builtin(operator.neg, lanes)  # type: ignore[untyped-decorator]
def _negated(context: Any, builder: Any, typed: Any, arguments: Any) -> Any:  # noqa: ARG001
    return builder.fneg(arguments[0])


@infer_global(operator.invert)
class _Inverse(AbstractTemplate):  # type: ignore[misc]
    def generic(self, arguments: Any, keywords: Any) -> Any:  # noqa: ARG002
        return signature(mask, mask) if tuple(arguments) == (mask,) else None


@lower_builtin(operator.invert, mask)  # type: ignore[untyped-decorator]
def _inverted(context: Any, builder: Any, typed: Any, arguments: Any) -> Any:  # noqa: ARG001
    return builder.not_(arguments[0])


def intrinsic(function: Callable[..., Any]) -> Any:
    """Numba's, which has no types."""
    return untyped_intrinsic(function)


@intrinsic
def splat(typing: Any, number: Any) -> Any:  # noqa: ARG001
    """The same number eight times."""

    def generate(context: Any, builder: Any, typed: Any, arguments: Any) -> Any:  # noqa: ARG001
        return _splat(builder, arguments[0])

    return lanes(types.float64), generate


@intrinsic
def where(typing: Any, chosen: Any, a: Any, b: Any) -> Any:  # noqa: ARG001
    """The first where the mask says so, else the second."""

    def generate(context: Any, builder: Any, typed: Any, arguments: Any) -> Any:  # noqa: ARG001
        condition, *values = arguments
        kinds = typed.args[1:]
        first, second = (
            value if kind is lanes else _splat(builder, value)
            for kind, value in zip(kinds, values, strict=True)
        )
        return builder.select(condition, first, second)

    return lanes(mask, a, b), generate


def _standard(name: str, builder: Any, *arguments: Any) -> Any:
    return _call(builder, name, ir.FunctionType(VECTOR, [VECTOR] * len(arguments)), arguments)


def _call(builder: Any, name: str, kind: Any, arguments: Any) -> Any:
    """Llvmlite does not spell the names of functions of vectors."""
    function = cgutils.get_or_insert_function(builder.module, kind, f"{name}.v{WIDTH}f64")
    return builder.call(function, list(arguments))


def _unary(name: str) -> Any:
    @intrinsic
    def function(typing: Any, x: Any) -> Any:  # noqa: ARG001
        def generate(context: Any, builder: Any, typed: Any, arguments: Any) -> Any:  # noqa: ARG001
            return _standard(name, builder, *arguments)

        return lanes(lanes), generate

    return function


absolute = _unary("llvm.fabs")
root = _unary("llvm.sqrt")
truncated = _unary("llvm.trunc")
floor = _unary("llvm.floor")


@intrinsic
def multiply_add(typing: Any, a: Any, b: Any, c: Any) -> Any:  # noqa: ARG001
    """A b + c, rounded once where the machine can."""

    def generate(context: Any, builder: Any, typed: Any, arguments: Any) -> Any:  # noqa: ARG001
        values = (
            value if kind is lanes else _splat(builder, value)
            for kind, value in zip(typed.args, arguments, strict=True)
        )
        return _standard("llvm.fmuladd", builder, *values)

    return lanes(a, b, c), generate


@intrinsic
def greatest(typing: Any, x: Any) -> Any:  # noqa: ARG001
    """Largest of the eight."""

    def generate(context: Any, builder: Any, typed: Any, arguments: Any) -> Any:  # noqa: ARG001
        kind = ir.FunctionType(DOUBLE, [VECTOR])
        return _call(builder, "llvm.vector.reduce.fmax", kind, arguments)

    return types.float64(lanes), generate

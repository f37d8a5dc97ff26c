# SPDX-License-Identifier: Apache-2.0
"""Lanes: a numba type for a vector of numbers that is computed with vector instructions.

numba compiles loops over single numbers and leaves their vectorization to LLVM, which does not
vectorize loops that lanes leave at different times. This module gives numba the part of LLVM's
vectors that such loops need: ``LANES`` doubles, integers or booleans in registers, the operators
on them, and functions to load, store, select and compact them. No operation is reordered or fused:
each lane gets the result of the same operation on a single number.
"""

import operator
from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.core.datamodel import models, register_default
from numba.core.typing.templates import ConcreteTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin

from faafo.render.registers import (
    MASK_ELEMENT,
    SHAPE,
    WIDTH,
    append_register,
    as_bits,
    pointer_to,
    population,
)

REGISTERS = SHAPE.registers
LANES = WIDTH * REGISTERS

_INT64 = ir.IntType(64)
_INT32S = ir.VectorType(ir.IntType(32), WIDTH)


class Lanes(types.Type):
    """The numba type of ``LANES`` doubles, integers or booleans."""

    def __init__(self, name: str, element: ir.Type) -> None:
        self.register = ir.VectorType(element, WIDTH)
        self.registers = ir.ArrayType(self.register, REGISTERS)
        super().__init__(name=f"Lanes({name})")

    def pack(self, builder: ir.IRBuilder, registers: Sequence[ir.Value]) -> ir.Value:
        """Return the value that consists of ``registers``."""
        value = ir.Constant(self.registers, ir.Undefined)
        for index, register in enumerate(registers):
            value = builder.insert_value(value, register, index)
        return value


@register_default(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Lanes) -> None:
        super().__init__(manager, kind, kind.registers)


doubles = Lanes("float64", ir.DoubleType())
integers = Lanes("int64", _INT64)
mask = Lanes("bool", MASK_ELEMENT)


def _unpack(builder: ir.IRBuilder, value: ir.Value) -> list[ir.Value]:
    return [builder.extract_value(value, index) for index in range(REGISTERS)]


def _each(result: Lanes, emit: Callable[..., ir.Value]) -> Callable[..., ir.Value]:
    """Return the code generator of an operation that ``emit`` performs on single registers."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> ir.Value:
        rows = zip(*(_unpack(builder, arg) for arg in args), strict=True)
        return result.pack(builder, [emit(builder, *row) for row in rows])

    return generate


def _operator(symbol: Callable, operands: Sequence[Lanes], result: Lanes, emit: Callable) -> None:
    class Template(ConcreteTemplate):
        cases = (signature(result, *operands),)

    infer_global(symbol)(Template)
    lower_builtin(symbol, *operands)(_each(result, emit))


def _mask(compare: Callable[..., ir.Value], symbol: str) -> Callable[..., ir.Value]:
    """Return the code generator of a comparison."""

    def emit(builder: ir.IRBuilder, left: ir.Value, right: ir.Value) -> ir.Value:
        bits = compare(builder, symbol, left, right)
        return bits if SHAPE.has_masks else builder.sext(bits, mask.register)

    return emit


_operator(operator.add, (doubles, doubles), doubles, ir.IRBuilder.fadd)
_operator(operator.sub, (doubles, doubles), doubles, ir.IRBuilder.fsub)
_operator(operator.mul, (doubles, doubles), doubles, ir.IRBuilder.fmul)
_operator(operator.le, (doubles, doubles), mask, _mask(ir.IRBuilder.fcmp_ordered, "<="))
_operator(operator.lt, (doubles, doubles), mask, _mask(ir.IRBuilder.fcmp_ordered, "<"))
_operator(operator.add, (integers, integers), integers, ir.IRBuilder.add)
_operator(operator.lt, (integers, integers), mask, _mask(ir.IRBuilder.icmp_signed, "<"))
_operator(operator.and_, (mask, mask), mask, ir.IRBuilder.and_)
_operator(operator.invert, (mask,), mask, ir.IRBuilder.not_)


@intrinsic
def splat(_typing_context, number):
    """Return ``number`` in all lanes."""
    kind = integers if isinstance(number, types.Integer) else doubles

    def generate(context, builder, signature, args):
        nothing = ir.Constant(kind.register, ir.Undefined)
        first = builder.insert_element(nothing, args[0], ir.Constant(_INT64, 0))
        register = builder.shuffle_vector(first, nothing, ir.Constant(_INT32S, [0] * WIDTH))
        return kind.pack(builder, [register] * REGISTERS)

    return kind(types.int64 if kind is integers else types.float64), generate


@intrinsic
def lane_numbers(_typing_context):
    """Return 0 in the first lane, 1 in the second, and so on."""

    def generate(context, builder, signature, args):
        numbers = [range(first, first + WIDTH) for first in range(0, LANES, WIDTH)]
        return integers.pack(builder, [ir.Constant(integers.register, list(n)) for n in numbers])

    return integers(), generate


@intrinsic
def choose(_typing_context, condition, chosen, otherwise):
    """Return ``chosen`` in lanes where ``condition`` is true, and ``otherwise`` in the others."""

    def emit(builder, register, first, second):
        if SHAPE.has_masks or chosen is doubles:
            return builder.select(as_bits(builder, register), first, second)
        others = builder.and_(builder.not_(register), second)
        return builder.or_(builder.and_(register, first), others)

    return chosen(mask, chosen, chosen), _each(chosen, emit)


@intrinsic
def count_up(_typing_context, steps, condition):
    """Return ``steps``, one more in lanes where ``condition`` is true."""

    def emit(builder, register, chosen):
        if not SHAPE.has_masks:
            return builder.sub(register, chosen)
        one = ir.Constant(integers.register, [1] * WIDTH)
        return builder.select(chosen, builder.add(register, one), register)

    return integers(integers, mask), _each(integers, emit)


@intrinsic
def is_any(_typing_context, condition):
    """Return whether ``condition`` is true in any lane."""

    def generate(context, builder, signature, args):
        together, *others = _unpack(builder, args[0])
        for register in others:
            together = builder.or_(together, register)
        bits = builder.bitcast(as_bits(builder, together), ir.IntType(WIDTH))
        return builder.icmp_unsigned("!=", bits, ir.Constant(ir.IntType(WIDTH), 0))

    return types.boolean(mask), generate


@intrinsic
def count(_typing_context, condition):
    """Return the number of lanes in which ``condition`` is true."""

    def generate(context, builder, signature, args):
        total = ir.Constant(_INT64, 0)
        for register in _unpack(builder, args[0]):
            total = builder.add(total, population(builder, register))
        return total

    return types.int64(mask), generate


@intrinsic
def align_stack(_typing_context):
    """Have the calling function put registers that it saves in memory at multiples of their size.

    LLVM knows too late that it needs to. In some processes the stack lies so that such a register
    crosses two pages of memory, and the function takes up to twice as long.
    """

    def generate(context, builder, signature, args):
        attributes = builder.function.attributes
        attributes.alignstack = 8 * WIDTH
        # llvmlite writes the alignment only beside another attribute.
        attributes.add("nounwind")
        return context.get_dummy_value()

    return types.none(), generate


@intrinsic
def load(_typing_context, array, first):
    """Return the LANES elements of ``array``, float64 or int64, from index ``first`` on."""
    kind = integers if isinstance(array.dtype, types.Integer) else doubles

    def generate(context, builder, signature, args):
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        starts = [builder.add(args[1], ir.Constant(_INT64, i * WIDTH)) for i in range(REGISTERS)]
        pointers = [pointer_to(builder, data, start, kind.register) for start in starts]
        return kind.pack(builder, [builder.load(pointer, align=8) for pointer in pointers])

    return kind(array, types.int64), generate


@intrinsic
def store(_typing_context, array, first, value):
    """Store integers in ``array``, int32, or doubles, float64, from index ``first`` on."""

    def generate(context, builder, signature, args):
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        for i, register in enumerate(_unpack(builder, args[2])):
            start = builder.add(args[1], ir.Constant(_INT64, i * WIDTH))
            kept = builder.trunc(register, _INT32S) if value is integers else register
            builder.store(kept, pointer_to(builder, data, start, kept.type), align=4)
        return context.get_dummy_value()

    return types.none(array, types.int64, value), generate


@intrinsic
def append(_typing_context, array, first, value, condition):
    """Store the lanes of ``value`` in which ``condition`` is true contiguously in ``array``.

    They begin at index ``first``; up to ``WIDTH`` elements after them are overwritten.
    """

    def generate(context, builder, signature, args):
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        start = args[1]
        pairs = zip(_unpack(builder, args[2]), _unpack(builder, args[3]), strict=True)
        for register, chosen in pairs:
            start = append_register(builder, data, start, register, chosen)
        return context.get_dummy_value()

    return types.none(array, types.int64, value, mask), generate

# SPDX-License-Identifier: Apache-2.0
"""Code for single registers of lanes where it depends on the processor: masks and compaction."""

from typing import Any

from llvmlite import ir
from numba.core import cgutils

from faafo.render.processor import shape

SHAPE = shape()
WIDTH = SHAPE.width
_INT64 = ir.IntType(64)
# Without masks of bits, true is -1 and fills the lane, as the comparisons of a processor leave it.
MASK_ELEMENT = ir.IntType(1) if SHAPE.has_masks else _INT64
_MASK = ir.VectorType(MASK_ELEMENT, WIDTH)


def as_bits(builder: ir.IRBuilder, register: ir.Value) -> ir.Value:
    """Return a register of a mask as bits."""
    if SHAPE.has_masks:
        return register
    return builder.icmp_signed("<", register, ir.Constant(_MASK, [0] * WIDTH))


def append_register(
    builder: ir.IRBuilder, data: Any, start: Any, register: Any, chosen: Any
) -> ir.Value:
    """Append the chosen lanes of one register; return the index after them."""
    if not SHAPE.has_masks:
        for first in range(0, WIDTH, 2):
            start = _append_pair(builder, data, start, register, chosen, first)
        return start
    vector = register.type
    suffix = "f64" if vector == ir.VectorType(ir.DoubleType(), WIDTH) else "i64"
    kind = ir.FunctionType(vector, [vector, _MASK, vector])
    name = f"llvm.experimental.vector.compress.v{WIDTH}{suffix}"
    compress = cgutils.get_or_insert_function(builder.module, kind, name)
    kept = builder.call(compress, [register, chosen, ir.Constant(vector, ir.Undefined)])
    builder.store(kept, pointer_to(builder, data, start, vector), align=8)
    return builder.add(start, population(builder, chosen))


def _append_pair(
    builder: ir.IRBuilder, data: Any, start: Any, register: Any, chosen: Any, first: int
) -> ir.Value:
    """Append the chosen ones of the lanes ``first`` and the next; return the index after them."""
    indices = ir.VectorType(ir.IntType(32), 2)
    pair = ir.VectorType(register.type.element, 2)
    nothing = ir.Constant(register.type, ir.Undefined)
    both = builder.shuffle_vector(register, nothing, ir.Constant(indices, [first, first + 1]))
    second = builder.shuffle_vector(register, nothing, ir.Constant(indices, [first + 1] * 2))
    lanes = [builder.extract_element(chosen, ir.Constant(_INT64, first + i)) for i in range(2)]
    is_first = builder.icmp_signed("<", lanes[0], ir.Constant(_INT64, 0))
    kept = builder.select(is_first, both, second)
    builder.store(kept, pointer_to(builder, data, start, pair), align=8)
    return builder.sub(start, builder.add(*lanes))


def pointer_to(builder: ir.IRBuilder, data: ir.Value, start: ir.Value, vector: ir.Type) -> ir.Value:
    """Return the address of element ``start`` of ``data``, as that of a ``vector``."""
    return builder.bitcast(builder.gep(data, [start]), vector.as_pointer())


def population(builder: ir.IRBuilder, register: ir.Value) -> ir.Value:
    """Return the number of true lanes of one register of a mask."""
    bits = builder.bitcast(as_bits(builder, register), ir.IntType(WIDTH))
    return builder.ctpop(builder.zext(bits, _INT64))

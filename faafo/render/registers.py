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
        emit = _append_four if WIDTH == 4 else _append_two
        return emit(builder, data, start, register, chosen)
    vector = register.type
    suffix = "f64" if vector == ir.VectorType(ir.DoubleType(), WIDTH) else "i64"
    kind = ir.FunctionType(vector, [vector, _MASK, vector])
    name = f"llvm.experimental.vector.compress.v{WIDTH}{suffix}"
    compress = cgutils.get_or_insert_function(builder.module, kind, name)
    kept = builder.call(compress, [register, chosen, ir.Constant(vector, ir.Undefined)])
    builder.store(kept, pointer_to(builder, data, start, vector), align=8)
    return builder.add(start, population(builder, chosen))


def _append_four(builder: ir.IRBuilder, data: Any, start: Any, register: Any, chosen: Any) -> Any:
    """Append by a permutation that a table gives for each mask of 4 bits."""
    halves = ir.VectorType(ir.IntType(32), 2 * WIDTH)
    bits = builder.bitcast(as_bits(builder, chosen), ir.IntType(WIDTH))
    entry = builder.gep(
        _permutations(builder.module, halves), [ir.Constant(_INT64, 0), builder.zext(bits, _INT64)]
    )
    kind = ir.FunctionType(halves, [halves, halves])
    permute = cgutils.get_or_insert_function(builder.module, kind, "llvm.x86.avx2.permd")
    kept = builder.call(permute, [builder.bitcast(register, halves), builder.load(entry)])
    address = pointer_to(builder, data, start, register.type)
    builder.store(builder.bitcast(kept, register.type), address, align=8)
    return builder.add(start, population(builder, chosen))


def _permutations(module: ir.Module, halves: ir.VectorType) -> ir.GlobalVariable:
    """Return the table: for each mask, the halves of its lanes, in order, and any others."""
    name = "faafo.permutations"
    if name in module.globals:
        return module.globals[name]
    rows = []
    for bits in range(2**WIDTH):
        lanes = sorted(range(WIDTH), key=lambda lane: not bits >> lane & 1)
        rows.append(ir.Constant(halves, [2 * lane + half for lane in lanes for half in (0, 1)]))
    kind = ir.ArrayType(halves, len(rows))
    table = ir.GlobalVariable(module, kind, name)
    table.global_constant = True
    table.linkage = "internal"
    table.initializer = ir.Constant(kind, rows)
    return table


def _append_two(builder: ir.IRBuilder, data: Any, start: Any, register: Any, chosen: Any) -> Any:
    """Store both lanes, the second where the first would be if that is not chosen."""
    for lane in range(WIDTH):
        index = ir.Constant(_INT64, lane)
        builder.store(builder.extract_element(register, index), builder.gep(data, [start]), align=8)
        start = builder.sub(start, builder.extract_element(chosen, index))
    return start


def pointer_to(builder: ir.IRBuilder, data: ir.Value, start: ir.Value, vector: ir.Type) -> ir.Value:
    """Return the address of element ``start`` of ``data``, as that of a ``vector``."""
    return builder.bitcast(builder.gep(data, [start]), vector.as_pointer())


def population(builder: ir.IRBuilder, register: ir.Value) -> ir.Value:
    """Return the number of true lanes of one register of a mask."""
    bits = builder.bitcast(as_bits(builder, register), ir.IntType(WIDTH))
    return builder.ctpop(builder.zext(bits, _INT64))

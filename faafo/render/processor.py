# SPDX-License-Identifier: Apache-2.0
"""The processor that the kernel is compiled for, and what vectors suit it."""

from dataclasses import dataclass

from numba.core.registry import cpu_target


@dataclass(frozen=True)
class Shape:
    """The vectors of the kernel.

    ``width`` is the number of doubles in a register. ``registers`` of them are computed side by
    side, because the latency of an operation is longer than the interval between two; as many as
    leave room for what a step needs. ``has_masks`` tells whether comparisons give masks of bits,
    and whether a register can be compacted by an instruction; without them a mask is a register.
    """

    width: int
    registers: int
    has_masks: bool


# 32 registers of 512 bits; 16 of 256 bits; 16 (x86) or 32 (ARM) of 128 bits.
AVX512 = Shape(width=8, registers=4, has_masks=True)
AVX2 = Shape(width=4, registers=3, has_masks=False)
OTHER = Shape(width=2, registers=4, has_masks=False)


def shape_for(features: str) -> Shape:
    """Return the shape for a processor with these features, in the notation of LLVM."""
    present = set(features.split(","))
    if {"+avx512f", "+avx512dq", "+avx512vl"} <= present:
        return AVX512
    return AVX2 if "+avx2" in present else OTHER


def shape() -> Shape:
    """Return the shape for the processor that numba compiles for.

    That is the one of this machine, unless ``NUMBA_CPU_NAME`` and ``NUMBA_CPU_FEATURES`` say
    otherwise.
    """
    _triple, _name, features = cpu_target.target_context.codegen().magic_tuple()
    return shape_for(features)

# SPDX-License-Identifier: Apache-2.0
"""The bits of a double as an integer, and a logarithm made from them, in compiled functions."""

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from faafo.render.jit import inlined

_FRACTION_BITS = 52
# The bits of the double next to √½, where the mantissas of the series begin.
_ROOT_HALF = 0x3FE6A09E667F3BCD
# 2 / (k ln 2) for odd k, from literals: log₂ f = Σ s^k · 2 / (k ln 2) with s = (f - 1) / (f + 1).
_C1, _C3, _C5, _C7, _C9 = (
    2.8853900817779268,
    0.9617966939259757,
    0.5770780163555853,
    0.41219858311113244,
    0.3205988979753252,
)


@intrinsic
def as_integer(_typing_context, number):
    """Return the bits of a double as an int64."""

    def generate(context, builder, signature, args):
        return builder.bitcast(args[0], ir.IntType(64))

    return types.int64(types.float64), generate


@intrinsic
def as_double(_typing_context, bits):
    """Return the double that has the bits of an int64."""

    def generate(context, builder, signature, args):
        return builder.bitcast(args[0], ir.DoubleType())

    return types.float64(types.int64), generate


@inlined
def log2(x):
    """Return the logarithm to base 2 of a normal positive x, with an error below 10⁻⁸.

    x = 2^e · f with √½ <= f < √2, where |s| < 0.172: the next term is less than 1e-9.
    """
    shifted = as_integer(x) - _ROOT_HALF
    e = shifted >> _FRACTION_BITS
    f = as_double(as_integer(x) - (e << _FRACTION_BITS))
    s = (f - 1.0) / (f + 1.0)
    t = s * s
    return s * (_C1 + t * (_C3 + t * (_C5 + t * (_C7 + t * _C9)))) + e

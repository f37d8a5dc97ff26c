# SPDX-License-Identifier: Apache-2.0
"""How functions are compiled: once, without the GIL, and kept on disk where that is possible."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numba

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def compiled(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Return ``function`` compiled by numba when it is first called."""
    try:
        return numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:
        # Neither our directory nor the user's can be written to: compile at every start.
        return numba.njit(nogil=True)(function)


def inlined(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Return ``function`` as a part of the compiled functions that call it."""
    return numba.njit(forceinline=True)(function)

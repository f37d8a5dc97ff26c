# SPDX-License-Identifier: Apache-2.0
"""How functions are compiled: once, without the GIL, and kept on disk where that is possible."""

from collections.abc import Callable

import numba


def compiled(function: Callable) -> Callable:
    """Return ``function`` compiled by numba when it is first called."""
    try:
        return numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:
        # Neither our directory nor the user's can be written to: compile at every start.
        return numba.njit(nogil=True)(function)


def inlined(function: Callable) -> Callable:
    """Return ``function`` as a part of the compiled functions that call it."""
    return numba.njit(forceinline=True)(function)

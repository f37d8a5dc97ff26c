# SPDX-License-Identifier: Apache-2.0
"""Compilation by numba: once, without the GIL, with a cache on disk if possible."""

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
        # Neither the module's directory nor the user's cache is writable: compile at each start.
        return numba.njit(nogil=True)(function)


def inlined(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Return ``function`` compiled into each compiled function that calls it."""
    return numba.njit(forceinline=True)(function)

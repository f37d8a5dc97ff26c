# SPDX-License-Identifier: Apache-2.0
"""Compilation by numba: once, without the GIL, with a cache on disk if possible."""

import logging
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import numba

from faafo.render.code_cache import CodeCache

LOG = logging.getLogger(__name__)

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def compiled(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Return ``function`` compiled by numba when it is first called."""
    # As IEEE 754 divides: without a test for 0, loops become vectors.
    dispatcher: Any = numba.njit(nogil=True, error_model="numpy")(function)
    try:
        # What numba's own option does, with our cache in the place of its one.
        dispatcher._cache = CodeCache(function)
    except RuntimeError as error:
        # Neither the module's directory nor the user's cache is writable: compile at each start.
        LOG.info("compiled code is not cached: %s", error)
    return dispatcher


def inlined(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Return ``function`` compiled into each compiled function that calls it."""
    return numba.njit(forceinline=True)(function)

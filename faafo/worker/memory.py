# SPDX-License-Identifier: Apache-2.0
"""The memory of a worker: each thread gives that of a large picture back once it is stored.

The C library of GNU maps large blocks, and unmaps them at once. But with each that is freed it
takes larger ones, up to 32 MiB, from the heap of the thread, where it keeps twice as many bytes:
bands of a poster that 16 threads render in turn add up to hundreds of megabytes. What is left of
smaller blocks between others, some megabytes a thread, is given back after each large picture.
"""

import ctypes

# Bytes from which on a block is mapped, and that a heap keeps free at its end. Set, they stay.
LARGE = 2**20
# Names of parameters, as malloc.h numbers them (mallopt(3)).
TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
# Pixels of a large picture. To trim takes half a millisecond.
MANY_PIXELS = 2**21


def give_back() -> None:
    """Have this process give large blocks back from now on, where the C library can."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(MMAP_THRESHOLD, LARGE)
        mallopt(TRIM_THRESHOLD, LARGE)


def trim(pixels: int) -> None:
    """Give all free memory back after a picture of so many pixels, if these are many."""
    malloc_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if malloc_trim is not None and pixels >= MANY_PIXELS:
        malloc_trim(0)

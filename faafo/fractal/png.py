# SPDX-License-Identifier: Apache-2.0
"""The signature and the size in the first bytes of a PNG file, read without decoding it."""

import struct

SIGNATURE = b"\x89PNG\r\n\x1a\n"
# The signature, and IHDR, which begins with width and height (PNG, third edition, 11.2.1).
HEADER = struct.Struct(">8s4x4sII")


def has_sides(png: bytes, width: int, height: int) -> bool:
    """Return whether ``png`` begins as a PNG file of width x height pixels does."""
    begin = png[: HEADER.size].ljust(HEADER.size, b"\0")
    return HEADER.unpack(begin) == (SIGNATURE, b"IHDR", width, height)

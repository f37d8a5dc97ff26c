# SPDX-License-Identifier: Apache-2.0
"""What a PNG file says of itself in its first bytes, without being decoded."""

import struct

SIGNATURE = b"\x89PNG\r\n\x1a\n"
# The signature, and IHDR, in which width and height come first (PNG, third edition, 11.2.1).
HEADER = struct.Struct(">8s4x4sII")


def has_sides(png: bytes, width: int, height: int) -> bool:
    """Tell whether ``png`` begins as a PNG file of width x height pixels does."""
    begin = png[: HEADER.size].ljust(HEADER.size, b"\0")
    return HEADER.unpack(begin) == (SIGNATURE, b"IHDR", width, height)

# SPDX-License-Identifier: Apache-2.0
"""The signature, the size and the chunks of a PNG file, read without decoding it."""

import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"
# The signature, and IHDR, which begins with width and height (PNG, third edition, 11.2.1).
HEADER = struct.Struct(">8s4x4sII")
# What surrounds the data of a chunk: its length and its kind, and the CRC of kind and data (5.3).
LENGTH, CRC = struct.Struct(">I"), struct.Struct(">I")
KIND_BYTES = 4
LAST = b"IEND"


def has_sides(png: bytes, width: int, height: int) -> bool:
    """Return whether ``png`` begins as a PNG file of width x height pixels does."""
    begin = png[: HEADER.size].ljust(HEADER.size, b"\0")
    return HEADER.unpack(begin) == (SIGNATURE, b"IHDR", width, height)


def is_whole(png: bytes, width: int, height: int) -> bool:
    """Return whether ``png`` is an undamaged file of width x height pixels, by its checksums."""
    content, place, kind = memoryview(png), len(SIGNATURE), b""
    while kind != LAST:
        end = place + LENGTH.size + KIND_BYTES
        if end > len(png):
            return False
        kind = png[place + LENGTH.size : end]
        end += LENGTH.unpack_from(png, place)[0]
        if end + CRC.size > len(png):
            return False
        if zlib.crc32(content[place + LENGTH.size : end]) != CRC.unpack_from(png, end)[0]:
            return False
        place = end + CRC.size
    return place == len(png) and has_sides(png, width, height)

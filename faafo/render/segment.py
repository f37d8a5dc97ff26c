# SPDX-License-Identifier: Apache-2.0
"""Segments of a poster, and their join to a PNG file, for which none of them is decoded."""

import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import BinaryIO

from PIL import Image

from faafo import errors
from faafo.fractal.parts import HEADER, SegmentHeader, combined_adler32
from faafo.fractal.task import FractalTask
from faafo.render import image, png

# How a zlib stream begins (RFC 1950, 2.2), and a last empty block of deflate, which ends one.
ZLIB_BEGIN = b"\x78\x01"
LAST_BLOCK = b"\x03\x00"
# Bytes of a segment in memory, and of an IDAT chunk.
PIECE = 2**20

# Opens the segment with that number, counted from 0.
Open = Callable[[int], BinaryIO]


def encode(picture: Image.Image) -> bytes:
    """Return the rows of ``picture`` as a segment; the same rows always give the same bytes."""
    is_rgb = picture.mode == "RGB"
    components = 3 if is_rgb else 1
    compressor = png.compressor(1 if is_rgb else 6, raw=True)
    checksum, pieces = 1, []
    for rows in png.filtered(picture, png.UP if is_rgb else png.NONE, png.NONE):
        checksum = zlib.adler32(rows.data, checksum)
        pieces.append(compressor.compress(rows.data))
    pieces.append(compressor.flush(zlib.Z_FULL_FLUSH))
    header = SegmentHeader(picture.width, picture.height, components, checksum)
    return b"".join((header.pack(), *pieces))


def joined(task: FractalTask, rows: Sequence[int], opened: Open) -> Iterator[bytes]:
    """Yield the PNG file of ``task``, made of the segments of its bands, piece by piece.

    One segment is open at a time, and PIECE bytes of it are in memory.

    :param rows: the number of rows of each segment, from the top.
    :param opened: opens a segment, which is closed here.
    :raises faafo.errors.InvalidImage: when a segment is not what it should be.
    """
    is_rgb = image.is_in_rgb(task)
    headers = []
    sides = struct.pack(">IIBBBBB", task.width, task.height, 8, 2 if is_rgb else 3, 0, 0, 0)
    yield png.SIGNATURE + png.chunk(b"IHDR", sides)
    if not is_rgb:
        yield png.chunk(b"PLTE", bytes(image.flat_palette(task)))
    yield png.chunk(b"IDAT", ZLIB_BEGIN)
    for number, count in enumerate(rows):
        with closing(opened(number)) as file:
            header = SegmentHeader.of(_begin(file))
            if header[:3] != (task.width, count, 3 if is_rgb else 1):
                raise errors.InvalidImage(f"segment {number}: is one of another picture")
            headers.append(header)
            while piece := file.read(PIECE):
                yield png.chunk(b"IDAT", piece)
    checksum = struct.pack(">I", combined_adler32(headers))
    yield png.chunk(b"IDAT", LAST_BLOCK + checksum) + png.chunk(b"IEND", b"")


def _begin(file: BinaryIO) -> bytes:
    """Return the header of a segment; less at the end of the file."""
    begin = b""
    while len(begin) < HEADER.size and (more := file.read(HEADER.size - len(begin))):
        begin += more
    return begin

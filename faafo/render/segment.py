# SPDX-License-Identifier: Apache-2.0
"""Segments of a poster, and their join to a PNG file, for which none of them is decoded."""

import io
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import Protocol

from PIL import Image

from faafo import errors
from faafo.fractal.parts import HEADER, SegmentHeader, combined_adler32, is_segment
from faafo.fractal.task import FractalTask
from faafo.render import image, png

# How a zlib stream begins (RFC 1950, 2.2), and a last empty block of deflate, which ends one.
ZLIB_BEGIN = b"\x78\x01"
LAST_BLOCK = b"\x03\x00"
# How a full flush ends: with an empty block at the border of a byte.
FLUSHED = b"\x00\x00\xff\xff"
# Bytes of a segment in memory, and of an IDAT chunk.
PIECE = 2**20
# Bytes that are inflated at a time: to a thousand times as many at most.
INFLATED = 2**14


class Readable(Protocol):
    """A file that is read once."""

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes, none at the end."""
        ...

    def close(self) -> None:
        """Close the file."""
        ...


# Opens the segment with that number, counted from 0.
Open = Callable[[int], Readable]


def encode(picture: Image.Image) -> bytes:
    """Return the rows of ``picture`` as a segment; the same rows always give the same bytes."""
    is_rgb = picture.mode == "RGB"
    components = 3 if is_rgb else 1
    compressor = png.compressor(1 if is_rgb else 6, raw=True)
    # One block that grows: a list of pieces, and their sum, would be there twice.
    checksum, file = 1, io.BytesIO()
    file.seek(HEADER.size)
    for rows in png.filtered(picture, png.UP if is_rgb else png.NONE, png.NONE):
        checksum = zlib.adler32(rows.data, checksum)
        file.write(compressor.compress(rows.data))
    file.write(compressor.flush(zlib.Z_FULL_FLUSH))
    file.seek(0)
    file.write(SegmentHeader(picture.width, picture.height, components, checksum).pack())
    return file.getvalue()


def is_whole(content: bytes, width: int, rows: int) -> bool:
    """Return whether ``content`` is an undamaged segment of that many rows; inflates it."""
    if not is_segment(content, width, rows) or not content.endswith(FLUSHED):
        return False
    header, stream = SegmentHeader.of(content), zlib.decompressobj(-zlib.MAX_WBITS)
    checksum, length = 1, 0
    try:
        for begin in range(HEADER.size, len(content), INFLATED):
            piece = stream.decompress(content[begin : begin + INFLATED])
            checksum, length = zlib.adler32(piece, checksum), length + len(piece)
    except zlib.error:
        return False
    return (checksum, length) == (header.checksum, header.length)


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


def _begin(file: Readable) -> bytes:
    """Return the header of a segment; less at the end of the file."""
    begin = b""
    while len(begin) < HEADER.size and (more := file.read(HEADER.size - len(begin))):
        begin += more
    return begin

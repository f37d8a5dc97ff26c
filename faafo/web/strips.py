# SPDX-License-Identifier: Apache-2.0
"""Posters, scaled down while they are decoded: they are too large to be in memory as a whole."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from PIL import Image, ImageChops

from faafo.fractal.png import SIGNATURE

# The largest number of pixels that are in memory in RGB at a time, and of bytes of the file.
STRIP_PIXELS = 2**20
PIECE = 2**18
# Filters of rows that posters have (PNG, third edition, 9.2): none, and the row above.
NONE, UP = 0, 2
COMPONENTS = {2: 3, 3: 1}


@dataclass(frozen=True)
class _Header:
    width: int
    height: int
    components: int
    palette: bytes

    @property
    def row_bytes(self) -> int:
        return self.width * self.components


def reduced(png: BinaryIO, factor: int) -> Image.Image:
    """Return the picture in a PNG file in RGB, ``factor`` times smaller.

    :raises SyntaxError: when the file is not one that this version of faafo has joined.
    """
    chunks = _chunks(png)
    header = _header(chunks)
    width, height = header.width, header.height
    small = Image.new("RGB", (-(-width // factor), -(-height // factor)))
    most = factor * max(1, STRIP_PIXELS // (width * factor))
    rows = _rows(header, chunks)
    for top in range(0, height, most):
        count = min(most, height - top)
        content = b"".join(islice(rows, count))
        if len(content) != count * header.row_bytes:
            raise SyntaxError("the file ends before the picture")
        strip = _strip(header, count, content)
        small.paste(strip.reduce(factor), (0, top // factor))
    return small


def _strip(header: _Header, rows: int, content: bytes) -> Image.Image:
    mode = "RGB" if header.components == 3 else "P"
    strip = Image.frombytes(mode, (header.width, rows), content)
    if mode == "P":
        strip.putpalette(header.palette)
    return strip.convert("RGB")


def _chunks(png: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Yield the type of each chunk with its data; that of IDAT chunks comes in pieces."""
    if png.read(len(SIGNATURE)) != SIGNATURE:
        raise SyntaxError("not a PNG file")
    while len(begin := png.read(8)) == 8:
        left, name = struct.unpack(">I4s", begin)
        while left > PIECE and name == b"IDAT":
            yield name, png.read(PIECE)
            left -= PIECE
        yield name, png.read(left)
        png.read(4)


def _header(chunks: Iterator[tuple[bytes, bytes]]) -> _Header:
    """Return what comes before the rows; of those with a palette, all up to that."""
    for name, data in chunks:
        if name == b"IHDR":
            width, height, depth, kind, _, _, interlaced = struct.unpack(">IIBBBBB", data)
            if depth != 8 or kind not in COMPONENTS or interlaced:
                raise SyntaxError("a kind of PNG file that no poster is")
            if COMPONENTS[kind] == 3:
                return _Header(width, height, 3, b"")
        elif name == b"PLTE":
            return _Header(width, height, 1, data)
    raise SyntaxError("a PNG file without a picture")


def _rows(header: _Header, chunks: Iterator[tuple[bytes, bytes]]) -> Iterator[bytes]:
    """Yield the components of each row."""
    size = header.row_bytes
    above, waiting = bytes(size), b""
    for piece in _inflated(chunks):
        waiting += piece
        begin = 0
        while len(waiting) - begin > size:
            row = waiting[begin + 1 : begin + 1 + size]
            above = _unfiltered(waiting[begin], row, above)
            begin += 1 + size
            yield above
        waiting = waiting[begin:]


def _inflated(chunks: Iterator[tuple[bytes, bytes]]) -> Iterator[bytes]:
    inflating = zlib.decompressobj()
    try:
        for name, data in chunks:
            left = data if name == b"IDAT" else b""
            while left:
                yield inflating.decompress(left, STRIP_PIXELS)
                left = inflating.unconsumed_tail
    except zlib.error as error:
        raise SyntaxError(str(error)) from None


def _unfiltered(kind: int, row: bytes, above: bytes) -> bytes:
    if kind == NONE:
        return row
    if kind != UP:
        raise SyntaxError("a filter that no poster has")
    size = (len(row), 1)
    both = (Image.frombytes("L", size, one) for one in (row, above))
    return ImageChops.add_modulo(*both).tobytes()

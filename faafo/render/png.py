# SPDX-License-Identifier: Apache-2.0
"""PNG files of 24 bits a pixel, and what PNG files are made of."""

import io
import struct
import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIGNATURE = b"\x89PNG\r\n\x1a\n"
# What a row says: its components, or by how much they differ from those of the row above. Pictures
# are stored by UP, and zlib looks for runs only: a sixth of the time of Pillow's default, for a
# sixth more bytes (benchmarks/smooth.py measures it).
NONE, UP = 0, 2
# Rows that are filtered and compressed at a time.
BYTES_AT_A_TIME = 2**18


def encode(image: Image.Image) -> bytes:
    """Return a PNG file of ``image``, of mode RGB."""
    header = struct.pack(">IIBBBBB", image.width, image.height, 8, 2, 0, 0, 0)
    # One block that grows: a list of chunks, and their sum, would be there twice.
    file = io.BytesIO()
    file.write(SIGNATURE + chunk(b"IHDR", header))
    file.writelines(_data(image))
    file.write(chunk(b"IEND", b""))
    return file.getvalue()


def compressor(level: int, raw: bool = False) -> "zlib._Compress":
    """Return what compresses rows: bands of one colour suit run-length encoding.

    :param raw: whether the stream has neither a header nor a checksum.
    """
    bits = -zlib.MAX_WBITS if raw else zlib.MAX_WBITS
    return zlib.compressobj(level, zlib.DEFLATED, bits, 9, zlib.Z_RLE)


def filtered(
    image: Image.Image, kind: int, first: int | None = None
) -> Iterator[NDArray[np.uint8]]:
    """Yield the rows of ``image``, of mode RGB or P, filtered, some at a time.

    What is yielded has shape (rows, 1 + bytes), and is valid until the next one is requested.

    :param kind: of the filter, NONE or UP.
    :param first: what the filter of the first row is called, if not ``kind``: above it is nothing,
        so that both give the same bytes.
    """
    width = image.width * len(image.getbands())
    rows = max(1, BYTES_AT_A_TIME // width)
    kept = np.empty((min(rows, image.height), 1 + width), np.uint8)
    above = np.zeros(width, np.uint8)
    for begin in range(0, image.height, rows):
        last = min(begin + rows, image.height)
        part = image.crop((0, begin, image.width, last))
        band = np.asarray(part).reshape(last - begin, width)
        kept[:, 0] = kind
        if begin == 0 and first is not None:
            kept[0, 0] = first
        if kind == UP:
            np.subtract(band[0], above, out=kept[0, 1:])
            np.subtract(band[1:], band[:-1], out=kept[1 : len(band), 1:])
            above = band[-1]
        else:
            kept[: len(band), 1:] = band
        yield kept[: len(band)]


def _data(image: Image.Image) -> Iterator[bytes]:
    compressing = compressor(1)
    for rows in filtered(image, UP):
        if data := compressing.compress(rows.data):
            yield chunk(b"IDAT", data)
    yield chunk(b"IDAT", compressing.flush())


def chunk(name: bytes, data: bytes) -> bytes:
    """Return a chunk of a PNG file (PNG, third edition, 5.3)."""
    checksum = zlib.crc32(data, zlib.crc32(name))
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", checksum)

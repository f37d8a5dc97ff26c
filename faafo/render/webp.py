# SPDX-License-Identifier: Apache-2.0
"""Films as animated WebP files: each frame is encoded on its own, and written behind the others.

The container is RIFF (RFC 9649): VP8X with the size, ANIM with the number of repetitions, and ANMF
for each frame, around the chunk that a file of this frame alone would have. So one frame is in
memory. The encoder of a whole animation would keep all of them, and save nothing: neighbours have
hardly a pixel in common.
"""

import io
import struct
from collections.abc import Iterable
from typing import IO

from PIL import Image

from faafo import errors
from faafo.fractal.film import durations

# Lossy, as videos are: a film that is not has six times as many bytes.
SETTINGS = {"lossless": False, "quality": 90, "method": 4}
# The size of what follows is an unsigned 32-bit number.
MOST_BYTES = 2**32 - 2
ANIMATED = 0x02
FOREVER = 0
# Each frame replaces the one before.
DO_NOT_BLEND = 0x02
BITSTREAMS = (b"VP8 ", b"VP8L")


def write(
    pictures: Iterable[Image.Image], width: int, height: int, count: int, fps: int, file: IO[bytes]
) -> None:
    """Write a film that repeats for ever to a seekable, empty ``file``.

    The same pictures always give the same bytes, from the same library.

    :param pictures: ``count`` pictures in RGB of width x height pixels.
    :raises faafo.errors.RenderFailed: when it becomes too large for the format.
    """
    file.write(b"RIFF\0\0\0\0WEBP")
    flags = struct.pack("<B3x", ANIMATED)
    file.write(_chunk(b"VP8X", flags + _small(width - 1) + _small(height - 1)))
    file.write(_chunk(b"ANIM", struct.pack("<IH", 0, FOREVER)))
    for picture, duration in zip(pictures, durations(count, fps), strict=True):
        sides = _small(width - 1) + _small(height - 1)
        head = _small(0) * 2 + sides + _small(duration) + bytes([DO_NOT_BLEND])
        file.write(_chunk(b"ANMF", head + _bitstream(picture)))
        if file.tell() > MOST_BYTES:
            raise errors.RenderFailed(f"format: a film in WebP has at most {MOST_BYTES} bytes")
    length = file.tell()
    file.seek(4)
    file.write(struct.pack("<I", length - 8))
    file.seek(length)


def _bitstream(picture: Image.Image) -> bytes:
    """Return the chunk with the pixels of a file of one picture."""
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", **SETTINGS)
    content = buffer.getvalue()
    begin = 12
    while begin < len(content):
        kind, length = struct.unpack_from("<4sI", content, begin)
        end = begin + 8 + length + length % 2
        if kind in BITSTREAMS:
            return content[begin:end]
        begin = end
    raise ValueError("the encoder has written no pixels")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)


def _small(number: int) -> bytes:
    """Return a number in 24 bits."""
    return number.to_bytes(3, "little")

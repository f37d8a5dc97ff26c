# SPDX-License-Identifier: Apache-2.0
"""The parts of a picture that many workers share, and their join: bands of rows, frames of a film.

A band is rendered as a *segment*: a header, and PNG-filtered rows of 8 bits a component as a raw
deflate stream (RFC 1951) that ends with a full flush. Such streams can be concatenated; a final
empty block ends them.
"""

import struct
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Any, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field

from faafo import errors
from faafo.fractal.lease import Token
from faafo.fractal.numbers import MAX_INT32

# Workers of one picture, at most.
MOST_PARTS = 1000
MOST_FPS = 60
MAGIC = b"faafoseg"
# Magic, width, rows, components, Adler-32 of the filtered rows.
HEADER = struct.Struct(">8sIIII")
ADLER_BASE = 65_521
# How the fault of a join begins that needs other segments, or other frames.
BROKEN = ("segment ", "frame ")

Rows = Annotated[int, Field(strict=True, ge=1, le=MAX_INT32)]
_UUID = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"


class FilmFormat(StrEnum):
    """The format of a film."""

    WEBP = "webp"
    WEBM = "webm"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Band(_Part):
    """Rows of a picture from ``first_row`` on, which counts from 0."""

    first_row: Annotated[int, Field(strict=True, ge=0, le=MAX_INT32)] = Field(
        description="number of its first row of the whole picture, from 0"
    )
    rows: Rows = Field(description="number of its rows")


class Segment(_Part):
    """A stored band: the uuid of its record, the token it is stored under, its number of rows.

    ``checksum`` is that of the file, as its worker has reported it.
    """

    uuid: Annotated[str, Field(pattern=_UUID)] = Field(description="uuid of the band's record")
    token: Token | None = Field(description="token under which it is stored")
    checksum: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = Field(
        None, description="SHA-256 of the stored file"
    )
    rows: Rows = Field(description="number of its rows")


class Join(_Part):
    """The segments of all bands of a picture, from the top."""

    segments: Annotated[tuple[Segment, ...], Field(min_length=1, max_length=MOST_PARTS)] = Field(
        description="the segments, from the top"
    )

    def for_earlier(self) -> dict[str, Any]:
        """Return it as processes take it that know no kinds of tasks, and no checksums here."""
        return self.model_dump(exclude={"segments": {"__all__": {"checksum"}}})


class StoredFrame(_Part):
    """A stored frame: the uuid of its record, and the token that its image is stored under."""

    uuid: Annotated[str, Field(pattern=_UUID)] = Field(description="uuid of the frame's record")
    token: Token | None = Field(description="token under which its image is stored")


class FilmJoin(_Part):
    """The images of all frames of a film, from the first one, and how they become a film."""

    frames: Annotated[tuple[StoredFrame, ...], Field(min_length=2, max_length=MOST_PARTS)] = Field(
        description="the frames, from the first"
    )
    fps: Annotated[int, Field(strict=True, ge=1, le=MOST_FPS)] = Field(
        description="number of frames in a second"
    )
    format: FilmFormat = Field(description="format of the film")


class SegmentHeader(NamedTuple):
    """The header of a segment: ``checksum`` is the Adler-32 of its filtered rows."""

    width: int
    rows: int
    components: int
    checksum: int

    def pack(self) -> bytes:
        """Return the header as the segment begins."""
        return HEADER.pack(MAGIC, *self)

    @classmethod
    def of(cls, begin: bytes) -> Self:
        """Return the header of a segment that begins so.

        :raises faafo.errors.InvalidImage: when it is none.
        """
        if len(begin) < HEADER.size or not begin.startswith(MAGIC):
            raise errors.InvalidImage("the body: is not a segment")
        return cls(*HEADER.unpack(begin[: HEADER.size])[1:])

    @property
    def length(self) -> int:
        """The number of bytes of the filtered rows: each has its filter before its components."""
        return self.rows * (1 + self.width * self.components)


def is_segment(content: bytes, width: int, rows: int) -> bool:
    """Return whether ``content`` begins as the segment of that many rows of a picture does."""
    try:
        header = SegmentHeader.of(content)
    except errors.InvalidImage:
        return False
    return (header.width, header.rows) == (width, rows)


def divided(height: int, count: int) -> list[Band]:
    """Return ``count`` bands of a picture of ``height`` rows; their sizes differ by 1 at most."""
    limits = [number * height // count for number in range(count + 1)]
    return [
        Band(first_row=first, rows=after - first)
        for first, after in zip(limits[:-1], limits[1:], strict=True)
    ]


def combined_adler32(headers: Iterable[SegmentHeader]) -> int:
    """Return the Adler-32 of the filtered rows of all segments together (RFC 1950, 8.2).

    Of data X followed by Y the sums are a = a(X) + a(Y) - 1 and b = b(X) + b(Y) + |Y| (a(X) - 1),
    modulo 65521, as in adler32_combine of zlib (J. Gailly, M. Adler).
    """
    a, b = 1, 0
    for header in headers:
        low, high = header.checksum & 0xFFFF, header.checksum >> 16
        b = (b + high + header.length * (a - 1)) % ADLER_BASE
        a = (a + low - 1) % ADLER_BASE
    return b << 16 | a

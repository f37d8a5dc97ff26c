# SPDX-License-Identifier: Apache-2.0
"""The kinds of files that a record may have: an image, a segment of a poster, or a film."""

from typing import NamedTuple

from faafo.fractal.parts import FilmFormat


class Medium(NamedTuple):
    """A kind of files: how their names end, and their media type."""

    suffix: str
    mimetype: str


IMAGE = Medium(".png", "image/png")
SEGMENT = Medium(".segment", "application/octet-stream")
FILMS = {
    FilmFormat.WEBP: Medium(".webp", "image/webp"),
    FilmFormat.WEBM: Medium(".webm", "video/webm"),
}
# RIFF, the size, WEBP, the chunk VP8X and its size, flags, three reserved bytes (RFC 9649, 2.7).
_EXTENDED = b"VP8X\x0a\0\0\0"
_ANIMATED = 2
# How EBML begins, and so each WebM file (RFC 8794, 11.2.1).
_EBML = b"\x1a\x45\xdf\xa3"


def is_film(content: bytes, medium: Medium, width: int, height: int) -> bool:
    """Return whether ``content`` begins as a film of that kind; one in WebP tells its size, too.

    :param width: of the film in pixels; ``height`` likewise.
    """
    if medium is FILMS[FilmFormat.WEBM]:
        return content.startswith(_EBML)
    sides = b"".join((side - 1).to_bytes(4, "little")[:3] for side in (width, height))
    return (
        content[:4] == b"RIFF"
        and content[8:20] == b"WEBP" + _EXTENDED
        and bool(content[20:21] and content[20] & _ANIMATED)
        and content[24:30] == sides
    )

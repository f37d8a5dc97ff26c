# SPDX-License-Identifier: Apache-2.0
"""How a large picture is scaled down in little memory, for cards, previews and social networks."""

import io
import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, BinaryIO

from PIL import Image, PngImagePlugin

from faafo import errors
from faafo.fractal.png import has_sides
from faafo.web.strips import reduced

# The largest number of pixels that are converted from the palette to RGB at a time.
STRIP_PIXELS = 2**20
# Larger pictures are shown by tiles: a page with all their pixels takes a browser 64 MB and more.
LARGE_PIXELS = 2**24
# Larger pictures are not decoded as a whole, but scaled down to fewer than LEFT_PIXELS first.
HUGE_PIXELS = 2**26
LEFT_PIXELS = 2**22
# Nor are those without a palette that are larger than this: Pillow needs four bytes a pixel.
MOST_IN_COLOUR = 2**23
# Where a PNG file says which components it has (PNG, third edition, 11.2.1), and that it has RGB.
KIND, RGB = 25, 2
# What Pillow raises for files that are damaged or not PNG.
BROKEN = (OSError, SyntaxError, ValueError)


class Form(StrEnum):
    """What a small picture is for: a card of the gallery, a fractal's page, a link elsewhere."""

    THUMBNAIL = "thumbnail"
    PREVIEW = "preview"
    CARD = "card"


@dataclass(frozen=True)
class Shape:
    """The size and the file of a form.

    :param width: at most, in pixels; ``height`` likewise.
    :param fills: whether the picture has exactly that size, and is cut to its ratio.
    :param most_bytes: the largest file; None: as large as it gets.
    """

    width: int
    height: int
    mimetype: str
    encoding: dict[str, Any]
    fills: bool = False
    most_bytes: int | None = None

    def size_of(self, width: int, height: int) -> tuple[int, int]:
        """Return the size in this form of a picture: never larger, unless this form fills."""
        if self.fills:
            return self.width, self.height
        scale = min(1.0, self.width / width, self.height / height)
        return max(1, round(width * scale)), max(1, round(height * scale))


# WebP, measured with fractals: a fifth of the bytes of a PNG, and faster to encode.
WEBP: dict[str, Any] = {"format": "WEBP", "quality": 80, "method": 2}
MOST_PREVIEW_BYTES = 300_000
SHAPES = {
    # A card is about 480 pixels wide at most; what is higher than wide is cut there.
    Form.THUMBNAIL: Shape(480, 720, "image/webp", WEBP),
    Form.PREVIEW: Shape(1280, 1280, "image/webp", WEBP, most_bytes=MOST_PREVIEW_BYTES),
    # Social networks show 1200 x 630 pixels, and not all of them WebP.
    Form.CARD: Shape(1200, 630, "image/jpeg", {"format": "JPEG", "quality": 85}, fills=True),
}
# What is tried for a file that is too large: quality, and the part of the size.
SMALLER = ((70, 1.0), (50, 1.0), (60, 0.5), (40, 0.25))


def fitted(width: int, height: int) -> tuple[int, int]:
    """Return width and height of the thumbnail of a picture, in pixels."""
    return SHAPES[Form.THUMBNAIL].size_of(width, height)


def scaled(png: BinaryIO, width: int, height: int, form: Form = Form.THUMBNAIL) -> bytes:
    """Return a picture in that form, as a file of the type of its shape.

    :param png: a file, which need not be in memory as a whole.
    :param width: of the picture in ``png``, in pixels; ``height`` likewise.
    :raises faafo.errors.ImageNotFound: when ``png`` is damaged or has another size.
    """
    shape = SHAPES[form]
    if is_huge(width, height):
        return _of_poster(png, width, height, shape)
    if width * height > MOST_IN_COLOUR and _is_in_colour(png, width, height):
        # Any other encoder than that of faafo has more filters.
        with suppress(errors.ImageNotFound):
            return _of_poster(png, width, height, shape)
        png.seek(0)
    # Image.open rejects pictures as large as the API allows. The check of the size protects from
    # decompression bombs: the record's size has passed the limits of the API.
    try:
        with PngImagePlugin.PngImageFile(png) as image:
            if image.size != (width, height):
                raise errors.ImageNotFound(f"the image is not {width} x {height} pixels large")
            image.load()
            return _encode(_shrink(image, shape), shape)
    except BROKEN as error:
        raise errors.ImageNotFound(f"the image cannot be read: {error}") from None


def is_huge(width: int, height: int) -> bool:
    """Tell whether a picture is too large to be decoded as a whole, here or in a browser."""
    return width * height > HUGE_PIXELS


def is_large(width: int, height: int) -> bool:
    """Tell whether a browser shows a picture by tiles, of which it loads those that are in view."""
    return width * height > LARGE_PIXELS


def _is_in_colour(png: BinaryIO, width: int, height: int) -> bool:
    """Tell whether a file has a picture of that size without a palette; read it from its start."""
    begin = png.read(KIND + 1)
    png.seek(0)
    return has_sides(begin, width, height) and begin[KIND:] == bytes([RGB])


def _of_poster(png: BinaryIO, width: int, height: int, shape: Shape) -> bytes:
    # What is left is several times larger than any form.
    factor = math.isqrt(width * height // LEFT_PIXELS) + 1
    try:
        return _encode(_shrink(reduced(png, factor), shape), shape)
    except BROKEN as error:
        raise errors.ImageNotFound(f"the image cannot be read: {error}") from None


def _shrink(image: Image.Image, shape: Shape) -> Image.Image:
    if shape.fills:
        image = _cut(image, shape.width / shape.height)
    width, height = shape.size_of(*image.size)
    # Averaging blocks is fast; it leaves at least twice the size for the better filter.
    factor = max(1, min(image.width // (2 * width), image.height // (2 * height)))
    return _reduce(image, factor).resize((width, height), Image.Resampling.LANCZOS)


def _cut(image: Image.Image, ratio: float) -> Image.Image:
    """Return the middle of ``image`` with that ratio of width and height."""
    width = max(1, min(image.width, round(image.height * ratio)))
    height = max(1, min(image.height, round(image.width / ratio)))
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


def _reduce(image: Image.Image, factor: int) -> Image.Image:
    """Return ``image`` in RGB, ``factor`` times smaller; converts strips of STRIP_PIXELS."""
    width, height = image.size
    reduced = Image.new("RGB", (-(-width // factor), -(-height // factor)))
    rows = factor * max(1, STRIP_PIXELS // (width * factor))
    for top in range(0, height, rows):
        strip = image.crop((0, top, width, min(top + rows, height)))
        reduced.paste(strip.convert("RGB").reduce(factor), (0, top // factor))
    return reduced


def _encode(image: Image.Image, shape: Shape) -> bytes:
    for content in _attempts(image, shape):
        if shape.most_bytes is None or len(content) <= shape.most_bytes:
            break
    return content


def _attempts(image: Image.Image, shape: Shape) -> Iterator[bytes]:
    yield _saved(image, shape.encoding)
    for quality, part in SMALLER:
        size = (max(1, round(image.width * part)), max(1, round(image.height * part)))
        smaller = image.resize(size, Image.Resampling.LANCZOS)
        yield _saved(smaller, {**shape.encoding, "quality": quality})


def _saved(image: Image.Image, encoding: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, **encoding)
    return buffer.getvalue()

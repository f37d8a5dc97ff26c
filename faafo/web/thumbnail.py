"""Small pictures of large ones: making them in little memory, and keeping the latest."""

import io
import threading
from collections import OrderedDict
from collections.abc import Callable

from PIL import Image, PngImagePlugin

from faafo import errors

SIDE = 320
MIMETYPE = "image/webp"
# Measured on our pictures: a fifth of the bytes of a PNG, and faster to encode.
ENCODING = {"format": "WEBP", "quality": 85, "method": 2}
# A strip of a large picture is in colour for a moment only; this bounds its pixels.
STRIP_PIXELS = 2**20

# What Pillow raises for files that are broken or no PNG at all.
BROKEN = (OSError, SyntaxError, ValueError)


def fitted(width: int, height: int) -> tuple[int, int]:
    """Return the sides of the thumbnail of a picture: within SIDE, never larger than it is."""
    scale = min(1.0, SIDE / width, SIDE / height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def make_thumbnail(png: bytes, width: int, height: int) -> bytes:
    """Return a thumbnail, of type MIMETYPE, of a picture that must have the given sides.

    :raises faafo.errors.ImageNotFound: when ``png`` is not such a picture.
    """
    # Not Image.open: that refuses pictures as large as those we allow. What keeps bombs out here
    # is that a picture has the sides its record says, which the limits of the API have passed.
    try:
        with PngImagePlugin.PngImageFile(io.BytesIO(png)) as image:
            if image.size != (width, height):
                raise errors.ImageNotFound(f"the image is not {width} x {height} pixels large")
            image.load()
            return _encode(_shrink(image))
    except BROKEN as error:
        raise errors.ImageNotFound(f"the image cannot be read: {error}") from None


def _shrink(image: Image.Image) -> Image.Image:
    size = fitted(*image.size)
    # Averaging whole blocks is fast; what is left for the better filter is at least twice SIDE.
    factor = max(1, max(image.size) // (2 * SIDE))
    return _reduce(image, factor).resize(size, Image.Resampling.LANCZOS)


def _reduce(image: Image.Image, factor: int) -> Image.Image:
    """Return ``image`` in colour, ``factor`` times smaller, without all of it in colour at once."""
    width, height = image.size
    reduced = Image.new("RGB", (-(-width // factor), -(-height // factor)))
    rows = factor * max(1, STRIP_PIXELS // (width * factor))
    for top in range(0, height, rows):
        strip = image.crop((0, top, width, min(top + rows, height)))
        reduced.paste(strip.convert("RGB").reduce(factor), (0, top // factor))
    return reduced


def _encode(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, **ENCODING)
    return buffer.getvalue()


class ThumbnailCache:
    """The thumbnails used last, within a bound of bytes; safe to use from several threads."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._thumbnails: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._lock = threading.Lock()
        self._making = threading.Lock()

    def get(self, uuid: str, checksum: str, make: Callable[[], bytes]) -> bytes:
        """Return the thumbnail of that picture; ``make`` it unless it is kept."""
        key = (uuid, checksum)
        thumbnail = self._recall(key)
        if thumbnail is not None:
            return thumbnail
        # One at a time: however many browsers ask, one large picture is in memory, and whoever
        # waited for the same one finds it made.
        with self._making:
            thumbnail = self._recall(key)
            if thumbnail is None:
                thumbnail = make()
                self._keep(key, thumbnail)
        return thumbnail

    def _recall(self, key: tuple[str, str]) -> bytes | None:
        with self._lock:
            if key in self._thumbnails:
                self._thumbnails.move_to_end(key)
            return self._thumbnails.get(key)

    def _keep(self, key: tuple[str, str], thumbnail: bytes) -> None:
        with self._lock:
            self._thumbnails[key] = thumbnail
            self._bytes += len(thumbnail)
            while self._bytes > self._max_bytes:
                _, oldest = self._thumbnails.popitem(last=False)
                self._bytes -= len(oldest)

import io
import threading

import pytest
from PIL import Image

from faafo import errors
from faafo.web.thumbnail import ThumbnailCache, fitted, make_thumbnail


def png_of(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def opened(thumbnail: bytes) -> Image.Image:
    return Image.open(io.BytesIO(thumbnail))


@pytest.mark.parametrize(
    ("sides", "expected"),
    [
        ((1024, 512), (320, 160)),
        ((512, 1024), (160, 320)),
        ((320, 320), (320, 320)),
        ((40, 30), (40, 30)),
        ((1, 1), (1, 1)),
        ((16384, 1), (320, 1)),
        ((1, 16384), (1, 320)),
    ],
)
def test_a_thumbnail_fits_its_box_and_never_grows(sides, expected):
    assert fitted(*sides) == expected
    thumbnail = make_thumbnail(png_of(Image.new("P", sides)), *sides)
    assert opened(thumbnail).size == expected


@pytest.mark.parametrize("mode", ["P", "L", "RGB", "RGBA"])
def test_a_thumbnail_is_a_webp_whatever_the_mode_of_the_picture(mode):
    thumbnail = opened(make_thumbnail(png_of(Image.new(mode, (700, 500))), 700, 500))
    assert (thumbnail.format, thumbnail.size) == ("WEBP", (320, 229))


@pytest.mark.parametrize("sides", [(600, 600), (3001, 1999)])
def test_a_thumbnail_shows_what_the_picture_shows(sides):
    width, height = sides
    picture = Image.new("P", sides, 0)
    picture.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255])
    picture.paste(1, (width // 2, 0, width, height // 2))
    picture.paste(2, (0, height // 2, width // 2, height))
    picture.paste(3, (width // 2, height // 2, width, height))
    thumbnail = opened(make_thumbnail(png_of(picture), *sides)).convert("RGB")
    right, bottom = thumbnail.width * 3 // 4, thumbnail.height * 3 // 4
    left, top = thumbnail.width // 4, thumbnail.height // 4
    corners = [(left, top), (right, top), (left, bottom), (right, bottom)]
    for corner, expected in zip(corners, [(), (0,), (1,), (2,)], strict=True):
        bright = tuple(i for i, value in enumerate(thumbnail.getpixel(corner)) if value > 128)
        assert bright == expected


def test_a_picture_larger_than_pillow_dares_to_open_gets_its_thumbnail(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    monkeypatch.setattr("faafo.web.thumbnail.STRIP_PIXELS", 900)
    assert make_thumbnail(png_of(Image.new("P", (900, 800))), 900, 800)


def test_a_picture_is_never_in_colour_as_a_whole(monkeypatch):
    largest = []
    convert = Image.Image.convert

    def watch(image, *args, **kwargs):
        largest.append(image.width * image.height)
        return convert(image, *args, **kwargs)

    monkeypatch.setattr(Image.Image, "convert", watch)
    make_thumbnail(png_of(Image.new("P", (4000, 3000))), 4000, 3000)
    assert max(largest) <= 2**20


@pytest.mark.parametrize(
    "png", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"\x89PNG\r\n\x1a\nabcdefgh"]
)
def test_what_is_no_png_is_no_image(png):
    with pytest.raises(errors.ImageNotFound):
        make_thumbnail(png, 40, 30)


def test_a_png_that_ends_early_is_no_image():
    noise = Image.effect_noise((400, 300), 90)
    png = png_of(noise)
    with pytest.raises(errors.ImageNotFound):
        make_thumbnail(png[: len(png) // 2], 400, 300)


def test_a_picture_of_other_sides_than_its_record_says_is_refused_unread():
    header_only = png_of(Image.new("P", (5000, 5000)))[:1000]
    with pytest.raises(errors.ImageNotFound, match="not 40 x 30 pixels"):
        make_thumbnail(header_only, 40, 30)


def test_a_thumbnail_is_made_once():
    cache, calls = ThumbnailCache(100), []
    for _ in range(3):
        assert cache.get("uuid", "sum", lambda: calls.append(1) or b"picture") == b"picture"
    assert len(calls) == 1


def test_another_checksum_is_another_thumbnail():
    cache = ThumbnailCache(100)
    assert cache.get("uuid", "old", lambda: b"old") == b"old"
    assert cache.get("uuid", "new", lambda: b"new") == b"new"


def test_the_cache_forgets_what_was_used_longest_ago_when_its_bytes_are_full():
    cache, made = ThumbnailCache(10), []

    def get(name):
        cache.get(name, "sum", lambda: made.append(name) or b"1234")

    for name in ("a", "b", "a", "c", "a", "b"):
        get(name)
    assert made == ["a", "b", "c", "b"]


def test_a_thumbnail_larger_than_the_cache_is_not_kept():
    cache, calls = ThumbnailCache(3), []
    for _ in range(2):
        assert cache.get("uuid", "sum", lambda: calls.append(1) or b"1234") == b"1234"
    assert len(calls) == 2


def test_a_thumbnail_that_cannot_be_made_is_tried_again():
    cache = ThumbnailCache(100)

    def fail():
        raise errors.ImageNotFound("not yet")

    with pytest.raises(errors.ImageNotFound):
        cache.get("uuid", "sum", fail)
    assert cache.get("uuid", "sum", lambda: b"picture") == b"picture"


def test_who_waits_for_a_thumbnail_that_another_thread_makes_gets_that_one():
    looks, calls, answers = threading.Semaphore(0), [], []

    class WatchedCache(ThumbnailCache):
        def _recall(self, key):
            found = super()._recall(key)
            looks.release()
            return found

    def make():
        calls.append(1)
        # Two looks by the thread that makes it, and one in vain by the thread that will wait.
        for _ in range(3):
            looks.acquire(timeout=10)
        return b"picture"

    cache = WatchedCache(100)
    threads = [
        threading.Thread(target=lambda: answers.append(cache.get("uuid", "sum", make)))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (answers, calls) == ([b"picture"] * 2, [1])

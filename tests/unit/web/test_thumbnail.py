# SPDX-License-Identifier: Apache-2.0
import io

import pytest
from PIL import Image

from faafo import errors
from faafo.db import db, fractals
from faafo.fractal.parts import divided
from faafo.render import image, segment
from faafo.web import scaling, strips
from faafo.web.scaling import MOST_PREVIEW_BYTES, Form, fitted, scaled

UNKNOWN = "00000000-0000-4000-8000-ffffffffffff"


def png_of(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def thumbnail_of(png: bytes, width: int, height: int) -> bytes:
    return scaled(io.BytesIO(png), width, height)


def opened(thumbnail: bytes) -> Image.Image:
    return Image.open(io.BytesIO(thumbnail))


@pytest.mark.parametrize(
    ("sides", "expected"),
    [
        ((1024, 512), (480, 240)),
        ((720, 1440), (360, 720)),
        ((480, 480), (480, 480)),
        ((40, 30), (40, 30)),
        ((1, 1), (1, 1)),
        ((16384, 1), (480, 1)),
        ((1, 16384), (1, 720)),
    ],
)
def test_a_thumbnail_fits_its_box_and_never_grows(sides, expected):
    assert fitted(*sides) == expected
    thumbnail = thumbnail_of(png_of(Image.new("P", sides)), *sides)
    assert opened(thumbnail).size == expected


@pytest.mark.parametrize("mode", ["P", "L", "RGB", "RGBA"])
def test_a_thumbnail_is_a_webp_whatever_the_mode_of_the_picture(mode):
    thumbnail = opened(thumbnail_of(png_of(Image.new(mode, (700, 500))), 700, 500))
    assert (thumbnail.format, thumbnail.size) == ("WEBP", (480, 343))


@pytest.mark.parametrize("drawing", [{"palette": "ember"}, {"colouring": "smooth"}])
def test_a_poster_is_scaled_down_while_it_is_decoded(make_task, monkeypatch, drawing):
    task = make_task(width=60, height=45, **drawing)
    bands = divided(45, 4)
    parts = [task.model_copy(update={"part": band}) for band in bands]
    segments = [segment.encode(image.render(one)) for one in parts]
    rows = [band.rows for band in bands]
    png = b"".join(segment.joined(task, rows, lambda number: io.BytesIO(segments[number])))
    whole = thumbnail_of(png, 60, 45)
    monkeypatch.setattr(scaling, "HUGE_PIXELS", 100)
    monkeypatch.setattr(strips, "STRIP_PIXELS", 200)
    assert thumbnail_of(png, 60, 45) == whole
    monkeypatch.setattr(scaling, "LEFT_PIXELS", 1000)
    assert opened(thumbnail_of(png, 60, 45)).size == (30, 23)
    for broken in (png[:-400], png[:50], b"", png_of(Image.new("L", (60, 45)))):
        with pytest.raises(errors.ImageNotFound):
            thumbnail_of(broken, 60, 45)


def test_a_picture_in_24_bits_is_not_in_memory_as_a_whole(make_task, monkeypatch):
    rendered = image.render(make_task(width=60, height=45, colouring="smooth"))
    whole = thumbnail_of(image.encode(rendered), 60, 45)
    by_pillow = thumbnail_of(png_of(rendered), 60, 45)
    monkeypatch.setattr(scaling, "MOST_IN_COLOUR", 1000)
    assert thumbnail_of(png_of(rendered), 60, 45) == by_pillow
    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", lambda _: pytest.fail("whole"))
    assert thumbnail_of(image.encode(rendered), 60, 45) == whole


@pytest.mark.parametrize("sides", [(600, 600), (3001, 1999)])
def test_a_thumbnail_shows_what_the_picture_shows(sides):
    width, height = sides
    picture = Image.new("P", sides, 0)
    picture.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255])
    picture.paste(1, (width // 2, 0, width, height // 2))
    picture.paste(2, (0, height // 2, width // 2, height))
    picture.paste(3, (width // 2, height // 2, width, height))
    thumbnail = opened(thumbnail_of(png_of(picture), *sides)).convert("RGB")
    right, bottom = thumbnail.width * 3 // 4, thumbnail.height * 3 // 4
    left, top = thumbnail.width // 4, thumbnail.height // 4
    corners = [(left, top), (right, top), (left, bottom), (right, bottom)]
    for corner, expected in zip(corners, [(), (0,), (1,), (2,)], strict=True):
        bright = tuple(i for i, value in enumerate(thumbnail.getpixel(corner)) if value > 128)
        assert bright == expected


def test_a_picture_larger_than_pillow_dares_to_open_gets_its_thumbnail(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    monkeypatch.setattr("faafo.web.scaling.STRIP_PIXELS", 900)
    assert thumbnail_of(png_of(Image.new("P", (900, 800))), 900, 800)


def test_a_picture_is_never_in_colour_as_a_whole(monkeypatch):
    largest = []
    convert = Image.Image.convert

    def watch(image, *args, **kwargs):
        largest.append(image.width * image.height)
        return convert(image, *args, **kwargs)

    monkeypatch.setattr(Image.Image, "convert", watch)
    thumbnail_of(png_of(Image.new("P", (4000, 3000))), 4000, 3000)
    assert max(largest) <= 2**20


@pytest.mark.parametrize(
    "png", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"\x89PNG\r\n\x1a\nabcdefgh"]
)
def test_what_is_no_png_is_no_image(png):
    with pytest.raises(errors.ImageNotFound):
        thumbnail_of(png, 40, 30)


def test_a_png_that_ends_early_is_no_image():
    noise = Image.effect_noise((400, 300), 90)
    png = png_of(noise)
    with pytest.raises(errors.ImageNotFound):
        thumbnail_of(png[: len(png) // 2], 400, 300)


def test_a_picture_of_other_sides_than_its_record_says_is_refused_unread():
    header_only = png_of(Image.new("P", (5000, 5000)))[:1000]
    with pytest.raises(errors.ImageNotFound, match="not 40 x 30 pixels"):
        thumbnail_of(header_only, 40, 30)


@pytest.fixture
def checksum_of(app):
    def look_up(uuid) -> str:
        with app.app_context():
            return fractals.get(db.session, uuid).checksum

    return look_up


def test_a_thumbnail_is_a_small_picture(visitor, complete):
    answer = visitor.get(f"/fractal/{complete(width=800, height=400)}/thumbnail")
    assert (answer.status_code, answer.mimetype) == (200, "image/webp")
    assert Image.open(io.BytesIO(answer.data)).size == (480, 240)


def test_a_url_with_the_checksum_may_be_kept_for_good(visitor, complete, checksum_of):
    uuid = complete()
    answer = visitor.get(f"/fractal/{uuid}/thumbnail?checksum={checksum_of(uuid)}")
    assert answer.cache_control.immutable
    assert answer.cache_control.max_age >= 31_536_000
    assert answer.headers["ETag"] == f'"{checksum_of(uuid)}-thumbnail-480"'


@pytest.mark.parametrize(
    ("owner", "is_private"),
    [
        ({}, False),
        ({"project_id": "p"}, True),
        ({"project_id": "p", "shared": True}, False),
    ],
)
def test_caches_of_many_visitors_keep_what_all_may_see(
    visitor, complete, change, checksum_of, owner, is_private
):
    uuid = complete()
    change(uuid, **owner)
    answer = visitor.get(f"/fractal/{uuid}/thumbnail?form=card&checksum={checksum_of(uuid)}")
    assert bool(answer.cache_control.private) == is_private
    assert answer.cache_control.immutable


@pytest.mark.parametrize("query", ["", "?checksum=", "?checksum=" + "0" * 64])
def test_any_other_url_must_be_asked_again(visitor, complete, query):
    answer = visitor.get(f"/fractal/{complete()}/thumbnail{query}")
    assert answer.status_code == 200
    assert answer.cache_control.no_cache
    assert not answer.cache_control.immutable


def test_a_thumbnail_that_the_browser_has_is_not_sent_again(visitor, complete, checksum_of):
    uuid = complete()
    etag = f'"{checksum_of(uuid)}-thumbnail-480"'
    answer = visitor.get(f"/fractal/{uuid}/thumbnail", headers={"If-None-Match": etag})
    assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", etag)


def test_an_outdated_thumbnail_is_sent_again(visitor, complete):
    headers = {"If-None-Match": '"something else"'}
    answer = visitor.get(f"/fractal/{complete()}/thumbnail", headers=headers)
    assert answer.status_code == 200


def test_the_image_is_read_once(visitor, complete, store):
    uuid = complete()
    first = visitor.get(f"/fractal/{uuid}/thumbnail")
    store.delete(uuid)
    assert visitor.get(f"/fractal/{uuid}/thumbnail").data == first.data


def test_an_image_that_is_missing_is_not_found(visitor, complete, store):
    uuid = complete()
    store.delete(uuid)
    assert visitor.get(f"/fractal/{uuid}/thumbnail").status_code == 404


def test_an_image_that_is_broken_is_not_found(visitor, complete):
    uuid = complete(png=b"This is not a PNG.")
    assert visitor.get(f"/fractal/{uuid}/thumbnail").status_code == 404


def test_an_unfinished_fractal_has_no_thumbnail(visitor, queued):
    assert visitor.get(f"/fractal/{queued()}/thumbnail").status_code == 404


def test_an_unknown_fractal_has_no_thumbnail(visitor):
    assert visitor.get(f"/fractal/{UNKNOWN}/thumbnail").status_code == 404


def test_a_preview_is_a_larger_picture_and_a_card_has_the_size_that_networks_show(
    visitor, complete
):
    uuid = complete(width=1400, height=700)
    for form, kind, size in (("preview", "WEBP", (1280, 640)), ("card", "JPEG", (1200, 630))):
        url = f"/fractal/{uuid}/thumbnail?form={form}"
        answer = visitor.get(url)
        image = Image.open(io.BytesIO(answer.data))
        assert (image.format, image.size) == (kind, size)
        assert answer.mimetype == f"image/{kind.lower()}"
        again = {"If-None-Match": answer.headers["ETag"]}
        assert visitor.get(url, headers=again).status_code == 304
        assert visitor.get(f"/fractal/{uuid}/thumbnail", headers=again).status_code == 200
    refusal = visitor.get(f"/fractal/{uuid}/thumbnail?form=poster")
    assert refusal.status_code == 400
    assert "form: must be one of thumbnail, preview, card, not &#39;poster&#39;" in refusal.text


def test_a_preview_of_noise_is_not_larger_than_the_bound_either():
    noise = Image.effect_noise((1500, 1000), 120)
    preview = scaled(io.BytesIO(png_of(noise)), 1500, 1000, Form.PREVIEW)
    assert 1000 < len(preview) <= MOST_PREVIEW_BYTES


@pytest.mark.parametrize("sides", [(3000, 100), (100, 3000), (1, 1)])
def test_a_card_shows_the_middle_of_a_picture_of_any_ratio(sides):
    picture = Image.new("RGB", sides, "red")
    card = opened(scaled(io.BytesIO(png_of(picture)), *sides, Form.CARD))
    assert card.size == (1200, 630)
    assert card.getpixel((600, 315))[0] > 200

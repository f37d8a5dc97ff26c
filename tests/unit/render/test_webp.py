# SPDX-License-Identifier: Apache-2.0
import io

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageStat

from faafo import errors
from faafo.render import webp


def pictures(count, size=(37, 21)):
    for number in range(count):
        picture = Image.new("RGB", size, (40, 60, 20 * number))
        ImageDraw.Draw(picture).rectangle((0, 0, size[0] // 2, number), fill=(200, 10 * number, 90))
        yield picture


def written(count, fps=24, size=(37, 21)):
    file = io.BytesIO()
    webp.write(pictures(count, size), *size, count, fps, file)
    assert file.tell() == len(file.getvalue())
    return file.getvalue()


def test_a_film_has_the_frames_in_their_order_each_for_its_time():
    with Image.open(io.BytesIO(written(7))) as film:
        assert (film.format, film.size, film.n_frames) == ("WEBP", (37, 21), 7)
        assert film.info["loop"] == 0
        total = 0
        for number, picture in enumerate(pictures(7)):
            film.seek(number)
            shown = film.convert("RGB")
            total += film.info["duration"]
            assert max(ImageStat.Stat(ImageChops.difference(shown, picture)).rms) < 20
        assert total == round(7000 / 24)


def test_the_same_frames_give_the_same_bytes():
    assert written(3) == written(3)


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (301, 2)])
def test_a_film_has_any_size(size):
    with Image.open(io.BytesIO(written(2, size=size))) as film:
        assert (film.size, film.n_frames) == (size, 2)
        film.seek(1)
        film.load()


def test_one_frame_is_asked_for_at_a_time():
    alive = 0

    def counted():
        nonlocal alive
        for picture in pictures(5):
            alive += 1
            assert alive == 1
            yield picture
            alive -= 1

    webp.write(counted(), 37, 21, 5, 24, io.BytesIO())


def test_what_is_too_large_for_the_format_is_refused(monkeypatch):
    monkeypatch.setattr(webp, "MOST_BYTES", 500)
    with pytest.raises(errors.RenderFailed, match="format: a film in WebP has at most 500 bytes"):
        written(9)

# SPDX-License-Identifier: Apache-2.0
import io

import pytest
from PIL import Image

from faafo.fractal.media import FILMS, is_film
from faafo.fractal.parts import FilmFormat
from faafo.render import webm, webp

WRITERS = {FilmFormat.WEBP: webp.write, FilmFormat.WEBM: webm.write}


@pytest.mark.parametrize("kind", list(FilmFormat))
def test_what_begins_as_a_film_is_told_from_what_does_not(kind):
    file = io.BytesIO()
    WRITERS[kind]([Image.new("RGB", (300, 16))] * 2, 300, 16, 2, 24, file)
    film = file.getvalue()
    assert is_film(film, FILMS[kind], 300, 16)
    assert is_film(film, FILMS[FilmFormat.WEBP], 300, 17) is False
    for other in (b"", film[:3], b"\x89PNG\r\n\x1a\n", bytes(64)):
        assert not is_film(other, FILMS[kind], 300, 16)


def test_a_picture_in_webp_is_no_film():
    file = io.BytesIO()
    Image.new("RGBA", (30, 16), (1, 2, 3, 4)).save(file, "WEBP")
    assert not is_film(file.getvalue(), FILMS[FilmFormat.WEBP], 30, 16)

# SPDX-License-Identifier: Apache-2.0
import io

import av
import pytest

from faafo.render import webm
from tests.unit.render.test_webp import pictures


def written(count, fps, size):
    file = io.BytesIO()
    webm.write(pictures(count, size), *size, count, fps, file)
    return file.getvalue()


@pytest.mark.parametrize("size", [(64, 36), (37, 21)])
def test_a_film_has_all_frames_and_its_time(size):
    with av.open(io.BytesIO(written(6, 12, size))) as film:
        (stream,) = film.streams.video
        assert (stream.codec_context.name, stream.width, stream.height) == ("vp9", *size)
        assert stream.average_rate == 12
        assert film.duration == 500_000
        assert len(list(film.decode(stream))) == 6


def test_the_same_frames_give_the_same_bytes():
    assert written(3, 24, (64, 36)) == written(3, 24, (64, 36))

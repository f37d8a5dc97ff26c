# SPDX-License-Identifier: Apache-2.0
"""Segments, and their join: the same pixels as of a picture that is rendered whole."""

import io
import zlib

import pytest
from PIL import Image

from faafo import errors
from faafo.fractal.parts import Band, SegmentHeader, combined_adler32, divided
from faafo.render import image, segment

DRAWINGS = {
    "palette": {"palette": "ember"},
    "original": {"inside": "#102030"},
    "smooth": {"colouring": "smooth", "palette": "glacier", "formula": "z3"},
    "samples": {"samples": 2, "palette": "ember"},
}


def segments_of(task, count):
    bands = divided(task.height, count)
    parts = [task.model_copy(update={"part": band}) for band in bands]
    return [band.rows for band in bands], [segment.encode(image.render(one)) for one in parts]


@pytest.mark.parametrize("drawing", DRAWINGS)
def test_a_picture_in_bands_has_the_pixels_of_the_whole_one(make_task, drawing):
    task = make_task(width=13, height=17, iterations=90, **DRAWINGS[drawing])
    whole = image.render(task)
    for count in (1, 7, 8, 17):
        rows, segments = segments_of(task, count)
        assert sum(rows) == 17
        pieces = segment.joined(task, rows, lambda number: io.BytesIO(segments[number]))  # noqa: B023
        picture = Image.open(io.BytesIO(b"".join(pieces)))
        assert (picture.mode, picture.size) == (whole.mode, (13, 17))
        assert picture.tobytes() == whole.tobytes()
        assert picture.convert("RGB").tobytes() == whole.convert("RGB").tobytes()


def test_a_checksum_is_combined_of_those_of_the_parts():
    rows = [bytes([number]) * 5 * number for number in (1, 200, 255)]
    headers = [SegmentHeader(4, n, 1, zlib.adler32(one)) for n, one in zip((1, 200, 255), rows)]  # noqa: B905
    assert combined_adler32(headers) == zlib.adler32(b"".join(rows))


def test_a_segment_of_another_picture_is_refused(make_task):
    task = make_task()
    rows, segments = segments_of(task, 2)
    for wrong, why in ((b"", "not a segment"), (segments[0], "segment 1: is one of another")):
        contents = [segments[0], wrong]
        other = [rows[0] - 1, rows[1]] if not wrong else [3, 2]
        with pytest.raises(errors.InvalidImage, match=why):
            list(segment.joined(task, [3, other[1]], lambda n: io.BytesIO(contents[n])))  # noqa: B023


def test_a_damaged_segment_is_not_whole(make_task):
    task = make_task(width=40, height=30, colouring="smooth", part=Band(first_row=3, rows=20))
    content = segment.encode(image.render(task))
    assert segment.is_whole(content, 40, 20)
    assert not segment.is_whole(content, 40, 21)
    assert not segment.is_whole(content[:-6], 40, 20)
    assert not segment.is_whole(content[:-40] + segment.FLUSHED, 40, 20)
    middle = len(content) // 2
    damaged = content[:middle] + bytes([content[middle] ^ 8]) + content[middle + 1 :]
    assert not segment.is_whole(damaged, 40, 20)

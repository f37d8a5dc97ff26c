# SPDX-License-Identifier: Apache-2.0
"""The image as a file that knows what it shows."""

import io
from contextlib import ExitStack

import pytest
from PIL import Image

from faafo import errors
from faafo.core.collaborators import KEY
from faafo.core.reading import CHANNEL
from faafo.fractal.embedded import extract


def test_the_file_has_the_pixels_of_the_image_and_its_parameters(visitor, complete):
    uuid = complete(cx=-0.5, palette="ember")
    answer = visitor.get(f"/fractal/{uuid}/download", buffered=True)
    assert answer.mimetype == "image/png"
    assert answer.headers["Content-Disposition"] == f"attachment; filename=faafo-{uuid}.png"
    image = visitor.get(f"/api/fractal/{uuid}/image", buffered=True).data
    with Image.open(io.BytesIO(answer.data)) as file, Image.open(io.BytesIO(image)) as plain:
        assert file.tobytes() == plain.tobytes()
    task = extract(answer.data)
    assert (task.uuid, task.cx, task.palette) == (uuid, -0.5, "ember")
    assert answer.content_length == len(answer.data)


def test_a_file_is_never_in_memory_as_a_whole(visitor, complete):
    answer = visitor.get(f"/fractal/{complete(png=bytes(2**20))}/download")
    parts = [len(part) for part in answer.response]
    answer.close()
    assert sum(parts) > 2**20
    assert max(parts) <= 2**16


@pytest.mark.parametrize("uuid", ["00000000-0000-4000-8000-000000000000", None])
def test_what_has_no_image_has_no_file(visitor, queued, uuid):
    assert visitor.get(f"/fractal/{uuid or queued()}/download").status_code == 404


def test_a_file_goes_on_after_a_read_that_found_no_place(app, visitor, complete):
    bulkhead = app.extensions[KEY].bulkheads.images
    path = f"/fractal/{complete(png=bytes(2**20))}/download"
    answer = visitor.get(path, environ_overrides={CHANNEL: object()})
    parts = iter(answer.response)
    read = len(next(parts))
    with ExitStack() as places:
        for _ in range(bulkhead.places):
            places.enter_context(bulkhead.place())
        with pytest.raises(errors.Overloaded):
            next(parts)
    read += sum(len(part) for part in parts)
    answer.close()
    assert read == answer.content_length

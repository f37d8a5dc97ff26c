# SPDX-License-Identifier: Apache-2.0
"""The image as a file that knows what it shows."""

import io

import pytest
from PIL import Image

from faafo.fractal.embedded import extract


def test_the_file_has_the_pixels_of_the_image_and_its_parameters(visitor, complete):
    uuid = complete(cx=-0.5, palette="ember")
    answer = visitor.get(f"/fractal/{uuid}/download")
    assert answer.mimetype == "image/png"
    assert answer.headers["Content-Disposition"] == f"attachment; filename=faafo-{uuid}.png"
    image = visitor.get(f"/api/fractal/{uuid}/image", buffered=True).data
    with Image.open(io.BytesIO(answer.data)) as file, Image.open(io.BytesIO(image)) as plain:
        assert file.tobytes() == plain.tobytes()
    task = extract(answer.data)
    assert (task.uuid, task.cx, task.palette) == (uuid, -0.5, "ember")


@pytest.mark.parametrize("uuid", ["00000000-0000-4000-8000-000000000000", None])
def test_what_has_no_image_has_no_file(visitor, queued, uuid):
    assert visitor.get(f"/fractal/{uuid or queued()}/download").status_code == 404

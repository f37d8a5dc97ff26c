# SPDX-License-Identifier: Apache-2.0
"""Reading images for responses, under servers that can pause a response and under others."""

import io
import threading

import pytest

from faafo import errors
from faafo.core.bulkhead import Bulkhead
from faafo.core.reading import CHANNEL, CHUNK_BYTES, ImageReader

IMAGE = bytes(3 * CHUNK_BYTES)


class Store:
    """Has one image."""

    def open(self, _uuid, _token):
        return io.BytesIO(IMAGE)


@pytest.fixture
def bulkhead():
    """One place, for which no other read waits."""
    return Bulkhead("reads of images", 1, waiting=0, patience=0.0)


def test_a_server_that_cannot_pause_gets_the_whole_image_when_places_are_free(app, bulkhead):
    with app.test_request_context():
        image = ImageReader.open(Store(), "any", None, bulkhead)
    parts, begun = [next(image)], threading.Event()

    def read():
        begun.set()
        parts.extend(image)

    reading = threading.Thread(target=read)
    with bulkhead.place():
        reading.start()
        assert begun.wait(60)
        reading.join(0.05)
        assert len(parts) == 1
    reading.join(60)
    assert b"".join(parts) == IMAGE
    assert bulkhead.taken == 0


def test_our_server_is_told_when_there_is_no_place(app, bulkhead):
    with app.test_request_context(environ_overrides={CHANNEL: object()}):
        image = ImageReader.open(Store(), "any", None, bulkhead)
    with bulkhead.place(), pytest.raises(errors.Overloaded):
        next(image)
    assert b"".join(image) == IMAGE

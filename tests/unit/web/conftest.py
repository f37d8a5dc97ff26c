# SPDX-License-Identifier: Apache-2.0
"""What the tests of the pages share: a visitor, and fractals of each status."""

import hashlib
import io

import pytest
from PIL import Image

from faafo.db import claims, db, fractals, outcomes
from faafo.fractal.lease import Lease

POLICY = outcomes.RetryPolicy(max_attempts=1, delay=0.0, longest_delay=0.0)
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"


def make_png(width: int, height: int) -> bytes:
    """Return a PNG with a palette, as ours are, in a few colours."""
    image = Image.frombytes("P", (width, height), bytes(x % 32 for x in range(width)) * height)
    image.putpalette([v for i in range(32) for v in (i % 8 * 32, i % 16 * 16, i * 8)])
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def visitor(app):
    """A client that asks for pages as browsers do."""
    client = app.test_client()
    client.environ_base["HTTP_ACCEPT"] = BROWSER
    return client


@pytest.fixture
def queued(app, make_task):
    """Adds a queued fractal and returns its uuid."""

    def add(**changes) -> str:
        with app.app_context():
            return fractals.add(db.session, make_task(**changes)).uuid

    return add


@pytest.fixture
def rendering(app, queued):
    """Adds a fractal that is being rendered; it must be the only one that can be claimed."""

    def add(**changes) -> str:
        uuid = queued(**changes)
        with app.app_context():
            claims.claim(db.session, "a producer", 1, 600.0, POLICY)
        return uuid

    return add


@pytest.fixture
def failed(app, rendering):
    """Adds a fractal that could not be rendered."""

    def add(fault="the disk is full", **changes) -> str:
        uuid = rendering(**changes)
        with app.app_context():
            outcomes.fail(db.session, Lease(uuid, 1), fault, POLICY)
        return uuid

    return add


@pytest.fixture
def complete(app, store, queued):
    """Adds a complete fractal with an image, which is ``png`` or one of the right size."""

    def add(png=None, generated_by="worker-1", **changes) -> str:
        changes = {"width": 40, "height": 30, **changes}
        png = make_png(changes["width"], changes["height"]) if png is None else png
        uuid = queued(**changes)
        store.save(uuid, png)
        result = {
            "checksum": hashlib.sha256(png).hexdigest(),
            "duration": 1.25,
            "size": 1_234_567,
            "generated_by": generated_by,
        }
        with app.app_context():
            outcomes.complete_unfenced(db.session, uuid, result)
        return uuid

    return add

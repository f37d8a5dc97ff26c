# SPDX-License-Identifier: Apache-2.0
"""Images: a store that fails is told by the status of the response, not in the middle of it."""

import io

import pytest

from faafo import errors
from faafo.db import db, fractals, outcomes
from faafo.store.filesystem import FilesystemStore
from faafo.store.ranged import BLOCK_BYTES, Block, RangedFile

SIZE = 3 * BLOCK_BYTES
RESULT = {"checksum": "0" * 64, "duration": 1.0, "size": SIZE}


class FailingStore(FilesystemStore):
    """Has images of three blocks, and cannot read the blocks in ``missing``."""

    missing: frozenset[int] = frozenset({1, 2})

    def open(self, uuid, token=None):
        return io.BufferedReader(RangedFile(self._fetch))

    def _fetch(self, start, count, _etag):
        if start // BLOCK_BYTES in self.missing:
            raise errors.StoreUnreachable("the store does not answer")
        return Block(start, bytes(min(count, SIZE - start)), SIZE, "etag")


@pytest.fixture
def store(conf):
    store = FailingStore(conf.filesystem_store_datadir)
    store.check()
    return store


@pytest.fixture
def path(app, make_task):
    """The path of an image."""
    with app.app_context():
        uuid = fractals.add(db.session, make_task()).uuid
        outcomes.complete_unfenced(db.session, uuid, RESULT)
    return f"/api/fractal/{uuid}/image"


@pytest.mark.parametrize("wanted", ["bytes=2000000-", "bytes=-10", "bytes=1048576-1048577"])
def test_a_part_that_the_store_cannot_read_is_503(app, path, wanted):
    answer = app.test_client().get(path, headers={"Range": wanted})
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1


@pytest.mark.parametrize(
    ("wanted", "length"),
    [("bytes=0-", SIZE), ("bytes=2000000-", SIZE - 2_000_000), ("bytes=70000-70009", 10)],
)
def test_a_part_arrives_whole(app, path, store, wanted, length):
    store.missing = frozenset()
    answer = app.test_client().get(path, headers={"Range": wanted}, buffered=True)
    assert (answer.status_code, len(answer.data)) == (206, length)


def test_an_image_arrives_whole(app, path, store):
    store.missing = frozenset()
    answer = app.test_client().get(path, buffered=True)
    assert (answer.status_code, len(answer.data)) == (200, SIZE)

# SPDX-License-Identifier: Apache-2.0
"""Images without a record are deleted while nobody waits."""

import threading

import pytest

from faafo import errors
from faafo.core import removal
from faafo.core.removal import Removal
from faafo.store.filesystem import FilesystemStore

UUIDS = [f"00000000-0000-4000-8000-{number:012}" for number in range(5)]


class StubbornStore(FilesystemStore):
    """Deletes when it may, and fails for some uuids."""

    def __init__(self, datadir: str) -> None:
        super().__init__(datadir)
        self.go = threading.Event()
        self.errors: dict[str, Exception] = {}

    def delete(self, uuid: str) -> None:
        assert self.go.wait(60)
        if uuid in self.errors:
            raise self.errors[uuid]
        super().delete(uuid)


@pytest.fixture
def store(tmp_path):
    store = StubbornStore(str(tmp_path))
    for uuid in UUIDS:
        store.save(uuid, b"picture")
    yield store
    store.go.set()


def left(store):
    return sorted(store.uuids(age=-1))


def test_the_caller_does_not_wait_and_all_are_deleted(store, wait_until):
    images = Removal(store)
    for uuid in UUIDS:
        images.submit(uuid)
    assert left(store) == UUIDS
    store.go.set()
    wait_until(lambda: left(store) == [])


def test_one_that_cannot_be_deleted_does_not_keep_the_others(store, wait_until, caplog):
    store.errors = {
        UUIDS[0]: errors.StoreUnavailable("the disk is gone"),
        UUIDS[1]: RuntimeError("a surprise"),
    }
    store.go.set()
    images = Removal(store)
    for uuid in UUIDS:
        images.submit(uuid)
    wait_until(lambda: left(store) == UUIDS[:2])
    assert "the disk is gone" in caplog.text
    assert "a surprise" in caplog.text


def test_it_goes_on_after_a_pause(store, wait_until):
    store.go.set()
    images = Removal(store)
    for uuid in UUIDS:
        images.submit(uuid)
        wait_until(lambda gone=uuid: gone not in left(store))


def test_too_many_are_left_to_the_sweep(store, monkeypatch, caplog):
    monkeypatch.setattr(removal, "MOST_WAITING", 2)
    images = Removal(store)
    for uuid in UUIDS:
        images.submit(uuid)
    assert f"leaving the image of fractal {UUIDS[4]} to the next sweep" in caplog.text


def test_one_waits_for_the_next_when_there_is_no_thread(store, monkeypatch, wait_until, caplog):
    store.go.set()
    images = Removal(store)

    def refuse(_thread):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        images.submit(UUIDS[0])
    assert "can't start new thread" in caplog.text
    images.submit(UUIDS[1])
    wait_until(lambda: left(store) == UUIDS[2:])

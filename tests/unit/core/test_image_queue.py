# SPDX-License-Identifier: Apache-2.0
"""Images are renamed and deleted while no report waits."""

import threading

import pytest

from faafo import errors
from faafo.core import image_queue
from faafo.core.image_queue import ImageQueue
from faafo.store.filesystem import FilesystemStore

UUIDS = [f"00000000-0000-4000-8000-{number:012}" for number in range(5)]


class StubbornStore(FilesystemStore):
    """Deletes when it may, and fails for some uuids."""

    def __init__(self, datadir: str) -> None:
        super().__init__(datadir)
        self.go = threading.Event()
        self.errors: dict[str, Exception] = {}

    def delete(self, uuid: str, token: str | None = None) -> None:
        assert self.go.wait(60)
        if uuid in self.errors:
            raise self.errors[uuid]
        super().delete(uuid, token)


@pytest.fixture
def store(tmp_path):
    store = StubbornStore(str(tmp_path))
    for uuid in UUIDS:
        store.save(uuid, b"picture")
    yield store
    store.go.set()


def left(store):
    return sorted(uuid for uuid, _token in store.images(age=-1))


def test_the_caller_does_not_wait_and_all_are_deleted(store, wait_until):
    images = ImageQueue(store)
    for uuid in UUIDS:
        images.delete_soon(uuid, None)
    assert left(store) == UUIDS
    store.go.set()
    wait_until(lambda: left(store) == [])


def test_one_that_cannot_be_deleted_does_not_keep_the_others(store, wait_until, caplog):
    store.errors = {
        UUIDS[0]: errors.StoreUnavailable("the disk is gone"),
        UUIDS[1]: RuntimeError("a surprise"),
    }
    store.go.set()
    images = ImageQueue(store)
    for uuid in UUIDS:
        images.delete_soon(uuid, None)
    wait_until(lambda: left(store) == UUIDS[:2])
    assert "the disk is gone" in caplog.text
    assert "a surprise" in caplog.text


def test_it_goes_on_after_a_pause(store, wait_until):
    store.go.set()
    images = ImageQueue(store)
    for uuid in UUIDS:
        images.delete_soon(uuid, None)
        wait_until(lambda gone=uuid: gone not in left(store))


def test_too_many_are_left_to_the_sweep(store, monkeypatch, caplog):
    monkeypatch.setattr(image_queue, "MOST_WAITING", 2)
    images = ImageQueue(store)
    for uuid in UUIDS:
        images.delete_soon(uuid, None)
    assert "leaving images to the next sweep" in caplog.text


def test_one_waits_for_the_next_when_there_is_no_thread(store, monkeypatch, wait_until, caplog):
    store.go.set()
    images = ImageQueue(store)

    def refuse(_thread):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        images.delete_soon(UUIDS[0], None)
    assert "can't start new thread" in caplog.text
    images.delete_soon(UUIDS[1], None)
    wait_until(lambda: left(store) == UUIDS[2:])


def test_images_are_renamed_even_if_one_of_them_cannot_be(store, monkeypatch, caplog):
    caplog.set_level("INFO")
    token = "0123456789abcdef-1"
    for uuid in UUIDS[:2]:
        store.save(uuid, uuid.encode(), token=token)
    publish = FilesystemStore.publish

    def refuse(self, uuid, token):
        if uuid == UUIDS[0]:
            raise errors.StoreUnavailable("the directory is read-only")
        publish(self, uuid, token)

    monkeypatch.setattr(FilesystemStore, "publish", refuse)
    assert ImageQueue(store).publish([(uuid, token) for uuid in UUIDS[:2]]).wait(60)
    assert (UUIDS[0], token) in set(store.images(age=-1))
    assert store.load(UUIDS[1]) == UUIDS[1].encode()
    assert "the directory is read-only" in caplog.text

# SPDX-License-Identifier: Apache-2.0
"""Images as files."""

import errno
import io
import os
import stat
from pathlib import Path

import pytest

from faafo import errors
from faafo.store.filesystem import FilesystemStore

UUID = "00000000-0000-4000-8000-000000000001"
TOKEN = "0123456789abcdef-1"


def test_what_is_saved_can_be_loaded_and_deleted(tmp_path):
    store = FilesystemStore(str(tmp_path / "new" / "images"))
    store.check()
    path = store.save(UUID, b"png")
    assert path == str(tmp_path / "new" / "images" / f"{UUID}.png")
    assert store.load(UUID) == b"png"
    store.delete(UUID)
    store.delete(UUID)
    with pytest.raises(errors.ImageNotFound):
        store.load(UUID)


def test_saving_leaves_one_file_that_all_users_may_read(tmp_path):
    store = FilesystemStore(str(tmp_path))
    store.save(UUID, b"old")
    store.save(UUID, b"new")
    (file,) = tmp_path.iterdir()
    assert file.read_bytes() == b"new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o644


def test_a_store_that_cannot_be_written_names_the_option_and_the_path(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    store = FilesystemStore(str(blocked))
    with pytest.raises(errors.StoreUnavailable, match=f"filesystem_store_datadir = {blocked}"):
        store.check()
    with pytest.raises(errors.StoreUnavailable, match="filesystem_store_datadir"):
        store.save(UUID, b"png")


def test_a_write_that_fails_leaves_nothing_behind(tmp_path):
    store = FilesystemStore(str(tmp_path))
    (tmp_path / f"{UUID}.png").mkdir()
    with pytest.raises(errors.StoreUnavailable):
        store.save(UUID, b"png")
    assert [path.name for path in tmp_path.iterdir()] == [f"{UUID}.png"]


def test_an_image_that_reads_back_differently_is_not_kept(tmp_path, monkeypatch):
    store = FilesystemStore(str(tmp_path))
    store.save(UUID, b"old")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", lambda *_: io.BytesIO(b"nEw"))
        with pytest.raises(errors.StoreUnavailable, match="3 bytes were written, 3 different ones"):
            store.save(UUID, b"new")
    assert store.load(UUID) == b"old"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.fixture
def disk_with(monkeypatch):
    """A function that sets the free space of the disk, in bytes."""

    def limit(room):
        def allocate(_descriptor, _offset, size):
            if size > room:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(os, "posix_fallocate", allocate)

    return limit


def test_a_disk_without_room_for_a_typical_image_is_full(tmp_path, disk_with):
    store = FilesystemStore(str(tmp_path))
    disk_with(1000)
    with pytest.raises(errors.StoreUnavailable, match="No space left on device"):
        store.check()
    disk_with(10**9)
    store.check()


def test_after_a_failed_write_there_must_be_room_for_that_image(tmp_path, disk_with, monkeypatch):
    store = FilesystemStore(str(tmp_path))
    disk_with(2**21)
    store.check()
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
        with pytest.raises(errors.StoreUnavailable, match="full"):
            store.save(UUID, bytes(2**22))
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(errors.StoreUnavailable):
        store.check()
    disk_with(2**22)
    store.check()


def test_a_file_system_that_cannot_reserve_space_passes_the_check(tmp_path, monkeypatch):
    def allocate(*_arguments):
        raise OSError(errno.EOPNOTSUPP, "not here")

    monkeypatch.setattr(os, "posix_fallocate", allocate)
    FilesystemStore(str(tmp_path)).check()


def test_images_are_listed_once_they_are_old_enough(tmp_path):
    store = FilesystemStore(str(tmp_path))
    paths = [tmp_path / f"{UUID}.png", tmp_path / f"{UUID}-{TOKEN}.png"]
    for token in (None, TOKEN):
        assert store.save(UUID, b"png", token=token) == str(paths[0])
    strange = ("notes.txt", "not-a-uuid.png", f".{UUID}.png", f"{UUID}.png.bak", f"{UUID}-1.png")
    for name in strange:
        (tmp_path / name).write_text("not an image")
    assert list(store.images(age=3600)) == []
    for path in paths:
        os.utime(path, (0, 0))
    assert sorted(store.images(age=3600), key=str) == [(UUID, TOKEN), (UUID, None)]


def test_a_published_image_is_found_under_both_names_until_it_is_deleted(tmp_path):
    store = FilesystemStore(str(tmp_path))
    store.save(UUID, b"of this record", token=TOKEN)
    for _twice in range(2):
        store.publish(UUID, TOKEN)
        assert (tmp_path / f"{UUID}.png").read_bytes() == b"of this record"
        assert store.load(UUID, TOKEN) == b"of this record"
    assert [path.name for path in tmp_path.iterdir()] == [f"{UUID}.png"]
    store.delete(UUID)
    store.publish(UUID, TOKEN)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(errors.ImageNotFound):
        store.load(UUID, TOKEN)


def test_the_published_image_of_an_earlier_record_is_no_image_of_this_one(tmp_path):
    store = FilesystemStore(str(tmp_path))
    store.save(UUID, b"of an earlier record", token=f"{'e' * 16}-1")
    store.publish(UUID, f"{'e' * 16}-1")
    store.save(UUID, b"of this record", token=TOKEN)
    assert store.load(UUID, TOKEN) == b"of this record"
    store.delete(UUID, TOKEN)
    assert store.find(UUID, TOKEN) is None


def partial(directory, owner):
    """Leave a partial file, as a process that dies during a save does."""
    store = FilesystemStore(str(directory), owner)
    before = set(directory.iterdir())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            store.save(UUID, b"half")
    (left,) = set(directory.iterdir()) - before
    return left


def test_an_owner_removes_only_its_own_partial_files(tmp_path):
    mine, others = partial(tmp_path, "worker-host-1"), partial(tmp_path, "worker-host-11")
    image = FilesystemStore(str(tmp_path)).save(UUID, b"png")
    assert FilesystemStore(str(tmp_path), "worker-host-1").remove_partial() == 1
    assert not mine.exists()
    assert {str(path) for path in tmp_path.iterdir()} == {str(others), image}


def test_an_owner_may_have_any_name(tmp_path):
    partial(tmp_path, "../a/b *")
    assert FilesystemStore(str(tmp_path), "../a/b *").remove_partial() == 1
    assert list(tmp_path.iterdir()) == []


def test_a_partial_file_that_cannot_be_removed_makes_the_store_unavailable(tmp_path):
    store = FilesystemStore(str(tmp_path), "worker-host-1")
    left = partial(tmp_path, "worker-host-1")
    left.unlink()
    left.mkdir()
    with pytest.raises(errors.StoreUnavailable, match=f"filesystem_store_datadir = {tmp_path}"):
        store.remove_partial()


def test_old_partial_files_of_other_owners_can_be_removed(tmp_path):
    left = partial(tmp_path, "worker-host-1")
    store = FilesystemStore(str(tmp_path))
    assert store.remove_all_partial(age=3600) == 0
    os.utime(left, (0, 0))
    assert store.remove_all_partial(age=3600) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_cannot_be_listed_says_so(tmp_path):
    with pytest.raises(errors.StoreUnavailable, match="filesystem_store_datadir"):
        list(FilesystemStore(str(tmp_path / "nowhere")).images(age=0))

"""Images as files."""

import stat

import pytest

from faafo import errors
from faafo.store.filesystem import FilesystemStore

UUID = "00000000-0000-4000-8000-000000000001"


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


def test_saving_leaves_one_file_that_everybody_may_read(tmp_path):
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

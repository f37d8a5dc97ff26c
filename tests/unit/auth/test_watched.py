# SPDX-License-Identifier: Apache-2.0
"""A file that changes while it is used."""

import logging

import pytest

from faafo import errors
from faafo.auth import watched
from faafo.auth.watched import WatchedFile


def number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError("is no number") from None


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(watched, "LOOK_AGAIN_SECONDS", 0.0)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "number"
    path.write_text("1")
    return path


@pytest.fixture
def file(path):
    return WatchedFile("[x] file", str(path), number)


def test_a_change_is_taken_over_once_the_file_has_not_changed_for_a_while(file, path):
    assert file.value == 1
    path.write_text("2")
    assert file.value == 1
    path.write_text("23")
    assert [file.value for _ in range(2)] == [1, 23]


def test_a_file_that_is_emptied_changes_nothing(file, path, caplog):
    path.write_text(" \n")
    assert [file.value for _ in range(3)] == [1, 1, 1]
    assert caplog.messages == [f"[x] file = {path}: is empty; what was read before stays valid"]


def test_a_file_that_nests_too_deeply_is_refused(path):
    def recurse(text):
        return recurse(text)

    with pytest.raises(errors.ConfigurationError, match="is nested too deeply"):
        WatchedFile("[x] file", str(path), recurse)


def test_a_file_that_takes_the_place_of_another_is_taken_over(file, path, tmp_path):
    other = tmp_path / "other"
    other.write_text("2")
    other.rename(path)
    assert [file.value for _ in range(2)] == [1, 2]


def test_what_is_broken_is_told_once_and_changes_nothing(file, path, caplog):
    caplog.set_level(logging.INFO, "faafo")
    for content in (b"nonsense", b"\xff", b"9" * (watched.LARGEST + 1)):
        path.write_bytes(content)
        caplog.clear()
        assert [file.value for _ in range(3)] == [1, 1, 1]
        (line,) = caplog.messages
        assert line.startswith(f"[x] file = {path}: ")
        assert line.endswith("; what was read before stays valid")
    path.unlink()
    caplog.clear()
    assert [file.value for _ in range(3)] == [1, 1, 1]
    assert ["No such file or directory" in line for line in caplog.messages] == [True]
    path.write_text("5")
    assert [file.value for _ in range(2)] == [1, 5]


def test_a_file_that_is_broken_from_the_start_is_refused(tmp_path):
    for name in ("missing", ""):
        with pytest.raises(errors.ConfigurationError, match=r"\[x\] file = "):
            WatchedFile("[x] file", str(tmp_path / name), number)


def test_a_file_is_not_looked_at_for_each_request(file, path, monkeypatch):
    monkeypatch.setattr(watched, "LOOK_AGAIN_SECONDS", 3600.0)
    assert file.value == 1
    path.write_text("2")
    assert file.value == 1

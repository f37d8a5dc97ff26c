# SPDX-License-Identifier: Apache-2.0
"""Files that appear when they are whole, and progress on a terminal."""

import io
import os
import threading
from pathlib import Path

import pytest

from faafo import errors
from faafo.cli.output import OutputRefused, Progress, check_target, replacing


def test_a_file_is_replaced_when_it_is_whole(tmp_path):
    path = tmp_path / "x.png"
    path.write_bytes(b"old")
    with replacing(path) as file:
        file.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["x.png"]


def test_an_error_leaves_nothing_behind(tmp_path):
    with pytest.raises(errors.ApiRefused), replacing(tmp_path / "x.png"):
        raise errors.ApiRefused("no")
    assert os.listdir(tmp_path) == []


def test_a_pipe_is_written_directly(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    received = []
    reader = threading.Thread(target=lambda: received.append(path.read_bytes()))
    reader.start()
    with replacing(path) as file:
        file.write(b"image")
    reader.join()
    assert received == [b"image"]
    assert path.is_fifo()


def test_a_disk_that_is_full_is_named():
    path = Path("/dev/full")
    check_target(path)
    message = "/dev/full: No space left on device"
    with pytest.raises(OutputRefused, match=message), replacing(path) as file:
        file.write(b"image")
    assert path.exists()


def test_where_no_file_can_be_is_known_before(tmp_path):
    with pytest.raises(OutputRefused, match="is a directory; name a file"):
        check_target(tmp_path)
    with pytest.raises(OutputRefused, match=f"there is no directory {tmp_path}/a"):
        check_target(tmp_path / "a" / "x.png")
    check_target(tmp_path / "x.png")


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self):
        return True


def test_progress_is_for_terminals_only(monkeypatch):
    monkeypatch.setenv("COLUMNS", "10")
    terminal, file = Terminal(), io.StringIO()
    for stream in (terminal, file):
        with Progress(stream) as progress:
            progress.show("123456789012345")
    assert terminal.getvalue() == "\r123456789\x1b[K\r\x1b[K"
    assert file.getvalue() == ""

# SPDX-License-Identifier: Apache-2.0
"""``faafo poster create``, and files of downloads that break off."""

import fcntl
import hashlib
import json
import os
from argparse import ArgumentTypeError

import pytest

from faafo import errors
from faafo.cli import output
from faafo.cli.output import OutputRefused, resuming
from faafo.cli.sizes import size
from faafo.client import Client
from faafo.client.waiting import WaitCalls

SMALL = ("--size", "8x6", "--split", 2)
PNG = b"\x89PNG\r\n\x1a\n, for example"


@pytest.fixture
def client(api_url):
    with Client(api_url) as client:
        yield client


@pytest.fixture
def rendered(monkeypatch, change, store):
    """Has posters rendered as soon as they are waited for."""
    wait = WaitCalls.wait

    def wait_for(self, fractal, *arguments):
        checksum = hashlib.sha256(PNG).hexdigest()
        store.save(fractal.uuid, PNG)
        columns = {"checksum": checksum, "duration": 0.5, "size": len(PNG), "open_children": 0}
        change(fractal.uuid, status="complete", **columns)
        return wait(self, fractal, *arguments)

    monkeypatch.setattr(WaitCalls, "wait", wait_for)


@pytest.mark.parametrize(
    ("text", "sides"),
    [
        ("20000x15000", (20_000, 15_000)),
        ("16K", (15_360, 8640)),
        ("a4", (2480, 3508)),
        ("a0-landscape", (14_043, 9933)),
    ],
)
def test_a_size_has_a_name_or_two_sides(text, sides):
    assert size(text) == sides


@pytest.mark.parametrize("text", ["", "a9", "0x5", "5x", "5x6x7", "2147483648x1", "-1x5"])
def test_another_size_is_refused_with_its_bounds(text):
    with pytest.raises(ArgumentTypeError, match="such as 20000x15000, each from 1 to 2147483647"):
        size(text)


def test_a_poster_is_posted_and_shown_with_its_parts_by_status(faafo):
    status, shown, _errors = faafo("poster", "create", *SMALL, "--priority", 3, "-f", "json")
    record = json.loads(shown)
    assert status == 0
    assert [record[name] for name in ("width", "height", "children", "priority")] == [8, 6, 2, 3]
    shown = json.loads(faafo("fractal", "show", record["uuid"], "-f", "json")[1])
    assert shown["parts"] == {"queued": 2}
    assert "2 queued" in faafo("fractal", "show", record["uuid"])[1]


def test_a_poster_is_waited_for_and_saved(faafo, rendered, tmp_path):
    path = tmp_path / "poster.png"
    status, shown, problems = faafo("poster", "create", *SMALL, "--output", path, "-f", "json")
    record = json.loads(shown)
    assert (status, problems) == (0, "")
    assert [record[name] for name in ("status", "open_children", "file")] == [
        "complete",
        0,
        str(path),
    ]
    assert path.read_bytes() == PNG
    assert [name for name in os.listdir(tmp_path) if "poster" in name] == ["poster.png"]
    assert json.loads(faafo("poster", "create", *SMALL, "--wait", "-f", "json")[1])["size"] == len(
        PNG
    )


def test_what_is_not_ready_in_time_remains_with_the_service(faafo, client):
    options = ("--wait", "--timeout", "0s")
    status, shown, problems = faafo("poster", "create", *SMALL, *options)
    (poster,) = client.find()
    assert (status, shown) == (1, "")
    assert problems.startswith(f"faafo: fractal {poster.uuid} remains with the service\n")


def test_nothing_is_posted_for_a_file_that_cannot_be_written(faafo, client, tmp_path):
    path = tmp_path / "missing" / "poster.png"
    status, _shown, problems = faafo("poster", "create", *SMALL, "--output", path)
    assert (status, list(client.find())) == (1, [])
    assert f"{path}: there is no directory" in problems
    assert faafo("poster", "create", "--size", "a9")[0] == 2


def broken_off(path, content, error):
    """Have a download write ``content`` and end with ``error``."""

    def download():
        with resuming(path, "uuid") as file:
            file.write(content)
            raise error

    with pytest.raises(type(error)):
        download()


def test_what_has_come_is_kept_for_the_next_time(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(output, "LEAST_KEPT", 4)
    path = tmp_path / "x.png"
    broken_off(path, b"first", errors.ApiUnavailable("away"))
    assert os.listdir(tmp_path) == [".x.png.uuid.part"]
    assert "5 bytes are kept in " in caplog.text
    with resuming(path, "uuid") as file:
        file.seek(0)
        assert file.read() == b"first"
        file.write(b" second")
    assert path.read_bytes() == b"first second"
    assert os.listdir(tmp_path) == ["x.png"]


def test_what_is_little_or_no_image_is_not_kept(tmp_path, monkeypatch):
    broken_off(tmp_path / "x.png", b"little", errors.ApiUnavailable("away"))
    monkeypatch.setattr(output, "LEAST_KEPT", 4)
    broken_off(tmp_path / "x.png", b"no image", errors.InvalidImage("it is none"))
    assert os.listdir(tmp_path) == []


def test_two_downloads_do_not_write_the_same_file(tmp_path):
    path = tmp_path / "x.png"
    locked = pytest.raises(OutputRefused, match="another command downloads it")
    with (tmp_path / ".x.png.uuid.part").open("wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with locked, resuming(path, "uuid"):
            raise AssertionError("it is locked")
    assert os.listdir(tmp_path) == [".x.png.uuid.part"]

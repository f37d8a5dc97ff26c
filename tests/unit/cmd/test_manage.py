# SPDX-License-Identifier: Apache-2.0
"""The verbs of faafo-manage that read what a user names."""

import io
import os
import shutil

import pytest
from oslo_config import cfg
from PIL import Image

from faafo import errors, logs
from faafo.cmd import manage
from faafo.fractal.embedded import embed
from faafo.fractal.media import FILMS
from faafo.stop import Stop
from faafo.store.filesystem import FilesystemStore


class Deaf(Stop):
    """Leaves the signals to pytest, and does not end the process with the command."""

    def listen(self, drain_timeout=0.0):
        pass


@pytest.fixture
def run(tmp_path, empty_database, monkeypatch, capsys):
    """Runs a verb with options of group [api]; returns its status and what it prints."""
    shutil.copy(empty_database, tmp_path / "faafo.sqlite")
    monkeypatch.setattr(logs.logging, "setup", lambda *_arguments: None)

    def run_verb(*arguments, **api):
        # As each process has.
        monkeypatch.setattr(cfg, "CONF", cfg.ConfigOpts())
        config = tmp_path / "api.conf"
        limits = "\n".join(f"{name} = {value}" for name, value in api.items())
        config.write_text(f"[DEFAULT]\nstate_path = {tmp_path}\n[api]\n{limits}\n")
        argv = ["faafo-manage", "--config-file", config, *arguments]
        monkeypatch.setattr("sys.argv", list(map(str, argv)))
        try:
            status, sentence = manage.manage(Deaf()) or 0, ""
        except errors.FaafoError as error:
            status, sentence = 1, str(error)
        return status, capsys.readouterr().out + sentence

    return run_verb


@pytest.fixture
def file(tmp_path, make_task):
    """A file of a fractal of 8 x 6 pixels and 40 iterations."""
    buffer = io.BytesIO()
    Image.new("P", (8, 6)).save(buffer, "PNG")
    path = tmp_path / "fractal.png"
    path.write_bytes(embed(buffer.getvalue(), make_task()))
    return path


@pytest.mark.parametrize(
    ("limits", "sentence"),
    [
        ({"max_width": 7}, "width: 8 exceeds the limit, [api] max_width = 7"),
        ({"max_height": 5}, "height: 6 exceeds the limit, [api] max_height = 5"),
        ({"max_pixels": 47}, "pixels: 48 exceeds the limit, [api] max_pixels = 47"),
        ({"max_iterations": 39}, "iterations: 40 exceeds the limit, [api] max_iterations = 39"),
    ],
)
def test_a_file_is_queued_only_within_the_limits_of_the_api(run, file, limits, sentence):
    status, printed = run("fractal", "from-png", file, **limits)
    assert (status, printed) == (1, sentence)
    assert run("fractal", "from-png", file)[0] == 0


def test_a_file_of_a_large_picture_is_divided(run, file):
    assert run("fractal", "from-png", file, split_pixels=47)[0] == 0
    status, printed = run("fractal", "from-png", file, max_queued=3)
    assert (status, "[api] max_queued = 3" in printed) == (1, True)


def test_a_file_is_queued_only_while_the_queue_has_room(run, file):
    assert run("fractal", "from-png", file, max_queued=1)[0] == 0
    status, printed = run("fractal", "from-png", file, max_queued=1)
    assert status == 1
    assert "[api] max_queued = 1" in printed


def test_a_file_may_be_larger_than_what_is_read_of_it(run, file):
    file.write_bytes(file.read_bytes() + bytes(2048))
    assert run("fractal", "from-png", file, max_image_size=1024)[0] == 0


def test_what_may_never_end_is_not_read(run, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in ("/dev/zero", tmp_path / "pipe", tmp_path):
        assert run("fractal", "from-png", path) == (1, f"{path}: this is no regular file")


@pytest.mark.parametrize("age", ["nan", "-1", "inf", "old"])
def test_an_age_that_makes_no_sense_is_refused(run, age):
    status, printed = run("store", "sweep", f"--older-than={age}")
    assert status == 1
    assert "--older-than" in printed
    assert age in printed


def test_a_rebuild_needs_a_redis_and_says_which_does_not_answer(run, tmp_path):
    status, sentence = run("reader", "rebuild")
    assert (status, sentence) == (1, "[reader] redis_url: is not set; it names the server")
    url = f"unix://:secret@{tmp_path}/socket"
    group = {"max_attempts": f"5\n[reader]\nredis_url = {url}"}
    status, sentence = run("reader", "rebuild", **group)
    assert status == 1
    assert sentence.startswith(f"[reader] redis_url = unix://:***@{tmp_path}/socket: ")


def test_the_mode_of_maintenance_is_set_without_an_api(run):
    assert run("maintenance", "show") == (0, "off\n")
    line = ("maintenance", "set", "paused", "--reason", "a move", "--until", "2999-12-31T06:00Z")
    sentence = "paused: Rendering is paused until 2999-12-31 06:00 UTC: a move\n"
    assert run(*line) == run("maintenance", "show") == (0, sentence)
    past = run("maintenance", "set", "paused", "--until", "2020-01-01")
    assert (past[0], past[1].startswith("until: must be in the future")) == (1, True)
    assert run("maintenance", "set", "off") == (0, "off\n")


def test_a_sweep_removes_segments_that_no_poster_needs(run, tmp_path):
    segments = FilesystemStore(str(tmp_path / "images")).segments()
    segments.check()
    uuid = "12345678-9abc-4def-8123-456789abcdef"
    segments.save(uuid, b"a segment", token=f"{'e' * 16}-1")
    for options, verb, left in ((["--dry-run"], "would remove", 1), ([], "removing", 0)):
        status, printed = run("store", "sweep", "--older-than=0", *options)
        assert (status, f"{verb} the segment of {uuid}" in printed) == (0, True)
        assert "1 segment(s) of posters that no join needs" in printed
        assert len(list(segments.images(0.0))) == left


def test_a_sweep_removes_films_without_a_record(run, tmp_path):
    store = FilesystemStore(str(tmp_path / "images"))
    store.check()
    uuid = "12345678-9abc-4def-8123-456789abcdef"
    for medium in FILMS.values():
        store.of(medium).save(uuid, b"a film", token=f"{'e' * 16}-1")
    status, printed = run("store", "sweep", "--older-than=0")
    assert (status, printed.count(f"removing the film of {uuid}")) == (0, 2)
    assert "2 image(s) without a record" in printed
    assert [list(store.of(medium).images(0.0)) for medium in FILMS.values()] == [[], []]

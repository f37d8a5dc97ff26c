# SPDX-License-Identifier: Apache-2.0
"""faafo-all: one command, no server, no configuration; its pictures survive a restart."""

import hashlib
import re
import signal
import uuid

import pytest
import requests

from faafo.client.http import Client
from faafo.fractal.task import FractalTask
from tests.functional import processes
from tests.functional.processes import Service, run, wait_until, write_config


@pytest.fixture
def config(tmp_path):
    """Only the port differs from having no configuration at all."""
    return write_config(tmp_path / "all.conf", DEFAULT={"bind_port": 0})


def records(url, status):
    q = f'{{"filters":[{{"name":"status","op":"==","val":"{status}"}}]}}'
    parameters = {"q": q, "results_per_page": 100}
    return requests.get(f"{url}/api/fractal", params=parameters, timeout=120).json()["objects"]


def test_a_gallery_fills_by_itself_and_is_there_again_after_a_restart(tmp_path, config):
    with Service(tmp_path, "faafo-all", "--config-file", config) as service:
        line = service.wait_for_line("faafo is at http://127.0.0.1:")
        assert re.fullmatch(r"faafo is at http://127\.0\.0\.1:\d+/", line)
        url = line.removeprefix("faafo is at ").rstrip("/")
        wait_until(lambda: len(records(url, "complete")) >= 5, "five fractals")
        old = records(url, "complete")
        page = requests.get(f"{url}/", timeout=120).text
        for record in old[-5:]:
            image = requests.get(f"{url}/api/fractal/{record['uuid']}/image", timeout=120)
            assert image.headers["Content-Type"] == "image/png"
            assert hashlib.sha256(image.content).hexdigest() == record["checksum"]
            assert record["uuid"] in page
        large = FractalTask(
            uuid=str(uuid.uuid4()),
            width=2000,
            height=2000,
            iterations=50_000,
            xa=-0.1,
            xb=0.1,
            ya=-0.1,
            yb=0.1,
            cx=0.25,
            cy=0.0,
        )
        for _number in range(2):
            task = large.model_copy(update={"uuid": str(uuid.uuid4())})
            Client(url).create(task)
        small = large.model_copy(update={"iterations": 20, "uuid": str(uuid.uuid4())})
        wait_until(lambda: len(records(url, "rendering")) == 2, "two large fractals to start")
        Client(url).create(small)
        service.stop(signal.SIGINT)
        assert "Traceback" not in service.output()

    with Service(tmp_path, "faafo-all", "--config-file", config, name="again") as service:
        url = service.wait_for_line("faafo is at ").removeprefix("faafo is at ").rstrip("/")
        uuids = {record["uuid"] for record in records(url, "complete")}
        assert {record["uuid"] for record in old} <= uuids
        for record in records(url, "queued") + records(url, "rendering"):
            if record["uuid"] != small.uuid and record["iterations"] == 50_000:
                requests.delete(f"{url}/api/fractal/{record['uuid']}", timeout=120)
        wait_until(lambda: Client(url).get(small.uuid)["status"] == "complete", "what was queued")
        service.stop(signal.SIGINT)


def test_one_set_can_be_made_without_any_server(tmp_path):
    config = write_config(
        tmp_path / "all.conf",
        DEFAULT={"bind_port": 0, "one_shot": True, "min_tasks": 2, "max_tasks": 2},
    )
    finished = run(tmp_path, "faafo-all", "--config-file", config)
    assert finished.returncode == 0
    assert "2 of 2 task(s) complete" in finished.stderr
    assert finished.stdout.startswith("faafo is at http://127.0.0.1:")
    assert len(finished.stdout.splitlines()) == 1
    assert len(list(tmp_path.rglob("*.png"))) == 2
    assert "Warning" not in finished.stderr
    # SQLite's log of changes has become part of the file, which a copy therefore has whole.
    assert [one.name for one in tmp_path.rglob("faafo.sqlite*")] == ["faafo.sqlite"]


def test_the_console_stays_short_and_shows_the_address_while_fractals_complete(tmp_path):
    state = tmp_path / "here"
    arguments = ("--port", 0, "--state-dir", "here", "--interval", 0.2, "--worker-slots", 1)
    arguments += ("--producer-style", "classic")
    with Service(tmp_path, "faafo-all", *arguments) as service:
        address = service.wait_for_line("faafo is at ").removeprefix("faafo is at ")
        service.wait_for_line(f"Ready: {address}")
        url = address.rstrip("/")
        wait_until(lambda: len(records(url, "complete")) >= 30, "thirty fractals")
        lines = service.output().splitlines()
        assert len(lines) <= 10
        assert any(address in line for line in lines[-3:])
        assert (state / "faafo.sqlite").exists()
        assert len(list((state / "images").glob("*.png"))) >= 30


def test_progress_is_shown_while_the_kernel_is_compiled(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "environment", without_kernel(processes.environment))
    arguments = ("--port", 0, "--state-dir", tmp_path, "--producer-style", "classic")
    with Service(tmp_path, "faafo-all", *arguments) as service:
        url = service.wait_for_line("faafo is at ").removeprefix("faafo is at ").rstrip("/")
        starting = service.wait_for_line("The worker is starting.")
        assert service.lines_with("Ready") == []
        assert starting in requests.get(f"{url}/", timeout=30).text
        service.wait_for_line(f"Ready: {url}/")
        assert starting not in requests.get(f"{url}/", timeout=30).text
        assert len(service.output().splitlines()) <= 10


def without_kernel(environment):
    """Return a function that returns an environment in which no kernel has been compiled yet."""
    return lambda directory: environment(directory) | {"NUMBA_CACHE_DIR": str(directory / "numba")}


def test_a_quiet_one_prints_nothing(tmp_path):
    arguments = ("--port", 0, "--state-dir", tmp_path, "--one-shot", "--max-tasks", 1, "--quiet")
    finished = run(tmp_path, "faafo-all", *arguments)
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")
    assert len(list(tmp_path.rglob("*.png"))) == 1


def test_the_log_has_everything_when_it_is_asked_for(tmp_path):
    arguments = ("--port", 0, "--state-dir", tmp_path, "--one-shot", "--max-tasks", 1)
    finished = run(tmp_path, "faafo-all", *arguments, "--debug")
    assert finished.returncode == 0
    assert "saved result of task " in finished.stderr
    claims = [line for line in finished.stderr.splitlines() if '"POST /api/claim ' in line]
    # An answer without a fractal has 15 bytes.
    assert {" DEBUG " in line for line in claims if " len: 15 " in line} <= {True}
    assert {" INFO " in line for line in claims if " len: 15 " not in line} == {True}

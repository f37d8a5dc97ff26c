# SPDX-License-Identifier: Apache-2.0
"""What an API leaves behind when it stops."""

import os

import pytest
import requests

from faafo.app import sampler, setting_watch
from faafo.app.lifecycle import ApiService

DEADLINE = 60.0


def open_files(name):
    places = (os.path.realpath(f"/proc/self/fd/{number}") for number in os.listdir("/proc/self/fd"))
    return [place for place in places if name in place]


@pytest.mark.usefixtures("on_sqlite")
def test_an_api_that_has_stopped_has_closed_its_database(app, conf, stop, tmp_path):
    conf.set_override("bind_port", 0)
    service = ApiService(conf, app)
    url = service.start(stop)
    assert requests.get(f"{url}/api/fractal", timeout=DEADLINE).status_code == 200
    path = str(tmp_path / "faafo.sqlite")
    assert open_files(path)
    service.stop()
    assert open_files(path) == []


@pytest.mark.parametrize(
    ("module", "kind", "act"),
    [(sampler, "Sampler", "sample"), (setting_watch, "SettingWatch", "look")],
)
def test_what_looks_at_the_database_is_waited_for(app, monkeypatch, module, kind, act):
    monkeypatch.setattr(module, "LEAVE_SECONDS", DEADLINE)
    watch, ended = getattr(module, kind)(app), []

    def look():
        watch._stopped.wait(DEADLINE)
        ended.append(True)

    monkeypatch.setattr(watch, act, look)
    watch.start()
    watch.stop()
    assert ended == [True]

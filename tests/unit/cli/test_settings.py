# SPDX-License-Identifier: Apache-2.0
"""``faafo setting``, and how a service follows settings, against the real API."""

import json

import pytest

from faafo.app import settings
from faafo.client.setting_watch import SettingClient, SettingWatch
from faafo.conf.live import LiveConfiguration
from faafo.conf.scratch import Source


@pytest.fixture(autouse=True)
def _live(app, conf):
    settings.follow(app, LiveConfiguration(conf, Source("faafo-api", "1.0", [], []), ()))


def test_options_are_set_listed_shown_and_unset(faafo):
    status, output, _errors = faafo("setting", "set", "interval", "2.5", "-f", "json")
    assert (status, json.loads(output)["value"]) == (0, "2.5")
    assert faafo("setting", "show", "interval", "-f", "value", "-c", "value")[1] == "2.5\n"
    listed = faafo("setting", "list", "-f", "value", "-c", "name", "-c", "value")
    assert listed[:2] == (0, "interval 2.5\n")
    assert faafo("setting", "unset", "interval")[:2] == (0, "option interval is as in the files\n")
    assert faafo("setting", "unset", "interval")[0] == 1
    status, _output, problem = faafo("setting", "set", "interval", "0")
    assert status == 1
    assert "[DEFAULT] interval = 0" in problem


def test_a_service_follows_settings_and_keeps_them_while_the_api_is_away(faafo, api_url, caplog):
    applied = []
    watch = SettingWatch(SettingClient(api_url), lambda *told: applied.append(told))
    assert watch.look() == 0.0
    faafo("setting", "set", "interval", "2.5")
    assert watch.look() == 0.0
    assert applied == [(0, {}), (1, {"interval": "2.5"})]
    watch._client = SettingClient("http://127.0.0.1:9")
    assert (watch.look(), watch.look()) == (1.0, 1.0)
    assert caplog.text.count("could not ask the API for settings") == 1
    assert len(applied) == 2

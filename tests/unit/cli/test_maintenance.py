# SPDX-License-Identifier: Apache-2.0
"""``faafo maintenance``, against the real API."""

import json
from datetime import UTC, datetime

import pytest


def test_the_mode_is_set_and_shown(faafo):
    line = ("maintenance", "set", "read-only", "--reason", "a move", "--until", "2h", "-f", "json")
    status, output, _errors = faafo(*line)
    state = json.loads(output)
    assert (status, state["mode"], state["reason"]) == (0, "read-only", "a move")
    left = datetime.fromisoformat(state["until"]) - datetime.now(UTC)
    assert 3600 < left.total_seconds() <= 7200
    assert json.loads(faafo("maintenance", "show", "-f", "json")[1]) == state
    off = json.loads(faafo("maintenance", "set", "off", "-f", "json")[1])
    assert off == {"mode": "off", "reason": None, "until": None}


@pytest.mark.parametrize(
    "line",
    [("on",), ("paused", "--until", "soon"), ("paused", "--reason", 256 * "x"), ()],
)
def test_a_mode_that_there_is_not_is_refused(faafo, line):
    assert faafo("maintenance", "set", *line)[0] == 2


def test_an_end_in_the_past_is_refused_by_the_service(faafo):
    status, _output, shown = faafo("maintenance", "set", "paused", "--until", "2020-01-01")
    assert (status, "until: must be in the future" in shown) == (1, True)

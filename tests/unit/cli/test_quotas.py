# SPDX-License-Identifier: Apache-2.0
"""``faafo quota``, against the real API."""

import json

import pytest

from faafo.client import Client


def limits(output):
    return {row["resource"]: row["limit"] for row in json.loads(output)}


def test_limits_are_set_shown_and_unset(faafo):
    status, output, _errors = faafo(
        "quota", "set", "a b", "--queued", 3, "--pixels-per-day", 0, "-f", "json"
    )
    expected = {"queued": 3, "fractals": -1, "bytes": -1, "pixels_per_day": 0}
    assert (status, limits(output)) == (0, expected)
    status, output, _errors = faafo("quota", "show", "a b", "-f", "json")
    assert (status, limits(output)) == (0, expected)
    assert {row["used"] for row in json.loads(output)} == {0}
    assert faafo("quota", "unset", "a b")[:2] == (0, "project a b has the default quota\n")
    assert set(limits(faafo("quota", "show", "a b", "-f", "json")[1]).values()) == {-1}


@pytest.mark.parametrize(
    "options", [(), ("--queued", "-2"), ("--queued", 10**20), ("--bytes", "x")]
)
def test_set_without_a_valid_limit_is_refused(faafo, options):
    assert faafo("quota", "set", "alpha", *options)[0] == 2


def test_the_client_returns_a_typed_result(api_url):
    with Client(api_url) as client:
        quota = client.set_quota("alpha", fractals=5)
        assert (quota.project_id, quota.limits.fractals, quota.usage.queued) == ("alpha", 5, 0)
        assert client.set_quota("alpha", fractals=None).limits.fractals == -1

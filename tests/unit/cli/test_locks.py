# SPDX-License-Identifier: Apache-2.0
"""``faafo lock``, against the real API."""

import json

import pytest

from faafo import errors
from faafo.client import Client


def test_a_lock_is_acquired_shown_and_released(faafo):
    acquire = ("lock", "acquire", "backup", "--ttl", "10m")
    status, output, _errors = faafo(*acquire, "--holder", "ada", "-f", "json")
    held = json.loads(output)
    assert (status, held["holder"], held["token"]) == (0, "ada", 1)
    assert json.loads(faafo("lock", "show", "backup", "-f", "json")[1]) == held
    status, _output, shown = faafo(*acquire)
    assert (status, "is held by 'ada' until" in shown) == (1, True)
    released = faafo("lock", "release", "backup", "--token", 1)
    assert released[:2] == (0, "released the lock backup\n")
    assert faafo("lock", "release", "backup", "--token", 1)[0] == 1
    assert faafo(*acquire, "-f", "value", "-c", "token")[:2] == (0, "2\n")


@pytest.mark.parametrize(
    "line", [("acquire", "a b"), ("acquire", "a", "--ttl", "2h"), ("release", "a")]
)
def test_a_command_line_without_a_valid_lock_is_refused(faafo, line):
    assert faafo("lock", *line)[0] == 2


def test_the_client_returns_typed_results(api_url):
    with Client(api_url) as client:
        held = client.acquire_lock("a", "ada", 60)
        assert client.extend_lock("a", held.token, 600).expires_at > held.expires_at
        assert client.lock("a").holder == "ada"
        client.release_lock("a", held.token)
        assert client.lock("a", wait=5).holder is None
        with pytest.raises(errors.ApiRefused) as refused:
            client.extend_lock("a", held.token, 60)
        assert refused.value.status == 409

# SPDX-License-Identifier: Apache-2.0
"""How often logging in may fail."""

import pytest

from faafo import errors
from faafo.core import attempts
from faafo.core.attempts import MOST_OF_ADDRESS, MOST_OF_USER, WINDOW_SECONDS, Attempts


@pytest.fixture
def tried(clock):
    return Attempts(clock)


def fail(tried, count, user="ada", address="10.0.0.1"):
    for _ in range(count):
        tried.begin(user, address)


def test_a_user_has_some_attempts_a_minute_from_one_address(tried, clock):
    fail(tried, MOST_OF_USER)
    with pytest.raises(errors.TooManyAttempts, match="try again in 60 seconds"):
        tried.begin("ada", "10.0.0.1")
    tried.begin("max", "10.0.0.1")
    tried.begin("ada", "10.0.0.2")
    clock.now += WINDOW_SECONDS
    tried.begin("ada", "10.0.0.1")


def test_an_address_has_some_more_for_all_users_together(tried):
    for number in range(MOST_OF_ADDRESS):
        fail(tried, 1, user=f"user-{number}")
    with pytest.raises(errors.TooManyAttempts):
        tried.begin("another", "10.0.0.1")
    tried.begin("another", "10.0.0.2")


def test_an_attempt_that_succeeds_is_no_failure(tried):
    for _ in range(2 * MOST_OF_USER):
        tried.begin("ada", "10.0.0.1")
        tried.forgive("ada", "10.0.0.1")
    fail(tried, MOST_OF_USER)


def test_failures_are_forgotten_in_time(tried, clock):
    fail(tried, 1)
    clock.now += WINDOW_SECONDS
    fail(tried, 1, user="max", address="10.0.0.2")
    assert len(tried._failures) == 2


def test_the_failures_that_are_remembered_are_bounded(tried, monkeypatch):
    monkeypatch.setattr(attempts, "MOST_KEYS", 4)
    fail(tried, MOST_OF_USER)
    for number in range(4):
        fail(tried, 1, address=f"10.0.1.{number}")
    assert len(tried._failures) == 4
    tried.begin("ada", "10.0.0.1")

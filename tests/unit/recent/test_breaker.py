# SPDX-License-Identifier: Apache-2.0
"""The circuit breaker: how long a peer that does not answer is left alone."""

from faafo.recent.breaker import FIRST_SECONDS, LONGEST_SECONDS, Breaker


def test_a_peer_that_answers_is_always_asked(clock):
    breaker = Breaker(clock)
    assert breaker.may_ask()
    assert not breaker.succeeded()
    assert breaker.may_ask()


def test_after_a_failure_one_caller_tries_again_when_the_time_is_over(clock):
    breaker = Breaker(clock)
    assert breaker.failed()
    assert not breaker.may_ask()
    clock.now += FIRST_SECONDS
    assert breaker.may_ask()
    assert not breaker.may_ask()
    assert breaker.succeeded()
    assert breaker.may_ask()
    assert breaker.may_ask()


def test_the_time_doubles_with_each_failure_in_a_row_up_to_a_bound(clock):
    breaker = Breaker(clock)
    assert breaker.failed()
    pauses = []
    for _ in range(7):
        begun_at = clock.now
        while not breaker.may_ask():
            clock.now += 0.5
        pauses.append(clock.now - begun_at)
        assert not breaker.failed()
    assert pauses == [1, 2, 4, 8, 16, LONGEST_SECONDS, LONGEST_SECONDS]
    clock.now += LONGEST_SECONDS
    assert breaker.may_ask()
    assert breaker.succeeded()
    assert breaker.failed()
    clock.now += FIRST_SECONDS
    assert breaker.may_ask()

# SPDX-License-Identifier: Apache-2.0
"""Retry with backoff while a peer is unavailable."""

import threading

import pytest

from faafo import errors, retry


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch):
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.01)


def failing(*problems):
    remaining = list(problems)

    def call():
        if remaining:
            raise remaining.pop(0)
        return "answer"

    return call


def test_a_call_is_repeated_until_its_peer_answers(caplog):
    call = failing(errors.ApiUnavailable("away"), errors.ApiUnavailable("still away"))
    assert retry.with_backoff(errors.ApiUnavailable, threading.Event())(call) == "answer"
    sentences = [record.getMessage() for record in caplog.records]
    assert len(sentences) == 2
    assert sentences[0].startswith("away; trying again in 0.0")


def test_another_error_is_raised_at_once():
    call = failing(errors.ApiRefused("no", 409))
    with pytest.raises(errors.ApiRefused):
        retry.with_backoff(errors.ApiUnavailable, threading.Event())(call)


def test_after_the_stop_a_call_is_made_once():
    stop = threading.Event()
    stop.set()
    assert retry.with_backoff(errors.ApiUnavailable, stop)(failing()) == "answer"
    with pytest.raises(errors.ApiUnavailable, match="away"):
        retry.with_backoff(errors.ApiUnavailable, stop)(failing(errors.ApiUnavailable("away")))


def test_a_stop_ends_a_long_pause_at_once(monkeypatch):
    monkeypatch.setattr(retry, "FIRST_PAUSE", 10_000)
    monkeypatch.setattr(retry, "LONGEST_PAUSE", 10_000)
    stop = threading.Event()
    threading.Timer(0.1, stop.set).start()
    call = failing(errors.ApiUnavailable("away"), errors.ApiUnavailable("still away"))
    with pytest.raises(errors.ApiUnavailable, match="still away"):
        retry.with_backoff(errors.ApiUnavailable, stop)(call)


def test_no_call_is_made_after_the_given_seconds(monkeypatch):
    monkeypatch.setattr(retry, "FIRST_PAUSE", 10_000)
    monkeypatch.setattr(retry, "LONGEST_PAUSE", 10_000)
    call = failing(errors.ApiUnavailable("away"), errors.ApiUnavailable("still away"))
    with pytest.raises(errors.ApiUnavailable, match="^away"):
        retry.with_backoff(errors.ApiUnavailable, threading.Event(), seconds=9_000)(call)

# SPDX-License-Identifier: Apache-2.0
"""Pauses whose length changes while they last."""

import threading

import pytest

from faafo.pause import pause


def test_a_pause_that_becomes_shorter_ends():
    lengths = iter([3600.0, 3600.0])
    assert not pause(threading.Event(), lambda: next(lengths, 0.0))


@pytest.mark.parametrize("seconds", [0.0, 3600.0])
def test_an_event_ends_a_pause(seconds):
    event = threading.Event()
    event.set()
    assert pause(event, lambda: seconds)

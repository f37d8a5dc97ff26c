# SPDX-License-Identifier: Apache-2.0
"""Renders are cancelled by key."""

from faafo.worker.cancellations import Cancellations


def test_only_the_renders_with_the_key_are_cancelled():
    cancellations = Cancellations()
    with cancellations.listening("one") as one, cancellations.listening("two") as two:
        assert cancellations.cancel("one")
        assert one.is_set()
        assert not two.is_set()


def test_all_renders_with_the_key_are_cancelled():
    cancellations = Cancellations()
    with cancellations.listening("one") as first:
        with cancellations.listening("one") as second:
            pass
        assert cancellations.cancel("one")
        assert first.is_set()
        assert not second.is_set()


def test_a_render_that_has_ended_cannot_be_cancelled():
    cancellations = Cancellations()
    with cancellations.listening("one"):
        pass
    assert not cancellations.cancel("one")


def test_later_renders_are_cancelled_with_everything():
    cancellations = Cancellations()
    with cancellations.listening("one") as one:
        cancellations.cancel_everything()
        assert one.is_set()
    with cancellations.listening("two") as two:
        assert two.is_set()

# SPDX-License-Identifier: Apache-2.0
"""How renders are told to stop."""

from faafo.worker.cancellations import Cancellations


def test_only_what_is_named_is_cancelled():
    cancellations = Cancellations()
    with cancellations.listening("one") as one, cancellations.listening("two") as two:
        assert cancellations.cancel("one")
        assert one.is_set()
        assert not two.is_set()


def test_what_is_rendered_twice_is_cancelled_twice():
    cancellations = Cancellations()
    with cancellations.listening("one") as first:
        with cancellations.listening("one") as second:
            pass
        assert cancellations.cancel("one")
        assert first.is_set()
        assert not second.is_set()


def test_what_has_ended_cannot_be_cancelled():
    cancellations = Cancellations()
    with cancellations.listening("one"):
        pass
    assert not cancellations.cancel("one")


def test_everything_means_what_begins_later_too():
    cancellations = Cancellations()
    with cancellations.listening("one") as one:
        cancellations.cancel_everything()
        assert one.is_set()
    with cancellations.listening("two") as two:
        assert two.is_set()

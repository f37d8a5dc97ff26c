# SPDX-License-Identifier: Apache-2.0
"""Connections whose requests wait are out of the loop until there is something to do for them."""

import socket

import pytest

from faafo.app.waiting_channels import WaitingChannels
from faafo.core.endings import Ticket


class Channel:
    def __init__(self, number):
        self._fileno = number
        self.ticket = Ticket("a uuid", 60.0, lambda: None)
        self.parked = 0

    def park(self):
        self.parked += 1
        if self.parked > 3:
            raise ValueError("a mistake of ours")

    def handle_error(self):
        self.ticket = None


@pytest.fixture
def pair():
    ours, client = socket.socketpair()
    with ours, client:
        yield ours, client


@pytest.fixture
def sockets():
    return {}


@pytest.fixture
def waiting(sockets):
    waiting = WaitingChannels(sockets)
    yield waiting
    waiting.close()


@pytest.fixture
def channel(pair, sockets, waiting):
    """A connection that waits."""
    channel = Channel(pair[0].fileno())
    sockets[channel._fileno] = channel
    waiting.add(channel)
    assert (sockets, len(waiting)) == ({}, 1)
    return channel


def test_a_connection_that_waits_stays_out_of_the_loop(sockets, waiting, channel):
    waiting.take_back_ready()
    assert (sockets, len(waiting)) == ({}, 1)


def test_one_that_is_due_is_visited_again(sockets, waiting, channel):
    channel.ticket.call()
    waiting.take_back_ready()
    assert (sockets, len(waiting)) == ({channel._fileno: channel}, 0)


@pytest.mark.parametrize("does", ["write", "hang up"])
def test_one_whose_client_does_something_is_visited_again(sockets, waiting, channel, pair, does):
    if does == "write":
        pair[1].sendall(b"GET")
    else:
        pair[1].close()
    waiting.take_back_ready()
    assert (sockets, len(waiting)) == ({channel._fileno: channel}, 0)


def test_one_that_is_called_is_visited_again_once(sockets, waiting, channel):
    for _ in range(2):
        waiting.take_back(channel)
    assert (sockets, len(waiting)) == ({channel._fileno: channel}, 0)


def test_the_loop_is_woken_once_for_all_that_are_called(waiting, channel):
    assert [waiting.call(channel) for _ in range(3)] == [True, False, False]
    waiting.take_back_ready()
    assert (channel.parked, len(waiting)) == (3, 0)
    assert waiting.call(channel)


def test_a_mistake_ends_one_connection_and_not_the_loop(waiting, channel):
    for _ in range(4):
        waiting.call(channel)
    waiting.take_back_ready()
    assert channel.ticket is None


def test_one_that_was_called_before_it_could_wait_stays_in_the_loop(sockets, waiting, channel):
    channel.ticket.call()
    waiting.take_back(channel)
    waiting.add(channel)
    assert sockets == {channel._fileno: channel}


def test_one_that_is_closed_already_does_not_wait(sockets, waiting):
    waiting.add(Channel(10**6))
    assert len(waiting) == 0


def test_one_whose_response_has_paused_stays_in_the_loop(sockets, waiting, pair):
    paused = Channel(pair[0].fileno())
    paused.ticket = None
    sockets[paused._fileno] = paused
    waiting.add(paused)
    assert sockets == {paused._fileno: paused}

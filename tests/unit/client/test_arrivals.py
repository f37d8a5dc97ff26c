# SPDX-License-Identifier: Apache-2.0
"""How an idle dispatcher learns that there is a fractal to claim."""

import threading

import pytest
from flask import Flask

from faafo import errors
from faafo.app.server import HttpServer
from faafo.client.arrivals import MOST_IN_VAIN, Arrivals
from faafo.client.http import Client
from faafo.core.collaborators import collaborators


@pytest.fixture
def api_waits(app, api_url):
    """The API lets requests wait until the test is over."""
    with app.app_context():
        arrivals = collaborators().arrivals
    arrivals.open()
    yield
    arrivals.close()


@pytest.fixture
def run(stop):
    """Runs an object in a thread until the test is over."""

    def start(arrivals):
        thread = threading.Thread(target=arrivals.run, args=(stop,), daemon=True)
        thread.start()
        return thread

    return start


def test_a_post_wakes_the_dispatcher(api_url, api_waits, run, make_task):
    woken = threading.Event()
    arrivals = Arrivals(Client(api_url), woken.set, lambda: 0.05)
    run(arrivals)
    arrivals.want()
    Client(api_url).create(make_task())
    assert woken.wait(60)
    assert arrivals.is_waiting


def test_the_dispatcher_is_not_woken_unless_it_wants_to_be(api_url, api_waits, run, make_task):
    woken = threading.Event()
    arrivals = Arrivals(Client(api_url), woken.set, lambda: 0.05)
    run(arrivals)
    Client(api_url).create(make_task())
    assert not woken.wait(0.3)


def test_an_api_that_does_not_let_requests_wait_is_asked_at_intervals(api_url, run, wait_until):
    asked = []

    class Counting(Client):
        def wait_for_claimable(self, seconds):
            asked.append(seconds)
            return super().wait_for_claimable(seconds)

    arrivals = Arrivals(Counting(api_url), lambda: None, lambda: 0.05)
    run(arrivals)
    for number in range(1, 4):
        arrivals.want()
        wait_until(lambda known=number: len(asked) == known)
    assert not arrivals.is_waiting


def test_an_api_of_an_earlier_version_is_not_asked_again(run):
    app = Flask("old")
    server = HttpServer(app, "127.0.0.1", 0, threads=1)
    server.start()
    try:
        arrivals = Arrivals(Client(server.url), lambda: None, lambda: 0.05)
        thread = run(arrivals)
        arrivals.want()
        thread.join(60)
        assert not thread.is_alive()
        assert not arrivals.is_waiting
    finally:
        server.stop()


def test_a_fractal_that_no_claim_gets_is_asked_for_with_pauses(run, wait_until):
    woken = []

    class Eager:
        def wait_for_claimable(self, _seconds):
            return True

    arrivals = Arrivals(Eager(), lambda: (woken.append(1), arrivals.want()), lambda: 3600)
    run(arrivals)
    arrivals.want()
    wait_until(lambda: len(woken) > MOST_IN_VAIN)
    assert not threading.Event().wait(0.1)
    assert len(woken) == MOST_IN_VAIN + 1


def test_an_api_that_is_away_is_asked_again(run, wait_until):
    answers = [errors.ApiUnavailable("away"), errors.ApiUnavailable("away"), True]
    woken = threading.Event()

    class Away:
        def wait_for_claimable(self, _seconds):
            answer = answers.pop(0)
            if answers:
                arrivals.want()
            if isinstance(answer, Exception):
                raise answer
            return answer

    arrivals = Arrivals(Away(), woken.set, lambda: 0.01)
    run(arrivals)
    arrivals.want()
    assert woken.wait(60)


@pytest.mark.parametrize("answer", [KeyError("claimable"), errors.ApiRefused("no", 403)])
def test_after_an_odd_answer_the_dispatcher_asks_by_itself(run, wait_until, answer):
    class Odd:
        def wait_for_claimable(self, _seconds):
            raise answer

    arrivals = Arrivals(Odd(), lambda: None, lambda: 0.01)
    arrivals.is_waiting = True
    run(arrivals)
    arrivals.want()
    wait_until(lambda: not arrivals.is_waiting)

# SPDX-License-Identifier: Apache-2.0
"""The leader among producers, and a generator that asks it, on a real API."""

import logging
import random
import threading

import pytest
from sqlalchemy import select, update

from faafo import errors
from faafo.client.http import Client
from faafo.core.collaborators import KEY
from faafo.db import db
from faafo.db.clock import moment
from faafo.db.models import Fractal
from faafo.db.operation_models import Lock
from faafo.fractal.locks import GENERATOR, Fence
from faafo.producer.generator import Generator
from faafo.producer.leader import Leader
from faafo.producer.sets import Sets

RANGES = {
    "width": (8, 8), "height": (6, 6), "iterations": (20, 20),
    "xa": (-1.0, -1.0), "xb": (1.0, 1.0), "ya": (-1.0, -1.0), "yb": (1.0, 1.0),
}  # fmt: skip


@pytest.fixture
def lead(app, api_url):
    """Starts a leader; returns it, the event that stops it, and its thread."""
    started, locks = [], app.extensions[KEY].locks
    locks.open()

    def lead(name, ttl=60.0, **options):
        leader, stop = Leader(Client(api_url), name, ttl, **options), threading.Event()
        thread = threading.Thread(target=leader.run, args=(stop,))
        thread.start()
        started.append((stop, thread))
        return leader, stop, thread

    yield lead
    for stop, _thread in started:
        stop.set()
    locks.close()
    for _stop, thread in started:
        thread.join(60)
        assert not thread.is_alive()


@pytest.fixture
def expire(app):
    """Makes the lock expire, as it does when its holder extends it no more."""

    def expire():
        with app.app_context():
            db.session.execute(update(Lock).values(expires_at=moment()))
            db.session.commit()

    return expire


def test_the_next_one_leads_when_the_leader_stops_under_a_larger_token(lead, stop):
    first, stop_first, thread = lead("first")
    assert first.wait(stop) == Fence(GENERATOR, 1)
    second, _, _ = lead("second")
    stop_first.set()
    # It is extending in 20 s; the event wakes it.
    assert second.wait(stop) == Fence(GENERATOR, 2)
    thread.join(60)
    stopped = threading.Event()
    stopped.set()
    assert first.wait(stopped) is None


def test_a_leader_extends_its_lock_before_that_expires(lead, stop, app, wait_until):
    leader, _, _ = lead("first", ttl=1.0)
    assert leader.wait(stop).token == 1

    def expires_at():
        with app.app_context():
            return db.session.scalars(select(Lock.expires_at)).one()

    before = expires_at()
    wait_until(lambda: expires_at() > before)
    assert leader.wait(stop).token == 1


def test_a_leader_that_has_lost_its_lock_finds_out_and_waits_for_another(
    lead, stop, expire, app, wait_until, api_url
):
    leader, _, _ = lead("first", ttl=1.5)
    assert leader.wait(stop).token == 1
    expire()
    wait_until(lambda: (fence := leader.wait(stop)) is not None and fence.token > 1)


def test_a_producer_that_generates_nothing_does_not_lead(lead, stop, wait_until):
    wanted = []
    idle, _, _ = lead("idle", is_wanted=lambda: bool(wanted))
    busy, _, _ = lead("busy")
    assert busy.wait(stop).token == 1
    assert idle._token is None


def test_an_api_that_is_away_does_not_end_the_thread(stop, caplog, wait_until):
    caplog.set_level(logging.DEBUG)
    leader = Leader(Client("http://127.0.0.1:9"), "first", 1.0)
    thread = threading.Thread(target=leader.run, args=(stop,))
    thread.start()
    text = "the lock of the generators: endpoint_url"
    wait_until(lambda: caplog.text.count(text) >= 2)
    assert [one.levelname for one in caplog.records if text in one.message][:2] == [
        "WARNING",
        "DEBUG",
    ]
    assert thread.is_alive()
    stop.set()
    thread.join(60)
    assert leader.wait(stop) is None


def generator(api_url, leader, posted=lambda: None, least=2, **ranges):
    return Generator(
        Client(api_url),
        lambda: Sets({**RANGES, **ranges}, least, least),
        random.Random(1),
        posted,
        leader,
    )


def tokens(app):
    with app.app_context():
        return list(db.session.scalars(select(Fractal.lock_token)))


def test_a_leader_posts_its_sets_with_its_token(api_url, lead, app):
    leader, _, _ = lead("first")
    stop = threading.Event()
    generator(api_url, leader, stop.set).run(stop, lambda: 0.01)
    assert tokens(app) == [1, 1]


def test_a_set_of_a_leader_that_has_lost_its_lock_is_dropped(api_url, app, stop, caplog):
    client = Client(api_url)
    client.acquire(GENERATOR, "first", 60)
    client.give_up(GENERATOR, 1, 60)
    client.acquire(GENERATOR, "second", 60)
    assert generator(api_url, None).generate(stop, Fence(GENERATOR, 1)) == ([], 2)
    assert tokens(app) == []
    assert "2 task(s) are dropped: lock generator: is not held under token 1" in caplog.text


def test_a_set_of_which_one_is_refused_is_posted_under_the_lock_too(api_url, app, conf, stop):
    conf.set_override("max_width", 24, group="api")
    client = Client(api_url)
    client.acquire(GENERATOR, "first", 60)
    generating = generator(api_url, None, least=20, width=(16, 32))
    accepted, refused = generating.generate(stop, Fence(GENERATOR, 1))
    assert (len(accepted) + refused, set(tokens(app))) == (20, {1})
    assert 0 < refused < 20


def test_nothing_is_generated_while_another_leads(api_url, app, lead, stop):
    Client(api_url).acquire(GENERATOR, "another", 60)
    leader, _, _ = lead("first")
    running = threading.Thread(target=generator(api_url, leader).run, args=(stop, lambda: 0.01))
    running.start()
    with pytest.raises(errors.ApiRefused):
        Client(api_url).acquire(GENERATOR, "first", 60)
    assert tokens(app) == []
    stop.set()
    running.join(60)
    assert not running.is_alive()

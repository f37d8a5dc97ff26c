# SPDX-License-Identifier: Apache-2.0
"""The generator, posting to a real API."""

import random
import threading

import pytest

from faafo.client.http import Client
from faafo.fractal.generate import RANGED
from faafo.producer.generator import Generator
from faafo.producer.sets import Sets

RANGES = {
    "width": (32, 16),
    "height": (16, 32),
    "iterations": (20, 40),
    "xa": (-1.0, -4.0),
    "xb": (1.0, 4.0),
    "ya": (-0.5, -3.0),
    "yb": (0.5, 3.0),
}


@pytest.fixture
def make_generator(api_url):
    def make(least=2, most=4, posted=lambda: None, **ranges):
        return Generator(
            Client(api_url),
            lambda: Sets({**RANGES, **ranges}, least, most),
            random.Random(1),
            posted,
        )

    return make


def test_the_ranges_are_those_that_a_task_needs():
    assert set(RANGES) == set(RANGED)


def test_a_set_has_as_many_fractals_as_asked_for_and_the_api_has_them(make_generator, api_url):
    uuids, refused = make_generator(3, 3).generate(threading.Event())
    assert refused == 0
    records = Client(api_url).get_all(uuids)
    assert len(records) == 3
    for record in records:
        assert 16 <= record["width"] <= 32
        assert -4.0 <= record["xa"] <= -1.0
        assert record["status"] == "queued"


def test_a_set_shares_a_request_id_with_the_log_of_the_generator(
    make_generator, api_url, json_lines
):
    make_generator(2, 2).generate(threading.Event())
    (one, other) = Client(api_url).claim("me", 2, 30.0)
    (line,) = (line for line in json_lines() if line["message"] == "generating 2 task(s)")
    assert one["request_id"] == other["request_id"] == line["context"]["request_id"]


def test_either_order_of_the_numbers_of_tasks_works(make_generator):
    uuids, _refused = make_generator(5, 2).generate(threading.Event())
    assert 2 <= len(uuids) <= 5


def test_a_refused_fractal_is_counted_and_not_fatal(make_generator, caplog):
    uuids, refused = make_generator(2, 2, width=(100_000, 100_000)).generate(threading.Event())
    assert (uuids, refused) == ([], 2)
    assert "[api] max_width" in caplog.text


def test_one_that_is_refused_does_not_keep_the_others_from_being_posted(conf, make_generator):
    conf.set_override("max_width", 24, group="api")
    uuids, refused = make_generator(40, 40).generate(threading.Event())
    assert len(uuids) + refused == 40
    assert len(uuids) > 5
    assert refused > 5


def test_a_set_whose_answer_was_lost_counts_as_posted(make_generator, api_url, monkeypatch):
    create_all = Client.create_all

    def lose_answer(self, tasks, fence):
        create_all(self, tasks)
        return create_all(self, tasks)

    monkeypatch.setattr(Client, "create_all", lose_answer)
    uuids, refused = make_generator(3, 3).generate(threading.Event())
    assert (len(Client(api_url).get_all(uuids)), refused) == (3, 0)


def test_posted_is_called_after_each_set(make_generator):
    posted = []
    make_generator(posted=lambda: posted.append(1)).generate(threading.Event())
    assert posted == [1]


def test_sets_are_generated_until_the_generator_is_stopped(make_generator):
    stop = threading.Event()
    sets = []

    def posted():
        sets.append(1)
        if len(sets) == 3:
            stop.set()

    make_generator(1, 1, posted).run(stop, interval=lambda: 0.01)
    assert len(sets) == 3


def test_the_generator_retries_while_the_api_is_unavailable_until_it_is_stopped(caplog):
    stop = threading.Event()
    threading.Timer(1.0, stop.set).start()
    generator = Generator(
        Client("http://127.0.0.1:9"), lambda: Sets(RANGES, 1, 1), random.Random(1), lambda: None
    )
    assert generator.generate(stop) == ([], 1)
    assert "endpoint_url = http://127.0.0.1:9" in caplog.text
    assert "trying again in" in caplog.text


def test_a_disabled_producer_generates_nothing_until_it_is_enabled(api_url, stop, wait_until):
    asked, disabled, posted = threading.Event(), threading.Event(), []
    disabled.set()

    def is_disabled():
        asked.set()
        return disabled.is_set()

    generator = Generator(
        Client(api_url),
        lambda: Sets(RANGES, 1, 1),
        random.Random(1),
        lambda: posted.append(1),
        is_disabled=is_disabled,
    )
    threading.Thread(target=generator.run, args=(stop, lambda: 3600.0), daemon=True).start()
    assert asked.wait(60)
    assert not posted
    disabled.clear()
    wait_until(lambda: posted, "a set")

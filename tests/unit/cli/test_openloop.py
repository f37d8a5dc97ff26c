# SPDX-License-Identifier: Apache-2.0
"""A load whose arrivals wait for nothing."""

import threading

import pytest

from faafo import errors
from faafo.cli import openloop
from faafo.cli.figures import Figures
from faafo.cli.openloop import OpenLoop, kind_of
from faafo.client import Client, http
from faafo.client.parameters import make_task
from faafo.db import db
from faafo.db.models import Fractal as Row

RATE = 1000


@pytest.fixture
def client(api_url):
    with Client(api_url, connections=openloop.MOST_THREADS + 1) as client:
        yield client


@pytest.fixture
def start(client, stop):
    """Starts a load; returns it and its figures."""

    def start(count, post):
        figures = Figures()
        loop = OpenLoop(client, post, RATE, count, figures, stop)
        loop.start()
        return loop, figures

    return start


@pytest.fixture
def posted(api_url, client):
    """Posts fractals; returns a function that returns the record of one after the other."""

    def post_all(count):
        producer = http.Client(api_url)
        tasks = [make_task({"width": 1, "height": 1}) for _ in range(count)]
        uuids = [record["uuid"] for record in producer.create_all(tasks)]
        return iter(client.get_all(uuids).values()).__next__

    return post_all


@pytest.fixture
def end(app):
    """Gives the fractals with the smaller uuids, or all of them, a status."""

    def end(status, count=1000):
        with app.app_context():
            chosen = db.session.query(Row).order_by(Row.uuid).limit(count)
            for row in chosen:
                row.status = status
            db.session.commit()

    return end


def test_every_arrival_is_posted_and_seen_complete(start, client, end, wait_until):
    loop, figures = start(20, lambda: client.create(width=1, height=1))
    wait_until(lambda: loop.has_been_answered, "20 answers")
    assert loop.unfinished == 20
    assert not figures.all_complete
    end("complete")
    wait_until(lambda: not loop.unfinished, "the last completion")
    summary = figures.summary()
    assert (summary["arrivals"], summary["accepted"], summary["complete"]) == (20, 20, 20)
    assert figures.all_complete


def test_more_fractals_than_two_pages_are_followed(start, posted, end, wait_until):
    count = 2 * openloop.LARGEST_PAGE + 5
    loop, figures = start(count, posted(count))
    end("error")
    wait_until(lambda: loop.has_been_answered and not loop.unfinished, "the last failure")
    assert figures.summary()["errors"] == {"fractal in error": count}


def test_fractals_that_are_stuck_hide_no_later_ones(start, posted, end, wait_until):
    count = 4 * openloop.LARGEST_PAGE
    loop, figures = start(count, posted(count))
    wait_until(lambda: loop.has_been_answered, "all answers")
    end("complete", 40)
    wait_until(lambda: figures.summary()["complete"] == 40, "40 that are anywhere among the others")
    assert loop.unfinished == count - 40


def test_arrivals_do_not_wait_for_answers(start, posted, wait_until):
    sent, may_answer, answer = [], threading.Event(), posted(100)

    def post():
        sent.append("a POST")
        may_answer.wait()
        return answer()

    loop, figures = start(100, post)
    wait_until(lambda: len(sent) == 100, "100 POSTs")
    assert figures.summary()["accepted"] == 0
    may_answer.set()
    wait_until(lambda: loop.has_been_answered, "100 answers")
    assert figures.summary()["accepted"] == 100


def test_refused_posts_are_counted_and_do_not_end_the_load(start, wait_until):
    def post():
        raise errors.ApiUnavailable("busy", "503")

    loop, figures = start(5, post)
    wait_until(lambda: loop.has_been_answered, "5 answers")
    assert figures.summary()["errors"] == {"POST 503": 5}


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (errors.ApiRefused("no", 400), "400"),
        (errors.ApiUnavailable("away"), "connection"),
        (errors.InvalidTask("no"), "InvalidTask"),
    ],
)
def test_an_error_has_a_kind(error, kind):
    assert kind_of(error) == kind

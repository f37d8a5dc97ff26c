# SPDX-License-Identifier: Apache-2.0
import threading
from contextlib import ExitStack

import pytest

from faafo import errors
from faafo.core.bulkhead import STUCK_SECONDS, Bulkhead, Bulkheads


def test_a_place_is_refused_when_all_stay_taken():
    bulkhead = Bulkhead("images", 2, patience=0.0)
    refused = pytest.raises(errors.Overloaded, match="too many images .* at most 2")
    with bulkhead.place(), bulkhead.place(), refused, bulkhead.place():
        pass


def test_a_place_is_free_again_after_an_error():
    bulkhead = Bulkhead("images", 1, patience=0.0)
    for _ in range(3):
        with pytest.raises(ValueError, match="broken"), bulkhead.place():
            raise ValueError("broken")


def test_a_place_that_becomes_free_in_time_is_taken():
    bulkhead, held, answers = Bulkhead("images", 1, patience=60.0), threading.Event(), []

    def take():
        with bulkhead.place():
            answers.append("taken")

    with bulkhead.place():
        waiting = threading.Thread(target=take)
        waiting.start()
        held.wait(0.01)
        assert answers == []
    waiting.join()
    assert answers == ["taken"]


def test_no_more_wait_than_there_are_places(wait_until):
    bulkhead, done = Bulkhead("images", 1, patience=60.0), []

    def wait():
        with bulkhead.place():
            done.append(True)

    with bulkhead.place():
        waiting = threading.Thread(target=wait)
        waiting.start()
        wait_until(lambda: bulkhead.waiting == 1)
        with pytest.raises(errors.Overloaded), bulkhead.place():
            pass
    waiting.join()
    assert done == [True]


@pytest.mark.parametrize("threads", [1, 2, 8, 100])
def test_every_kind_has_places_whatever_the_number_of_threads(threads):
    bulkheads = Bulkheads.sized_by(threads)
    kinds = (bulkheads.images, bulkheads.thumbnails, bulkheads.uploads, bulkheads.searches)
    assert all(kind.places >= 1 for kind in kinds)
    assert bulkheads.threads == sum(kind.threads for kind in kinds)


def test_requests_wait_while_places_become_free(wait_until):
    bulkhead, done = Bulkhead("images", 1, waiting=9, patience=0.5), []
    goes_on = threading.Semaphore(0)

    def work():
        with bulkhead.place():
            assert goes_on.acquire(timeout=60)
            done.append(True)

    threads = [threading.Thread(target=work) for _ in range(10)]
    for thread in threads:
        thread.start()
    wait_until(lambda: bulkhead.waiting == 9)
    for _ in threads:
        goes_on.release()
    for thread in threads:
        thread.join()
    assert len(done) == 10
    assert (bulkhead.taken, bulkhead.waiting) == (0, 0)


def test_a_request_is_refused_at_once_when_all_places_are_stuck():
    bulkhead = Bulkhead("images", 1, patience=0.01)
    with bulkhead.place():
        for _ in range(3):
            with pytest.raises(errors.Overloaded), bulkhead.place():
                pass
    with bulkhead.place():
        assert bulkhead.taken == 1


@pytest.mark.parametrize("kind", ["thumbnails", "uploads"])
def test_pictures_that_take_longer_than_a_read_are_not_taken_for_stuck(wait_until, kind):
    bulkhead, done = getattr(Bulkheads.sized_by(8), kind), []
    went_on = threading.Event()

    def wait():
        with bulkhead.place():
            done.append(True)

    with ExitStack() as places:
        for _ in range(bulkhead.places):
            places.enter_context(bulkhead.place())
        waiting = threading.Thread(target=wait)
        waiting.start()
        wait_until(lambda: bulkhead.waiting == 1)
        went_on.wait(2 * STUCK_SECONDS)
    waiting.join()
    assert done == [True]


def test_a_page_of_slow_thumbnails_waits_longer_than_other_requests():
    bulkheads = Bulkheads.sized_by(8)
    # 24 thumbnails of a second each, in two places.
    assert bulkheads.thumbnails.longest_wait >= 12 > bulkheads.images.longest_wait

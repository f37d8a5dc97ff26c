# SPDX-License-Identifier: Apache-2.0
import threading

import pytest

from faafo import errors
from faafo.core.bulkhead import Bulkhead
from faafo.core.cache import ByteCache


def make_cache(max_bytes):
    return ByteCache(max_bytes, Bulkhead("values", 1))


def test_a_value_is_made_once():
    cache, calls = make_cache(100), []
    for _ in range(3):
        assert cache.get("key", lambda: calls.append(1) or b"picture") == b"picture"
    assert len(calls) == 1


def test_another_key_is_another_value():
    cache = make_cache(100)
    assert cache.get("old", lambda: b"old") == b"old"
    assert cache.get("new", lambda: b"new") == b"new"


def test_the_least_recently_used_value_is_evicted_when_the_bytes_are_full():
    cache, made = make_cache(10), []

    def get(name):
        cache.get(name, lambda: made.append(name) or b"1234")

    for name in ("a", "b", "a", "c", "a", "b"):
        get(name)
    assert made == ["a", "b", "c", "b"]


def test_a_value_larger_than_the_cache_is_not_kept():
    cache, calls = make_cache(3), []
    for _ in range(2):
        assert cache.get("key", lambda: calls.append(1) or b"1234") == b"1234"
    assert len(calls) == 2


def test_a_value_that_could_not_be_made_is_made_at_the_next_request():
    cache = make_cache(100)

    def fail():
        raise errors.ImageNotFound("not yet")

    with pytest.raises(errors.ImageNotFound):
        cache.get("key", fail)
    assert cache.get("key", lambda: b"picture") == b"picture"


def test_a_thread_that_waits_for_a_value_gets_the_one_that_another_thread_makes():
    looks, calls, answers = threading.Semaphore(0), [], []

    class WatchedCache(ByteCache):
        def _recall(self, key):
            found = super()._recall(key)
            looks.release()
            return found

    def make():
        calls.append(1)
        # Two looks by the thread that makes it, and one in vain by the thread that will wait.
        for _ in range(3):
            looks.acquire(timeout=60)
        return b"picture"

    cache = WatchedCache(100, Bulkhead("values", 1, patience=60.0))
    threads = [
        threading.Thread(target=lambda: answers.append(cache.get("key", make))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (answers, calls) == ([b"picture"] * 2, [1])


def test_a_value_is_refused_while_too_many_others_are_made():
    cache = ByteCache(100, Bulkhead("values", 1, patience=0.0))

    def make():
        with pytest.raises(errors.Overloaded):
            cache.get("other", lambda: b"other")
        return b"picture"

    assert cache.get("key", make) == b"picture"
    assert cache.get("other", lambda: b"other") == b"other"

# SPDX-License-Identifier: Apache-2.0
"""What a producer holds."""

import threading

import pytest

from faafo import errors
from faafo.fractal.lease import Lease
from faafo.producer.leases import Leases

UUID = "00000000-0000-4000-8000-000000000001"
FIRST, SECOND = Lease(UUID, 1), Lease(UUID, 2)
OTHER = Lease("00000000-0000-4000-8000-000000000002", 1)


def rows_done(uuid, worker):
    """Worker "quick" is at row 7 of UUID; of anything else nobody knows."""
    return 7 if (uuid, worker) == (UUID, "quick") else None


class Api:
    """Stands for the API: remembers renewals, and says which leases are lost."""

    def __init__(self):
        self.renewed = []
        self.lost = []
        self.away = False

    def renew(self, name, held, duration, rows_done):
        if self.away:
            raise errors.ApiUnavailable("away")
        self.renewed.append((name, held, duration))
        self.rows_done = rows_done
        return self.lost


@pytest.fixture
def api():
    return Api()


@pytest.fixture
def lost():
    return []


@pytest.fixture
def leases(api, lost, stop):
    leases = Leases("me", api, 30.0, 0.02, rows_done, lambda *told: lost.append(told))
    thread = threading.Thread(target=leases.run, args=(stop,))
    thread.start()
    yield leases
    stop.set()
    thread.join()


def test_what_is_held_is_renewed_until_it_is_let_go(leases, api, wait_until):
    leases.hold(FIRST)
    wait_until(lambda: len(api.renewed) > 2)
    assert api.renewed[-1] == ("me", [(UUID, 1)], 30.0)
    leases.let_go(FIRST)
    leases.let_go(FIRST)
    assert leases.wait_until_none(timeout=0)


def test_one_can_wait_for_all_the_others(leases):
    leases.hold(FIRST)
    leases.hold(OTHER)
    assert not leases.wait_until_none(0.01, but=FIRST)
    leases.let_go(OTHER)
    assert leases.wait_until_none(0, but=FIRST)
    assert not leases.wait_until_none(0.01)


def test_a_renewal_tells_how_far_a_worker_is_with_what_it_renders(leases, api, wait_until):
    leases.hold(FIRST)
    leases.hold(OTHER)
    wait_until(lambda: len(api.renewed) > 1)
    assert api.rows_done == {}
    leases.entrust(FIRST, "quick")
    wait_until(lambda: api.rows_done == {UUID: 7})


def test_what_is_lost_is_told_with_its_worker_until_it_is_let_go(leases, api, lost, wait_until):
    leases.hold(FIRST)
    leases.hold(OTHER)
    leases.entrust(FIRST, "w-1")
    api.lost = [UUID]
    wait_until(lambda: len(lost) > 2)
    assert set(lost) == {(FIRST, "w-1")}
    leases.let_go(FIRST)
    assert leases.held() == [OTHER]
    assert not leases.wait_until_none(timeout=0.01)


def test_a_later_attempt_replaces_an_earlier_one(leases, api, lost, wait_until):
    leases.hold(FIRST)
    leases.entrust(FIRST, "w-1")
    leases.hold(SECOND)
    assert lost == [(FIRST, "w-1")]
    assert leases.held() == [SECOND]


def test_an_api_that_is_away_loses_nothing(leases, api, lost, wait_until, caplog):
    api.away = True
    leases.hold(FIRST)
    wait_until(lambda: "could not renew 1 lease(s): away" in caplog.text)
    api.away = False
    wait_until(lambda: api.renewed)
    assert lost == []


def test_a_short_lease_is_renewed_three_times_as_often(api, stop, wait_until):
    leases = Leases("me", api, 0.3, 60.0, rows_done, lambda lease, worker: None)
    threading.Thread(target=leases.run, args=(stop,), daemon=True).start()
    leases.hold(FIRST)
    wait_until(lambda: len(api.renewed) >= 2)

# SPDX-License-Identifier: Apache-2.0
"""The leases that a producer holds."""

import threading

import pytest

from faafo import errors
from faafo.fractal.lease import Lease
from faafo.producer.leases import Leases
from tests.paces import pace_of

UUID = "00000000-0000-4000-8000-000000000001"
FIRST, SECOND = Lease(UUID, 1), Lease(UUID, 2)
OTHER = Lease("00000000-0000-4000-8000-000000000002", 1)


def rows_done(uuid, worker):
    """Return row 7 of UUID for worker "quick", None for anything else."""
    return 7 if (uuid, worker) == (UUID, "quick") else None


class Api:
    """Stands for the API: records renewals, and answers which leases are lost."""

    def __init__(self):
        self.renewed = []
        self.lost = []
        self.problem = None
        self.attempts = 0

    def renew(self, name, held, duration, rows_done, timeout):
        self.attempts += 1
        if self.problem is not None:
            raise self.problem
        self.timeout = timeout
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
    leases = Leases(
        "me",
        api,
        pace_of(1.0, 30.0, 0.02),
        rows_done,
        lambda *lease_and_worker: lost.append(lease_and_worker),
    )
    thread = threading.Thread(target=leases.run, args=(stop,))
    thread.start()
    yield leases
    stop.set()
    thread.join()


def test_a_lease_is_renewed_until_it_is_discarded(leases, api, wait_until):
    leases.add(FIRST)
    wait_until(lambda: len(api.renewed) > 2)
    assert api.renewed[-1] == ("me", [FIRST], 30.0)
    leases.discard(FIRST)
    leases.discard(FIRST)
    assert leases.wait_until_empty(timeout=0)


def test_one_lease_can_be_excluded_from_waiting(leases):
    leases.add(FIRST)
    leases.add(OTHER)
    assert not leases.wait_until_empty(0.01, excluding=[FIRST])
    leases.discard(OTHER)
    assert leases.wait_until_empty(0, excluding=[FIRST])
    assert not leases.wait_until_empty(0.01)


def test_a_renewal_reports_the_rows_that_a_worker_has_rendered(leases, api, wait_until):
    leases.add(FIRST)
    leases.add(OTHER)
    wait_until(lambda: len(api.renewed) > 1)
    assert api.rows_done == {}
    leases.assign(FIRST, "quick")
    wait_until(lambda: api.rows_done == {UUID: 7})


def test_a_lost_lease_is_reported_with_its_worker_until_it_is_discarded(
    leases, api, lost, wait_until
):
    leases.add(FIRST)
    leases.add(OTHER)
    leases.assign(FIRST, "w-1")
    api.lost = [UUID]
    wait_until(lambda: len(lost) > 2)
    assert set(lost) == {(FIRST, "w-1")}
    leases.discard(FIRST)
    assert leases.held() == [OTHER]
    assert not leases.wait_until_empty(timeout=0.01)


def test_a_later_attempt_replaces_an_earlier_one(leases, api, lost, wait_until):
    leases.add(FIRST)
    leases.assign(FIRST, "w-1")
    leases.add(SECOND)
    assert lost == [(FIRST, "w-1")]
    assert leases.held() == [SECOND]


def test_an_unavailable_api_loses_no_lease(leases, api, lost, wait_until, caplog):
    api.problem = errors.ApiUnavailable("unavailable")
    leases.add(FIRST)
    wait_until(lambda: "could not renew 1 lease(s): unavailable" in caplog.text)
    api.problem = None
    wait_until(lambda: api.renewed)
    assert lost == []


def test_a_short_lease_is_renewed_three_times_as_often(api, stop, wait_until):
    leases = Leases("me", api, pace_of(1.0, 0.3, 60.0), rows_done, lambda lease, worker: None)
    threading.Thread(target=leases.run, args=(stop,), daemon=True).start()
    leases.add(FIRST)
    wait_until(lambda: len(api.renewed) >= 2)


@pytest.mark.parametrize("problem", [errors.ApiRefused("no"), RuntimeError("unexpected")])
def test_renewal_goes_on_after_any_error(leases, api, wait_until, problem):
    api.problem = problem
    leases.add(FIRST)
    wait_until(lambda: api.attempts >= 2, "two renewals")
    api.problem = None
    wait_until(lambda: api.renewed, "a renewal")


def test_a_renewal_waits_for_a_fraction_of_the_lease_only(leases, api, wait_until):
    leases.add(FIRST)
    wait_until(lambda: api.renewed, "a renewal")
    assert api.timeout <= 30.0 / 3

# SPDX-License-Identifier: Apache-2.0
"""Results: told in batches, and again when the API was away."""

import threading

import pytest

from faafo import errors
from faafo.fractal.lease import Lease
from faafo.fractal.task import FractalResult
from faafo.producer.leases import Leases
from faafo.producer.results import Results


class Api:
    """Takes results, as a client does; the first call may raise something."""

    def __init__(self, *problems):
        self.batches = []
        self.refused = []
        self._problems = list(problems)

    def complete_all(self, claimed_by, results):
        if self._problems:
            raise self._problems.pop(0)
        self.batches.append([lease.uuid for lease, _result in results])
        return self.refused


def make_result(number):
    uuid = f"00000000-0000-4000-8000-{number:012}"
    return Lease(uuid, 1), FractalResult(
        uuid=uuid, checksum="0" * 64, duration=0.5, size=1, generated_by="w"
    )


@pytest.fixture
def tell():
    """Tells the API the results of that many leases, all at once; returns the leases left."""

    def tell_all(api, count):
        leases = Leases("me", api, 60.0, 10.0, lambda *_: None, lambda *_: None)
        results = Results("me", api, leases, threading.Event())
        for lease, result in map(make_result, range(count)):
            leases.add(lease)
            results.add(lease, result)
        results.stop()
        results.run()
        return leases.held()

    return tell_all


def test_what_waits_together_is_told_together(tell):
    api = Api()
    assert tell(api, 5) == []
    assert [len(batch) for batch in api.batches] == [5]


def test_an_api_that_is_away_is_asked_again(tell):
    api = Api(errors.ApiUnavailable("away"))
    assert tell(api, 2) == []
    assert [len(batch) for batch in api.batches] == [2]


@pytest.mark.parametrize("problem", [errors.ApiRefused("no", 400), ValueError("oops")])
def test_what_the_api_does_not_take_is_let_go_so_that_its_lease_runs_out(tell, problem):
    api = Api(problem)
    assert tell(api, 2) == []
    assert api.batches == []


def test_what_is_no_longer_ours_is_told_in_the_log(tell, caplog):
    api = Api()
    api.refused = [make_result(1)[1].uuid]
    assert tell(api, 3) == []
    assert [record.args[0] for record in caplog.records] == api.refused


class Deaf:
    """An API that answers nothing but refusals."""

    def fail(self, *_):
        raise errors.ApiRefused("no", 400)

    release = fail


@pytest.mark.parametrize("tell", [Results.fail, Results.give_back])
def test_what_failed_or_is_given_back_is_let_go_even_if_the_api_refuses(tell, caplog):
    leases = Leases("me", Deaf(), 60.0, 10.0, lambda *_: None, lambda *_: None)
    lease, _result = make_result(1)
    leases.add(lease)
    results = Results("me", Deaf(), leases, threading.Event())
    tell(results, lease, "w", errors.RenderFailed("out of ideas"))
    assert leases.held() == []
    assert caplog.records[-1].args[0] == lease.uuid

# SPDX-License-Identifier: Apache-2.0
"""Results are reported in batches, and again when the API was unavailable."""

import threading

import pytest

from faafo import errors
from faafo.correlation import Correlation
from faafo.fractal.lease import Lease
from faafo.fractal.task import FractalResult
from faafo.producer.leases import Leases
from faafo.producer.results import ResultReporter
from tests.ids import TRACEPARENT
from tests.paces import pace_of


class Api:
    """Accepts results, as a client does; the first call may raise an error."""

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
def report():
    """Reports the results of ``count`` leases at once; returns the leases that are left."""

    def report_all(api, count):
        leases = Leases("me", api, pace_of(1.0, 60.0, 10.0), lambda *_: None, lambda *_: None)
        results = ResultReporter("me", api, leases, threading.Event())
        for lease, result in map(make_result, range(count)):
            leases.add(lease)
            results.report(lease, result, Correlation(None, TRACEPARENT))
        results.stop()
        results.run()
        return leases.held()

    return report_all


def test_results_that_wait_together_are_one_batch(report):
    api = Api()
    assert report(api, 5) == []
    assert [len(batch) for batch in api.batches] == [5]


def test_a_batch_is_reported_again_when_the_api_was_unavailable(report):
    api = Api(errors.ApiUnavailable("unavailable"))
    assert report(api, 2) == []
    assert [len(batch) for batch in api.batches] == [2]


@pytest.mark.parametrize("problem", [errors.ApiRefused("no", 400), ValueError("oops")])
def test_a_result_that_cannot_be_reported_is_dropped_so_that_its_lease_expires(report, problem):
    api = Api(problem)
    assert report(api, 2) == []
    assert api.batches == []


@pytest.mark.parametrize(
    ("problems", "refused", "expected"),
    [
        ([], [], [None, None]),
        ([], [make_result(1)[1].uuid], [None, "StaleAttempt"]),
        ([errors.ApiRefused("no", 400)], [], ["ApiRefused", "ApiRefused"]),
    ],
)
def test_the_span_of_a_report_tells_whether_it_has_failed(
    report, recorded, problems, refused, expected
):
    api = Api(*problems)
    api.refused = refused
    report(api, 2)
    assert recorded == [("report", error) for error in expected]


def test_a_result_whose_lease_was_lost_is_logged(report, caplog):
    api = Api()
    api.refused = [make_result(1)[1].uuid]
    assert report(api, 3) == []
    assert [record.args[0] for record in caplog.records] == api.refused


class Refusing:
    """An API that refuses every request."""

    def fail(self, *_):
        raise errors.ApiRefused("no", 400)

    release = fail


def release(results, lease, worker, error):
    results.release([lease], worker, error)


@pytest.mark.parametrize("end", [ResultReporter.fail, release])
def test_a_lease_that_ends_is_discarded_even_if_the_api_refuses(end, caplog):
    leases = Leases("me", Refusing(), pace_of(1.0, 60.0, 10.0), lambda *_: None, lambda *_: None)
    lease, _result = make_result(1)
    leases.add(lease)
    results = ResultReporter("me", Refusing(), leases, threading.Event())
    end(results, lease, "w", errors.RenderFailed("out of ideas"))
    assert leases.held() == []
    assert caplog.records[-1].args[0] == lease.uuid

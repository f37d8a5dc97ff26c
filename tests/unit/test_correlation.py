# SPDX-License-Identifier: Apache-2.0
"""By what the log lines of a fractal are found: what peers tell, and what a thread works for."""

import logging

import pytest
from oslo_context import context

from faafo import correlation
from faafo.correlation import UNKNOWN, Correlation, Work
from tests.ids import REQUEST_ID, TRACE_ID, TRACEPARENT


def test_what_a_peer_tells_is_read_and_told():
    told = {"request_id": REQUEST_ID, "traceparent": TRACEPARENT}
    assert Correlation.of({**told, "more": 1}).members() == told


@pytest.mark.parametrize("value", [None, 7, "", "req-1", f"{REQUEST_ID}\n", f"x{TRACEPARENT}"])
def test_what_is_malformed_counts_as_not_told(value):
    assert Correlation.of({"request_id": value, "traceparent": value}) == UNKNOWN
    assert UNKNOWN.members() == {}


def test_a_thread_works_for_what_the_innermost_block_says():
    context.RequestContext(request_id="req-of-a-request")
    with Work(Correlation(REQUEST_ID)):
        with Work(Correlation(None, TRACEPARENT)):
            assert correlation.current() == (None, TRACEPARENT)
        assert correlation.current() == (REQUEST_ID, None)
    assert correlation.current() == UNKNOWN
    assert context.get_current().request_id == "req-of-a-request"


def test_log_lines_name_what_a_thread_works_for_and_nothing_afterwards(json_lines):
    correlation.NOTHING.update_store()
    with Work(Correlation(REQUEST_ID, TRACEPARENT), "u-1", "p-1"):
        logging.getLogger("faafo.test").warning("inside")
    logging.getLogger("faafo.test").warning("outside")
    inside, outside = json_lines()
    assert inside["context"] == {
        "request_id": REQUEST_ID,
        "project": "p-1",
        "resource_uuid": "u-1",
        "trace_id": TRACE_ID,
    }
    assert outside["context"] == {}

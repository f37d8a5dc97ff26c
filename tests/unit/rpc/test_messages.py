# SPDX-License-Identifier: Apache-2.0
"""Messages are validated on arrival, and errors name the field."""

import pytest

from faafo import errors
from faafo.correlation import UNKNOWN
from faafo.rpc.messages import Report, TaskContext, TileContext, parse
from tests.ids import REQUEST_ID, TRACEPARENT

REPORT = {"server": "w", "slots": 2, "busy": 1, "busy_for": {"p": 1}, "version": "1"}


def test_a_context_may_be_empty_or_have_unknown_members():
    assert parse(TaskContext, {}) == TaskContext()
    assert parse(TaskContext, {"traceparent": "00-1-2-03", "attempt": 3}).attempt == 3


def test_malformed_ids_for_logs_and_traces_are_no_reason_to_refuse_a_task():
    told = {"request_id": REQUEST_ID, "traceparent": TRACEPARENT}
    assert parse(TaskContext, told).correlation == (REQUEST_ID, TRACEPARENT)
    assert parse(TaskContext, {"request_id": ["x"], "traceparent": 7}).correlation == UNKNOWN


@pytest.mark.parametrize(
    ("model", "document", "field"),
    [
        (TaskContext, {"attempt": "third"}, "attempt"),
        (TaskContext, {"attempt": "2"}, "attempt"),
        (TaskContext, {"alone": [1]}, "alone"),
        (TaskContext, {"producer": None}, "producer"),
        (TileContext, {"timeout": -1}, "timeout"),
        (TileContext, {"timeout": "soon"}, "timeout"),
        (Report, REPORT | {"slots": "many"}, "slots"),
        (Report, REPORT | {"slots": None}, "slots"),
        (Report, REPORT | {"slots": -1}, "slots"),
        (Report, REPORT | {"busy_for": {"p": "x"}}, "busy_for"),
        (Report, [], "the body"),
    ],
)
def test_a_malformed_message_is_refused_by_field(model, document, field):
    with pytest.raises(errors.InvalidMessage, match=f"^{field}"):
        parse(model, document)


@pytest.mark.parametrize("progress", [{"u": 7, "v": -1, "w": "many"}, {"u": 7, "v": None}])
def test_invalid_progress_is_dropped_and_the_report_kept(progress):
    assert parse(Report, REPORT | {"rows_done": progress}).rows_done == {"u": 7}


def test_progress_that_is_no_object_is_dropped_and_the_report_kept():
    assert parse(Report, REPORT | {"rows_done": [1]}).rows_done == {}


@pytest.mark.parametrize(
    "shown", [{"disabled": "maybe"}, {"host": 7}, {"age": -1}, {"work": [1]}, {"configuration": ""}]
)
def test_what_is_only_shown_costs_no_report_if_it_is_malformed(shown):
    (name,) = shown
    assert getattr(parse(Report, REPORT | shown), name) is None

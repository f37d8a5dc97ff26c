# SPDX-License-Identifier: Apache-2.0
"""States of jobs: whatever the order in which events arrive, the latest one remains."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faafo import errors
from faafo.recent.state import LENGTH, JobState

UUID = "00000000-0000-4000-8000-000000000001"
BEGIN = datetime(2026, 11, 28, 18, tzinfo=UTC)
RESULT = {"checksum": 64 * "a", "duration": 0.5, "size": 100, "generated_by": "worker-1"}
# What may come next, and whether it is a claim.
STEPS = {
    "queued": ["claim", "retry", "complete", "deleted"],
    "rendering": ["progress", "error", "queued", "complete", "deleted"],
    "error": ["retry", "complete", "deleted"],
    "complete": ["complete", "deleted"],
    "deleted": ["post"],
}


def payload(**changes):
    """Return the payload of an event."""
    data = {
        "uuid": UUID,
        "created_at": "2026-11-28T18:00:00.000001Z",
        "project_id": "p",
        "shared": False,
        "status": "queued",
        "attempt": 0,
        "failures": 0,
        "fault": None,
        "progress": None,
        **dict.fromkeys(RESULT),
        "width": 640,
        "height": 480,
    }
    outside = {
        name: changes.pop(name) for name in ("version", "type", "timestamp") & changes.keys()
    }
    return {
        "version": 1,
        "type": "fractal.queued",
        "timestamp": "2026-11-28T18:00:00.123456Z",
        "data": data | changes,
        **outside,
    }


@st.composite
def lives(draw):
    """Draw what the database may make of one uuid, as states in the order of the changes."""
    number = draw(st.integers(1, 14))
    now = created = BEGIN
    status, attempt, progress, fault = "queued", 0, None, None
    life = []
    for _ in range(number):
        life.append(
            JobState(
                uuid=UUID,
                created_at=created,
                status=status,
                attempt=attempt,
                progress=progress,
                fault=fault,
                # A result that is reported again may differ.
                size=len(life) if status == "complete" else None,
                moment=now,
            )
        )
        before, step = status, draw(st.sampled_from(STEPS[status]))
        if step == "claim":
            status, attempt, progress = "rendering", attempt + 1, None
        elif step == "progress":
            progress = draw(st.floats(progress or 0, 1))
        elif step == "post":
            status, attempt, progress = "queued", 0, None
            now = created = max(created, now) + timedelta(milliseconds=1)
            continue
        else:
            status = {"retry": "queued"}.get(step, step)
            fault = draw(st.sampled_from([None, "lost"]))
        # The clock of another database server may be behind, unless nothing else tells.
        late = draw(st.integers(1 if before == status else -5000, 5000))
        now += timedelta(milliseconds=late)
    return life


@settings(deadline=None)
@given(lives(), st.data())
def test_any_order_with_repetitions_ends_as_the_right_order_does(life, data):
    more = data.draw(st.lists(st.sampled_from(life)))
    arrived = data.draw(st.permutations([*life, *more]))
    kept = None
    for state in arrived:
        if kept is None or state.order > kept.order:
            kept = state
    assert kept.document == life[-1].document


@settings(deadline=None)
@given(lives())
def test_each_step_is_greater_than_the_one_before(life):
    orders = [state.order for state in life]
    for earlier, later in zip(life, life[1:], strict=False):
        # Progress of less than a millionth is none.
        assert (
            later.order > earlier.order
            or later.document == earlier.document
            or (later.status == earlier.status == "rendering")
        )
    assert all(len(order) == LENGTH and order.isdigit() for order in orders)


def test_a_late_end_of_an_attempt_does_not_undo_a_retry():
    failed = JobState.of_event(payload(status="error", attempt=5, fault="poison"))
    again = JobState.of_event(payload(status="queued", attempt=5, fault="poison"))
    # Even if the clock of the database has been set back meanwhile.
    earlier = JobState.of_event(
        payload(status="queued", attempt=5, timestamp="2026-11-28T17:00:00.000000Z")
    )
    assert again.order > failed.order
    assert earlier.order > failed.order


def test_nothing_of_a_deleted_record_is_later_but_the_next_record_is():
    deleted = JobState.of_event(payload(status="deleted", attempt=3))
    complete = JobState.of_event(payload(status="complete", attempt=3, **RESULT))
    posted = JobState.of_event(payload(created_at="2026-11-28T18:00:00.000002Z"))
    assert posted.order > deleted.order > complete.order
    assert json.loads(deleted.document) == {"status": "deleted", "project_id": "p"}


def test_the_state_of_a_record_is_that_of_its_event():
    event = JobState.of_event(
        payload(
            status="complete",
            attempt=2,
            progress=1.0,
            timestamp="2026-11-28T18:00:01.000000Z",
            **RESULT,
        )
    )
    record = {
        "uuid": UUID,
        "created_at": datetime(2026, 11, 28, 18, 0, 0, 1),
        "project_id": "p",
        "status": "complete",
        "attempt": 2,
        "fault": None,
        "rows_done": None,
        "height": 480,
        "children": None,
        "open_children": None,
        **RESULT,
    }
    assert JobState.of_record(record, datetime(2026, 11, 28, 18, 0, 1)) == event


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"version": 2}, "version"),
        ({"status": "lost"}, "status"),
        ({"attempt": -1}, "attempt"),
        ({"attempt": "1"}, "attempt"),
        ({"progress": 2}, "progress"),
        ({"uuid": "1"}, "uuid"),
        ({"created_at": "yesterday"}, "created_at"),
        ({"created_at": "2026-11-28T18:00:00"}, "created_at"),
        ({"timestamp": None}, "moment"),
        ({"timestamp": "9999-12-31T23:59:59-01:00"}, "moment"),
        ({"created_at": "0001-01-01T00:00:00+01:00"}, "created_at"),
        ({"created_at": "0999-01-01T00:00:00Z"}, "created_at"),
        ({"uuid": 36 * "\ud800"}, "uuid"),
        ({"duration": float("nan")}, "duration"),
    ],
)
def test_a_payload_that_breaks_the_contract_is_refused(changes, named):
    with pytest.raises(errors.InvalidMessage, match=named):
        JobState.of_event(payload(**changes))


@pytest.mark.parametrize("body", [None, [], "x", {}, {"version": 1, "type": "fractal.queued"}])
def test_what_is_no_payload_is_refused(body):
    with pytest.raises(errors.InvalidMessage):
        JobState.of_event(body)


def test_a_text_that_is_not_unicode_can_be_stored():
    """It would have the events beside it queued again for ever."""
    document = JobState.of_event(payload(fault="\ud800")).document
    assert json.loads(document.encode())["fault"] == "\ud800"


@pytest.mark.parametrize("kind", ["webhook.ping", "poster.complete", "film.complete"])
def test_what_is_about_no_job_or_said_by_another_event_is_passed_over(kind):
    assert JobState.of_event(payload(type=kind)) is None


def test_the_state_of_a_picture_with_parts_has_their_numbers():
    parts = {"children": 4, "open_children": 1}
    state = JobState.of_event(payload(status="rendering", progress=0.5, **parts))
    assert json.loads(state.document).items() >= parts.items()

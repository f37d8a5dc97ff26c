# SPDX-License-Identifier: Apache-2.0
"""What is wrong with the system, in words."""

from datetime import datetime

from faafo.core.diagnosis import problems
from faafo.db.services import Seen
from faafo.fractal.service import State, service_id
from faafo.fractal.task import Status

NOTHING = dict.fromkeys(Status, 0)


def service(kind="worker", name="w", state=State.UP, unseen=1.0, disabled=False, reason=None):
    now = datetime(2026, 11, 28)
    return Seen(
        service_id(kind, name), kind, name, f"{name}:1", "host", "1.0", None, None, None, {}, now,
        now, disabled, reason, state, unseen,
    )  # fmt: skip


ALL = [service(), service("producer", "p"), service("api", "a")]


def test_nothing_is_wrong_when_all_are_up_and_nothing_waits_long():
    assert problems(ALL, NOTHING | {Status.QUEUED: 5}, 10.0) == []


def test_what_waits_for_a_service_of_which_none_is_up_is_told():
    draining = [service(state=State.DRAINING), service("producer", "p")]
    assert problems(draining, NOTHING | {Status.QUEUED: 3}, 1.0) == [
        "3 fractals wait and no worker is up."
    ]
    assert problems([service()], NOTHING | {Status.QUEUED: 1}, 1.0) == [
        "1 fractal waits and no producer is up."
    ]


def test_a_site_of_which_only_apis_are_known_may_have_producers_of_an_early_release():
    assert problems([service("api", "a")], NOTHING | {Status.QUEUED: 2}, 1.0) == [
        "2 fractals wait, and no producer tells of itself or of a worker: none is up, or all are "
        "of an early release."
    ]


def test_no_worker_is_no_problem_while_nothing_waits():
    assert problems([], NOTHING, None) == []
    assert problems([], NOTHING | {Status.QUEUED: 2}, None, delayed=2) == []


def test_the_oldest_is_told_when_it_has_waited_long():
    assert problems(ALL, NOTHING | {Status.QUEUED: 5}, 720.0) == [
        "The oldest fractal in the queue has waited for 12 min."
    ]


def test_a_service_that_is_not_seen_and_one_that_is_disabled_are_told():
    down = service(name="b", state=State.DOWN, unseen=40.2)
    disabled = service("producer", "a", State.DISABLED, disabled=True, reason="upgrade")
    assert problems([*ALL, down, disabled], NOTHING, None) == [
        "producer a is disabled: upgrade.",
        "worker b has not been seen for 40 s.",
    ]


def test_a_service_that_is_disabled_and_down_is_told_once():
    down = service(name="b", state=State.DOWN, unseen=9000, disabled=True, reason="new disk")
    assert problems([down], NOTHING, None) == [
        "worker b has not been seen for 2 h and is disabled: new disk."
    ]


def test_of_many_services_the_first_are_named_and_the_others_counted():
    down = [service(name=f"w{number}", state=State.DOWN, unseen=60) for number in range(200)]
    told = problems(down, NOTHING, None)
    assert told[4:] == [
        "worker w4 has not been seen for 60 s.",
        "195 more workers have not been seen lately.",
    ]


def test_what_is_in_error_is_counted():
    assert problems(ALL, NOTHING | {Status.ERROR: 1}, None) == ["1 fractal is in error."]
    assert problems(ALL, NOTHING | {Status.ERROR: 1234}, None) == ["1,234 fractals are in error."]

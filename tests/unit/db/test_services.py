# SPDX-License-Identifier: Apache-2.0
"""The registry of services in the database."""

from dataclasses import replace

import pytest
from sqlalchemy.exc import OperationalError

from faafo import errors
from faafo.db import services
from faafo.db.deadlock import DEADLOCK
from faafo.db.services import Heartbeat
from faafo.fractal.service import Kind, State

DOWN_TIME = 12.0
BEAT = Heartbeat(Kind.WORKER, "w", "w:1", "host", "1.0", age=100.0, slots=4, busy=1)


@pytest.fixture
def only(session):
    """Stores heartbeats one after the other; returns the only service."""

    def only(*heartbeats):
        for one in heartbeats:
            services.store(session, [one])
        session.expire_all()
        (found,) = services.listed(session, DOWN_TIME)
        return found

    return only


def test_a_service_is_listed_with_what_it_tells(only):
    seen = only(replace(BEAT, report={"done": 7}, configuration="3-abcdef01"))
    assert (seen.id, seen.kind, seen.name, seen.host) == (BEAT.id, "worker", "w", "host")
    assert (seen.slots, seen.busy, seen.report) == (4, 1, {"done": 7})
    assert (seen.state, seen.configuration) == (State.UP, "3-abcdef01")
    assert 99 < (seen.seen_at - seen.started_at).total_seconds() < 160


def test_a_later_heartbeat_takes_the_place_of_the_one_before(only):
    assert only(BEAT, replace(BEAT, age=101.0, busy=3)).busy == 3


def test_a_report_that_is_older_than_what_is_known_changes_nothing(only):
    assert only(BEAT, replace(BEAT, age=90.0, seen=10.0, busy=3)).busy == 1


def test_the_next_process_of_the_name_takes_over_the_row(only):
    seen = only(BEAT, replace(BEAT, instance_id="w:2", age=1.0))
    assert seen.instance_id == "w:2"


def test_an_older_process_of_the_name_does_not_take_the_row_back(only):
    seen = only(replace(BEAT, instance_id="w:2", age=1.0), BEAT)
    assert seen.instance_id == "w:2"


def test_an_older_process_has_the_row_once_the_younger_one_is_no_longer_seen(only):
    younger = replace(BEAT, instance_id="w:2", age=30.0, seen=DOWN_TIME + 1)
    seen = only(younger, BEAT)
    assert (seen.instance_id, seen.state) == ("w:1", State.UP)


def test_heartbeats_count_after_the_clock_of_the_database_was_put_back(only):
    assert only(replace(BEAT, seen=-3600.0), replace(BEAT, busy=3)).busy == 3


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, State.UP),
        ({"draining": True}, State.DRAINING),
        ({"seen": 11.0}, State.UP),
        ({"seen": 13.0}, State.DOWN),
        ({"seen": 13.0, "draining": True}, State.DOWN),
    ],
)
def test_the_state_is_computed_when_it_is_read(only, changes, state):
    assert only(replace(BEAT, **changes)).state == state


def test_a_disabled_service_is_disabled_also_in_its_next_process(session, only):
    only(BEAT)
    services.change(session, BEAT.id, True, "upgrade")
    seen = only(replace(BEAT, instance_id="w:2", age=1.0))
    assert (seen.state, seen.disabled, seen.reason) == (State.DISABLED, True, "upgrade")
    assert services.disabled(session) == {("worker", "w"): "upgrade"}


def test_a_disabled_service_that_is_not_seen_is_down(session, only):
    only(replace(BEAT, seen=60.0))
    services.change(session, BEAT.id, True, "upgrade")
    seen = services.get(session, BEAT.id, DOWN_TIME)
    assert (seen.state, seen.disabled) == (State.DOWN, True)


def test_a_service_that_is_enabled_has_no_reason_any_more(session, only):
    only(BEAT)
    services.change(session, BEAT.id, True, "upgrade")
    services.change(session, BEAT.id, False, None)
    session.expire_all()
    seen = services.get(session, BEAT.id, DOWN_TIME)
    assert (seen.state, seen.reason, services.disabled(session)) == (State.UP, None, {})


def test_there_is_nothing_to_change_of_an_unknown_service(session):
    with pytest.raises(errors.ServiceNotFound, match=BEAT.id):
        services.change(session, BEAT.id, True, "upgrade")
    with pytest.raises(errors.ServiceNotFound, match=BEAT.id):
        services.get(session, BEAT.id, DOWN_TIME)


def test_a_process_that_has_ended_is_removed_and_no_other_one_of_its_name(session, only):
    only(BEAT)
    services.remove(session, BEAT.id, "w:0")
    assert services.listed(session, DOWN_TIME)
    services.remove(session, BEAT.id, "w:1")
    assert services.listed(session, DOWN_TIME) == []


def test_a_disabled_service_is_not_removed_when_it_ends(session, only):
    only(BEAT)
    services.change(session, BEAT.id, True, "upgrade")
    services.remove(session, BEAT.id, "w:1")
    assert services.listed(session, DOWN_TIME)[0].disabled


def test_what_has_not_been_seen_for_long_is_removed_and_what_is_disabled_later(session):
    old = [replace(BEAT, name=name, seen=seen) for name, seen in (("a", 50), ("b", 150))]
    kept = [replace(BEAT, name=name, seen=seen) for name, seen in (("c", 150), ("d", 750))]
    services.store(session, old + kept)
    for one in kept:
        services.change(session, one.id, True, "away")
    services.purge(session, 100.0)
    assert [one.name for one in services.listed(session, DOWN_TIME)] == ["a", "c"]


@pytest.mark.parametrize(
    "act",
    [
        lambda session: services.remove(session, BEAT.id, "w:1"),
        lambda session: services.change(session, BEAT.id, True, "upgrade"),
        lambda session: services.purge(session, 100.0),
    ],
    ids=["remove", "change", "purge"],
)
def test_what_a_deadlock_has_undone_is_done_again(session, act, monkeypatch):
    services.store(session, [replace(BEAT, seen=200.0)])
    one, deadlocks = session.registry(), [DEADLOCK]
    execute = one.execute

    def deadlocked(*arguments, **options):
        if deadlocks:
            raise OperationalError("DELETE", {}, Exception(deadlocks.pop()))
        return execute(*arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(one, "execute", deadlocked)
        act(session)
    session.expire_all()
    assert not deadlocks
    assert not [one for one in services.listed(session, DOWN_TIME) if not one.disabled]


def test_services_are_listed_by_kind_and_name(session):
    beats = [replace(BEAT, kind=kind, name=name) for kind in ("worker", "api") for name in "ba"]
    services.store(session, beats)
    listed = services.listed(session, DOWN_TIME)
    assert [(one.kind, one.name) for one in listed] == [
        ("api", "a"), ("api", "b"), ("worker", "a"), ("worker", "b"),
    ]  # fmt: skip
    assert [one.name for one in services.listed(session, DOWN_TIME, Kind.API)] == ["a", "b"]

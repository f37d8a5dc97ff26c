# SPDX-License-Identifier: Apache-2.0
"""The registry of workers."""

import pytest

from faafo.producer.registry import WorkerRegistry
from faafo.producer.worker_state import LARGEST_BATCH


@pytest.fixture
def changes():
    return []


@pytest.fixture
def registry(changes):
    return WorkerRegistry("me", report_timeout=60.0, changed=lambda: changes.append(1))


def report(registry, server, slots, instance_id=None, **busy_for):
    ctxt = {"worker": instance_id}
    registry.report(ctxt, server, slots, sum(busy_for.values()), busy_for, "1.0")


def names(slots):
    return [slot and slot.worker for slot in slots]


def test_without_workers_nothing_is_free(registry):
    assert registry.free_slots() == 0
    assert registry.acquire() is None


@pytest.mark.parametrize("slots", ["many", None, -1])
def test_a_malformed_report_is_ignored_and_the_next_one_counts(registry, changes, slots):
    report(registry, "w", slots)
    assert (registry.free_slots(), changes) == (0, [])
    report(registry, "w", 2)
    assert registry.free_slots() == 2


def test_the_least_loaded_worker_is_taken(registry):
    report(registry, "large", 4, other=3)
    report(registry, "small", 2)
    assert names(registry.acquire() for _ in range(3)) == ["small", "small", "large"]
    assert registry.acquire() is None


def test_calls_are_spread_by_share_of_slots(registry):
    report(registry, "a", 1)
    report(registry, "b", 1)
    assert set(names([registry.acquire(), registry.acquire()])) == {"a", "b"}
    assert registry.acquire() is None


def test_our_own_calls_are_not_counted_twice_when_a_report_includes_them(registry):
    report(registry, "a", 2)
    registry.acquire()
    report(registry, "a", 2, me=1)
    assert registry.free_slots() == 1


def test_a_report_that_is_late_about_our_call_does_not_block_its_slot(registry):
    report(registry, "a", 1)
    registry.release(registry.acquire())
    report(registry, "a", 1, me=1)
    assert registry.free_slots() == 1


def test_slots_that_other_producers_occupy_are_not_free(registry):
    report(registry, "a", 2, other=2)
    assert registry.free_slots() == 0


def test_a_worker_that_drains_has_no_free_slot(registry):
    report(registry, "a", 2)
    report(registry, "a", 0)
    assert registry.acquire() is None


def test_a_worker_that_is_busy_is_not_called_until_it_reports(registry):
    report(registry, "a", 2)
    slot = registry.acquire()
    registry.mark_full(slot)
    registry.release(slot)
    assert registry.acquire() is None
    report(registry, "a", 2)
    assert names([registry.acquire()]) == ["a"]


def test_a_worker_that_sends_no_reports_is_forgotten(changes):
    registry = WorkerRegistry("me", report_timeout=-1.0, changed=lambda: changes.append(1))
    report(registry, "a", 2)
    assert registry.free_slots() == 0


def test_a_lost_worker_may_report_again(registry):
    report(registry, "a", 1)
    slot = registry.acquire()
    registry.give_up(slot, is_lost=True)
    assert registry.acquire() is None
    report(registry, "a", 1)
    assert names([registry.acquire()]) == ["a"]


@pytest.mark.parametrize("is_lost", [True, False])
def test_the_slot_of_a_render_that_was_given_up_is_busy_until_a_report_says_otherwise(
    registry, is_lost
):
    report(registry, "w", 2)
    registry.give_up(registry.acquire(), is_lost)
    assert registry.free_slots() == (0 if is_lost else 1)
    for _ in range(2):
        report(registry, "w", 2, me=1)
        assert registry.free_slots() == 1
    report(registry, "w", 2)
    assert registry.free_slots() == 2


def test_an_exclusive_render_that_was_given_up_occupies_all_slots(registry):
    report(registry, "w", 3)
    registry.give_up(registry.acquire(exclusive=True), is_lost=False)
    assert registry.free_slots() == 0
    report(registry, "w", 3, me=3)
    assert registry.free_slots() == 0
    report(registry, "w", 3)
    assert registry.free_slots() == 3


def test_other_calls_to_a_lost_worker_are_still_in_flight_when_it_reports_again(registry):
    report(registry, "w", 3)
    lost, kept = registry.acquire(), registry.acquire()
    registry.give_up(lost, is_lost=True)
    report(registry, "w", 3, me=1)
    assert registry.free_slots() == 2
    registry.release(kept)
    assert registry.free_slots() == 3


def test_a_worker_that_refuses_a_call_is_asked_for_renders_that_we_do_not_wait_for(registry):
    report(registry, "w", 1, me=1)
    slot = registry.acquire()
    registry.mark_full(slot)
    registry.release(slot)
    for _ in range(2):
        report(registry, "w", 1, me=1)
        assert registry.acquire() is None
    report(registry, "w", 1)
    assert registry.acquire()


def test_a_worker_without_reports_keeps_our_calls_in_flight(registry, monkeypatch):
    report(registry, "w", 2)
    slot = registry.acquire()
    monkeypatch.setattr(registry, "_report_timeout", -1.0)
    assert (registry.free_slots(), registry.slots()) == (0, 0)
    monkeypatch.setattr(registry, "_report_timeout", 60.0)
    report(registry, "w", 2, me=1)
    assert registry.free_slots() == 1
    registry.release(slot)
    assert registry.free_slots() == 2


def test_reports_and_releases_call_changed(registry, changes):
    report(registry, "a", 1)
    assert len(changes) == 1
    registry.release(registry.acquire())
    assert len(changes) == 2


def test_releasing_a_slot_of_a_forgotten_worker_frees_none_of_the_new_one(registry):
    report(registry, "a", 1)
    slot = registry.acquire()
    report(registry, "a", 1, instance_id="a:now")
    registry.release(slot)
    assert registry.free_slots() == 1


def test_an_exclusive_slot_leaves_none_free_on_its_worker(registry):
    report(registry, "w", 3)
    slot = registry.acquire(exclusive=True)
    assert (slot.worker, slot.exclusive) == ("w", True)
    assert registry.free_slots() == 0
    assert registry.acquire() is None
    registry.release(slot)
    assert registry.free_slots() == 3


def test_an_exclusive_slot_is_taken_of_the_least_loaded_worker(registry):
    report(registry, "busy", 2, other=1)
    report(registry, "idle", 2)
    assert registry.acquire(exclusive=True).worker == "idle"


def test_an_exclusive_slot_may_be_acquired_while_the_worker_renders(registry):
    report(registry, "w", 3)
    first, exclusive = registry.acquire(), registry.acquire(exclusive=True)
    registry.release(first)
    assert registry.free_slots() == 0
    registry.release(exclusive)
    assert registry.free_slots() == 3


def test_a_restarted_worker_has_none_of_our_calls_in_flight(registry):
    report(registry, "w", 2, instance_id="w:before")
    before, exclusive = registry.acquire(), registry.acquire(exclusive=True)
    assert before.instance_id == "w:before"
    report(registry, "w", 2, instance_id="w:now")
    assert registry.free_slots() == 2
    now = registry.acquire()
    assert now.instance_id == "w:now"
    # Slots of the process before do not count for this one.
    registry.release(before)
    registry.mark_full(exclusive)
    registry.give_up(exclusive, is_lost=True)
    assert registry.free_slots() == 1


def test_the_progress_of_a_render_is_known_until_the_next_report(registry):
    registry.report({"worker": None, "rows_done": {"u": 5}}, "w", 1, 0, {}, "1.0")
    assert registry.rows_done("u", "w") == 5
    assert registry.rows_done("u", "other") is None
    assert registry.rows_done("u", None) is None
    report(registry, "w", 1)
    assert registry.rows_done("u", "w") is None


def report_batches(registry, server, takes_batches=True):
    registry.report({"takes_batches": takes_batches}, server, 2, 0, {}, "1.0")


def test_a_batch_takes_a_worker_about_a_quarter_of_a_second(registry):
    report_batches(registry, "w")
    slot = registry.acquire()
    assert slot.batch_size == 1
    for _call in range(50):
        registry.record(slot, 5, 0.05)
    registry.release(slot)
    assert registry.acquire().batch_size == 25
    for _call in range(50):
        registry.record(slot, 1, 2.0)
    assert registry.acquire().batch_size == 1


@pytest.mark.parametrize("seconds", [0.0, 1e-9])
def test_a_batch_is_bounded_however_fast_a_worker_seems_to_be(registry, seconds):
    report_batches(registry, "w")
    registry.record(registry.acquire(), 1, seconds)
    assert registry.acquire().batch_size == LARGEST_BATCH


def test_a_worker_that_does_not_take_batches_gets_one_task_a_call(registry):
    report_batches(registry, "w", takes_batches=False)
    registry.record(registry.acquire(), 1, 0.001)
    assert registry.acquire().batch_size == 1
    assert registry.with_batches() == []


def test_a_lost_worker_is_not_asked_for_images(registry):
    report_batches(registry, "a")
    report_batches(registry, "b")
    registry.give_up(registry.acquire(), is_lost=True)
    assert registry.with_batches() == ["b"]


def test_a_worker_without_usable_slots_is_asked_for_images_last(registry):
    registry.report({"takes_batches": True}, "full disk", 0, 0, {}, "1.0")
    report_batches(registry, "well")
    assert registry.with_batches() == ["well", "full disk"]

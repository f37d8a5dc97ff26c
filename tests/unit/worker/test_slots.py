# SPDX-License-Identifier: Apache-2.0
"""How many fractals a worker renders at the same time."""

import threading
from types import SimpleNamespace

import pytest

from faafo import errors
from faafo.worker.slots import SlotNumber, Slots


def test_closed_slots_refuse_callers_while_those_inside_may_finish():
    slots = Slots(lambda: 2)
    with slots.occupy("a"):
        slots.close()
        assert slots.total == 0
        assert slots.busy_for == {"a": 1}
        with pytest.raises(errors.WorkerBusy):
            slots.occupy("b").__enter__()
    assert slots.busy_for == {}


def test_an_exclusive_render_occupies_all_slots():
    slots = Slots(lambda: 3)
    with slots.occupy("a", exclusive=True):
        assert slots.free == 0
        assert slots.busy_for == {"a": 3}
        with pytest.raises(errors.WorkerBusy):
            slots.occupy("b").__enter__()
    assert slots.free == 3


@pytest.fixture
def enter_exclusively(stop):
    """Occupies a slot exclusively in a thread; returns an event that is set once it has one."""

    def enter(slots, cancelled=lambda: False):
        inside = threading.Event()

        def wait_inside():
            with slots.occupy("a", exclusive=True, cancelled=cancelled):
                inside.set()
                stop.wait(60)

        threading.Thread(target=wait_inside, daemon=True).start()
        return inside

    return enter


def test_an_exclusive_render_waits_for_those_inside_and_keeps_others_out(
    enter_exclusively, wait_until
):
    slots = Slots(lambda: 2)
    with slots.occupy("b"):
        inside = enter_exclusively(slots)
        wait_until(lambda: slots.free == 0)
        assert slots.busy_for == {"a": 1, "b": 1}
        with pytest.raises(errors.WorkerBusy):
            slots.occupy("c").__enter__()
        assert not inside.is_set()
    assert inside.wait(60)


def test_an_exclusive_render_that_is_cancelled_waits_no_longer(enter_exclusively):
    slots = Slots(lambda: 2)
    cancelled = threading.Event()
    with slots.occupy("b"):
        inside = enter_exclusively(slots, cancelled.is_set)
        cancelled.set()
        assert inside.wait(60)


def test_slots_remember_no_producer_that_occupies_none():
    slots = Slots(lambda: 1)
    for number in range(3):
        with slots.occupy(f"producer:{number}"):
            pass
    assert dict(slots._busy_for) == {}


def test_a_slot_is_free_again_when_the_wait_for_the_others_fails():
    slots = Slots(lambda: 2)

    def fail():
        raise OSError("an error")

    with slots.occupy("a"):
        with pytest.raises(OSError, match="an error"):
            slots.occupy("b", exclusive=True, cancelled=fail).__enter__()
        assert slots.free == 1
    assert slots.wait_until_free(timeout=0)


def test_fewer_slots_end_no_render_and_none_is_taken_until_enough_are_free():
    number = [2]
    slots = Slots(lambda: number[0])
    with slots.occupy("p"):
        with slots.occupy("p"):
            number[0] = 1
            assert (slots.total, slots.free, slots.busy_for) == (1, -1, {"p": 2})
            with pytest.raises(errors.WorkerBusy), slots.occupy("p"):
                pass
        with pytest.raises(errors.WorkerBusy), slots.occupy("p"):
            pass
        number[0] = 3
        with slots.occupy("q"), slots.occupy("q"):
            assert slots.free == 0


def test_a_running_worker_gets_no_more_slots_than_it_has_threads_for():
    options = SimpleNamespace(slots=3)
    number = SlotNumber(options)
    options.slots = 17
    assert (number(), number.configured, number.most) == (16, 17, 16)
    assert SlotNumber(options).most == 34
    options.slots = 0
    assert number() >= 1

# SPDX-License-Identifier: Apache-2.0
"""How many fractals a worker renders at the same time."""

import threading

import pytest

from faafo import errors
from faafo.worker.slots import Slots


def test_closed_slots_let_nobody_in_but_those_inside_may_finish():
    slots = Slots(2)
    with slots.occupy("a"):
        slots.close()
        assert slots.total == 0
        assert slots.busy_for == {"a": 1}
        with pytest.raises(errors.WorkerBusy):
            slots.occupy("b").__enter__()
    assert slots.busy_for == {}


def test_who_is_alone_occupies_everything():
    slots = Slots(3)
    with slots.occupy("a", alone=True):
        assert slots.free == 0
        assert slots.busy_for == {"a": 3}
        with pytest.raises(errors.WorkerBusy):
            slots.occupy("b").__enter__()
    assert slots.free == 3


@pytest.fixture
def enter_alone(stop):
    """Enters the slots alone in a thread; gives an event that says whether it is inside."""

    def enter(slots, given_up=lambda: False):
        inside = threading.Event()

        def wait_inside():
            with slots.occupy("a", alone=True, given_up=given_up):
                inside.set()
                stop.wait(20)

        threading.Thread(target=wait_inside, daemon=True).start()
        return inside

    return enter


def test_who_wants_to_be_alone_waits_for_those_inside_and_keeps_others_out(enter_alone, wait_until):
    slots = Slots(2)
    with slots.occupy("b"):
        inside = enter_alone(slots)
        wait_until(lambda: slots.free == 0)
        assert slots.busy_for == {"a": 1, "b": 1}
        with pytest.raises(errors.WorkerBusy):
            slots.occupy("c").__enter__()
        assert not inside.is_set()
    assert inside.wait(10)


def test_who_gives_up_to_be_alone_waits_no_longer(enter_alone):
    slots = Slots(2)
    given_up = threading.Event()
    with slots.occupy("b"):
        inside = enter_alone(slots, given_up.is_set)
        given_up.set()
        assert inside.wait(10)

# SPDX-License-Identifier: Apache-2.0
"""How often the backlog is counted."""

import threading

import pytest

from faafo import errors
from faafo.core import backlog
from faafo.core.backlog import REUSE_FACTOR, KnownBacklog
from faafo.db.backlog import Group
from faafo.fractal.kinds import Need, TaskKind


@pytest.fixture
def counts(monkeypatch, clock):
    """The counts so far; one takes the seconds in ``takes``."""

    class Counts(list):
        takes = 0.0

        def read(self, session):
            clock.now += self.takes
            self.append(session)
            return [Group(None, Need(TaskKind.RENDER), queued=len(self))]

    counts = Counts()
    monkeypatch.setattr(backlog, "read", counts.read)
    return counts


def test_it_is_counted_once_a_second_at_most(counts, clock):
    known = KnownBacklog(clock)
    assert [known.get(None)[0].queued for _ in range(3)] == [1, 1, 1]
    clock.now += 0.99
    assert known.get(None)[0].queued == 1
    clock.now += 0.02
    assert known.get(None)[0].queued == 2
    assert counts == [None, None]


def test_a_count_that_takes_long_is_repeated_seldom(counts, clock):
    known = KnownBacklog(clock)
    counts.takes = 2.0
    known.get(None)
    clock.now += 2.0 * REUSE_FACTOR - 0.1
    assert known.get(None)[0].queued == 1
    clock.now += 0.2
    assert known.get(None)[0].queued == 2


def test_while_one_counts_others_get_the_previous_backlog_or_are_told_to_come_again(
    monkeypatch, clock
):
    begun, may_end = threading.Event(), threading.Event()

    def read(_session):
        begun.set()
        may_end.wait(60)
        return [Group(None, Need(TaskKind.RENDER), queued=3)]

    monkeypatch.setattr(backlog, "read", read)
    monkeypatch.setattr(backlog, "WAIT_SECONDS", 0.01)
    known = KnownBacklog(clock)
    for expected in (None, 3):
        begun.clear()
        may_end.clear()
        thread = threading.Thread(target=known.get, args=(None,))
        thread.start()
        begun.wait(60)
        if expected is None:
            with pytest.raises(errors.Overloaded, match="try again later"):
                known.get(None)
        else:
            assert known.get(None)[0].queued == expected
        may_end.set()
        thread.join()
        clock.now += 100.0


def test_a_count_that_fails_is_repeated(monkeypatch, clock, counts):
    known = KnownBacklog(clock)
    with monkeypatch.context() as patch:
        patch.setattr(backlog, "read", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            known.get(None)
    assert known.get(None)[0].queued == 1

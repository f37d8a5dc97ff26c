# SPDX-License-Identifier: Apache-2.0
"""What a producer claims for workers that know different drawing parameters."""

from dataclasses import replace

import pytest

from faafo.fractal.kinds import FIRST, Ability, Need, TaskKind
from faafo.producer.backlog import Backlog, Job, Skill
from faafo.producer.capacity import Group, Share, Waiting, covers, shares
from faafo.producer.registry import WorkerRegistry

OLD, NEW = {}, {"parameters": 5}
SKILL = {version: Skill(version, FIRST) for version in (1, 2, 5)}
RENDERS, JOINS = {"kinds": ["render"]}, {"kinds": ["join", "film", "paint"], "labels": ["x", "ü"]}


@pytest.fixture
def registry():
    return WorkerRegistry("me", report_timeout=60.0, changed=lambda: None)


@pytest.fixture
def backlog():
    return Backlog()


@pytest.fixture
def add(backlog, make_task):
    def add(failures=0, **changes):
        job = Job.of({**make_task(**changes).model_dump(), "attempt": 1, "failures": failures})
        backlog.add(job)
        return job

    return add


def report(registry, server, slots, known, busy=0):
    registry.report({"worker": server, **known}, server, slots, busy, {"other": busy}, "1.0")


def doing(job):
    return lambda skill: skill.fits(job)


def knows_two(skill):
    return skill.version >= 2


def test_nothing_is_claimed_without_workers(registry, backlog):
    assert shares(registry.groups(), backlog) == []


@pytest.mark.parametrize("kinds", [[], ["paint"]])
def test_nothing_is_claimed_for_a_worker_that_serves_no_kind_at_present(registry, backlog, kinds):
    report(registry, "joiner", 2, NEW | {"kinds": kinds})
    assert shares(registry.groups(), backlog) == []
    report(registry, "joiner", 2, NEW | {"kinds": ["join"]})
    assert [one.most for one in shares(registry.groups(), backlog)] == [2]


def test_one_claim_is_made_when_all_workers_know_the_same(registry, backlog):
    report(registry, "a", 2, NEW)
    report(registry, "b", 3, NEW | {"parameters": 9})
    assert shares(registry.groups(), backlog) == [(SKILL[5], 5)]


def test_workers_of_the_release_before_get_claims_of_their_own(registry, backlog):
    report(registry, "new", 2, NEW)
    report(registry, "old", 3, OLD)
    assert shares(registry.groups(), backlog) == [(SKILL[5], 2), (SKILL[1], 3)]


def test_only_what_free_slots_can_draw_is_claimed(registry, backlog):
    report(registry, "new", 2, NEW, busy=2)
    report(registry, "old", 1, {"parameters": "two"})
    assert registry.groups() == [Group(SKILL[5], 0, 2), Group(SKILL[1], 1, 1)]
    assert shares(registry.groups(), backlog) == [(SKILL[1], 1)]


@pytest.mark.parametrize("failures", [0, 2])
def test_what_waits_for_a_new_worker_keeps_no_old_one_from_work(registry, backlog, add, failures):
    report(registry, "new", 1, NEW, busy=1)
    report(registry, "old", 1, OLD)
    later, plain = add(failures, formula="z3"), add()
    assert backlog.take(SKILL[1].fits) == plain
    assert backlog.take(SKILL[1].fits) is None
    assert shares(registry.groups(), backlog) == [(SKILL[1], 1)]
    assert backlog.take(SKILL[2].fits) == later


def test_a_batch_passes_over_what_its_worker_cannot_draw(backlog, add):
    later, *plain = add(samples=2), add(), add()
    assert backlog.take_small(10, 1, SKILL[1].fits) == plain
    assert backlog.take_all(SKILL[1].fits) == [later]


def test_a_worker_that_knows_enough_is_taken_and_the_later_one_spared(registry):
    report(registry, "new", 4, NEW)
    report(registry, "old", 1, OLD)
    taken = [registry.acquire(), registry.acquire(fits=knows_two), registry.acquire()]
    assert [(slot.worker, slot.skill.version) for slot in taken] == [
        ("old", 1),
        ("new", 5),
        ("new", 5),
    ]


def test_no_slot_of_an_old_worker_is_taken_for_later_parameters(registry):
    report(registry, "old", 4, OLD)
    assert registry.acquire(fits=knows_two) is None


def test_a_worker_that_knows_less_is_told_once(registry, caplog):
    for _ in range(2):
        report(registry, "old", 1, OLD)
        report(registry, "new", 1, NEW)
    assert [text for text in caplog.messages if "drawing parameters" in text] == [
        "worker old (faafo 1.0) knows version 1 of the drawing parameters: fractals of version 4 "
        "wait for other workers"
    ]


def test_the_api_is_asked_for_what_a_free_slot_can_draw():
    asked = []

    class Api:
        def wait_for_claimable(self, seconds, parameters, needs):
            asked.append((seconds, parameters, needs))
            return True

    waiting = Waiting(Api())
    renders, joins = (Ability(frozenset((kind,))) for kind in (TaskKind.RENDER, TaskKind.JOIN))
    waiting.want([Share(Skill(2, renders), 1), Share(Skill(1, joins), 1)])
    assert waiting.wait_for_claimable(20.0)
    assert asked == [(20.0, 2, (Need(TaskKind.JOIN), Need(TaskKind.RENDER)))]


def test_the_api_is_told_what_workers_know(registry):
    report(registry, "new", 1, NEW)
    report(registry, "old", 1, OLD)
    assert [one["report"] for one in registry.reports()] == [{"parameters": 5}, {}]


def test_slots_of_workers_of_other_kinds_get_claims_of_their_own(registry, backlog, add):
    report(registry, "renders", 3, NEW | RENDERS)
    report(registry, "joins", 2, NEW | JOINS)
    joins = Skill(5, Ability(frozenset((TaskKind.JOIN, TaskKind.FILM)), frozenset("x")))
    renders = Skill(5, Ability(frozenset((TaskKind.RENDER,))))
    assert shares(registry.groups(), backlog) == [(joins, 2), (renders, 3)]
    add()
    assert shares(registry.groups(), backlog) == [(joins, 2)]
    assert backlog.take(joins.fits) is None
    assert backlog.take(renders.fits) is not None


def test_a_job_goes_to_a_worker_that_has_its_label_and_others_are_preferred_without(registry, add):
    report(registry, "big", 2, NEW | {"kinds": ["render"], "labels": ["bigmem"]})
    report(registry, "any", 1, NEW | {"kinds": ["render"], "labels": []})
    asking = replace(add(), label="bigmem")
    slots = [registry.acquire(fits=doing(one)) for one in (add(), asking, add())]
    assert [(slot.worker, slot.has_topics) for slot in slots] == [
        ("any", True),
        ("big", True),
        ("big", True),
    ]
    assert registry.acquire(fits=doing(asking)) is None


def test_a_worker_that_does_not_tell_kinds_serves_renders_and_joins(registry):
    report(registry, "old", 1, NEW)
    report(registry, "odd", 1, NEW | {"kinds": "join", "labels": 7})
    assert {group.skill.ability for group in registry.groups()} == {FIRST}
    assert not registry.acquire().has_topics


def test_one_that_says_to_old_producers_that_it_has_no_slots_has_them_all_the_same(registry):
    report(registry, "joins", 0, NEW | JOINS | {"all_slots": 2})
    assert registry.slots() == 2


def test_nothing_more_is_claimed_for_those_who_can_do_less_when_nothing_is_left():
    more, less = Ability(FIRST.kinds, frozenset(("x",))), Ability(FIRST.kinds)
    assert covers(Share(Skill(3, more), 1), Share(Skill(2, less), 1))
    assert not covers(Share(Skill(3, less), 1), Share(Skill(3, more), 1))
    assert not covers(Share(Skill(2, more), 1), Share(Skill(3, less), 1))

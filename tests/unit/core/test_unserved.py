# SPDX-License-Identifier: Apache-2.0
"""What waits that no live worker serves, in words."""

from dataclasses import replace

import pytest

from faafo.core.diagnosis import problems
from faafo.core.unserved import abilities, later, parameters_known, sentences, too_old, why
from faafo.db.backlog import Group
from faafo.fractal.kinds import FIRST, Ability, Need, TaskKind
from faafo.fractal.service import State
from tests.unit.core.test_diagnosis import ALL, NOTHING, service

RENDER, JOIN, FILM = TaskKind
RENDERS = Ability(frozenset((RENDER,)), frozenset(("bigmem",)))
JOINS = Ability(frozenset((JOIN,)))


def group(kind, label, count, project="blue"):
    return Group(project, Need(kind, label), claimable=count)


def test_each_kind_that_nobody_serves_is_told_once_with_its_number():
    groups = [group(JOIN, None, 1), group(JOIN, None, 1, "red"), group(RENDER, None, 3)]
    assert sentences(groups, [RENDERS]) == [
        "2 posters wait to be joined, and no live worker joins posters."
    ]
    assert sentences([group(FILM, None, 1)], [RENDERS, JOINS]) == [
        "1 film waits to be joined, and no live worker joins films."
    ]
    assert sentences(groups, [RENDERS, JOINS]) == sentences(groups, [FIRST]) == []


def test_a_label_that_no_live_worker_has_is_told_once_for_all_kinds():
    groups = [group(RENDER, "gpu", 1), group(JOIN, "gpu", 1), group(RENDER, "bigmem", 4)]
    told = ["2 fractals ask for the label gpu, which no live worker has."]
    assert sentences(groups, [RENDERS, JOINS]) == told
    assert problems(ALL, NOTHING, None, unserved=told) == told


def test_a_kind_and_a_label_that_no_worker_serves_together_are_told():
    assert sentences([group(JOIN, "bigmem", 1)], [RENDERS, JOINS]) == [
        "1 poster waits to be joined with the label bigmem, and no live worker with the label "
        "bigmem joins posters."
    ]


def test_nothing_is_told_of_what_cannot_be_claimed_or_while_no_worker_is_up():
    assert sentences([group(JOIN, None, 0)], [RENDERS]) == []
    assert sentences([group(JOIN, None, 2)], []) == []


def test_only_workers_that_are_up_count_and_those_that_tell_no_kinds_as_the_first_ones():
    joins = replace(service(), report={"kinds": ["join", "paint"], "labels": ["x", 7]})
    down = replace(joins, state=State.DOWN)
    assert abilities([*ALL, down, joins]) == [FIRST, Ability(frozenset((JOIN,)), frozenset("x"))]


@pytest.mark.parametrize(
    ("need", "able", "told"),
    [
        (Need(JOIN), [RENDERS, JOINS], None),
        (Need(JOIN), [], "No worker is up."),
        (Need(JOIN), [RENDERS], "No live worker joins posters."),
        (Need(RENDER, "gpu"), [RENDERS], "It asks for the label gpu, which no live worker has."),
        (
            Need(FILM, "bigmem"),
            [RENDERS],
            "No live worker with the label bigmem joins films.",
        ),
    ],
    ids=["served", "none-is-up", "kind", "label", "both"],
)
def test_the_page_of_a_fractal_says_why_it_waits(need, able, told):
    assert why(need, able) == told


def test_the_latest_parameters_are_those_of_workers_that_are_up():
    newer = replace(service(name="new"), report={"parameters": 2})
    down = replace(newer, state=State.DOWN)
    odd = replace(newer, report={"parameters": "two"})
    known = [parameters_known(some) for some in (ALL, [*ALL, newer], [*ALL, down, odd], [down])]
    assert known == [1, 2, 1, None]


def test_what_no_worker_that_is_up_is_late_enough_for_is_counted():
    assert [later(count, 1) for count in (1, 1200)] == [
        "1 fractal waits for a worker of a later version: none that is up can draw so.",
        "1,200 fractals wait for a worker of a later version: none that is up can draw so.",
    ]
    assert [later(count, 4) for count in (1, 2)] == [
        "1 film in WebM waits for a worker with the extra faafo[film]: none that is up has it.",
        "2 films in WebM wait for a worker with the extra faafo[film]: none that is up has it.",
    ]


def test_the_page_of_a_fractal_tells_a_version_that_no_worker_of_its_kind_knows():
    old = replace(service(), report={"kinds": ["render", "join"], "parameters": 3})
    films = replace(service(), report={"kinds": ["film"], "parameters": 4})
    assert too_old(Need(RENDER), 3, [old, films]) is None
    assert too_old(Need(RENDER), 4, [old, films]) == (
        "It waits for a worker of a later version: none that is up can draw so."
    )
    assert too_old(Need(FILM), 5, [old, films]) == (
        "It waits for a worker with the extra faafo[film]: none that is up has it."
    )
    # Another sentence tells that.
    assert too_old(Need(FILM), 5, [old]) is None

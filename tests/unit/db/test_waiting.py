# SPDX-License-Identifier: Apache-2.0
"""Claims by kind and label: nobody is given what its workers do not serve."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, select, update

from faafo.db import claims, outcomes, posting, waiting
from faafo.db.clock import moment
from faafo.db.models import Fractal
from faafo.db.outcomes import Result, RetryPolicy
from faafo.db.scheduling import Schedule
from faafo.db.scope import NOBODY, Owner
from faafo.fractal.drawing import PARAMETER_VERSION
from faafo.fractal.kinds import FIRST_NEEDS, Ability, Need, TaskKind, in_order
from faafo.fractal.lease import Lease
from faafo.fractal.parts import divided

POLICY = RetryPolicy(max_attempts=9, delay=0.0, longest_delay=0.0)
RENDER, JOIN, FILM = (Need(kind) for kind in TaskKind)
BIG = Need(TaskKind.RENDER, "bigmem")
ADA, BOB = Owner("ada", "ada"), Owner("bob", "bob")


@pytest.fixture
def post(session, make_task):
    def post(owner=NOBODY, **schedule):
        return posting.post(session, make_task(), owner, schedule=Schedule(**schedule))["uuid"]

    return post


def terms(*needs):
    return claims.Terms(PARAMETER_VERSION, needs=in_order(needs))


def claim(session, *needs, count=9):
    return [one.uuid for one in claims.claim(session, "me", count, 60.0, POLICY, terms(*needs))]


@pytest.mark.parametrize("owner", [NOBODY, ADA], ids=["nobody", "a-project"])
def test_a_label_is_for_those_who_serve_it_and_what_has_none_for_all(session, post, owner):
    plain, big = post(owner), post(owner, label="bigmem")
    assert not claims.is_any_claimable(session, terms(JOIN))
    assert claim(session, JOIN, Need(TaskKind.JOIN, "bigmem")) == []
    assert claim(session, RENDER, Need(TaskKind.RENDER, "bigme")) == [plain]
    assert not claims.is_any_claimable(session, terms(*FIRST_NEEDS))
    assert claims.is_any_claimable(session, terms(BIG))
    assert claim(session, RENDER, BIG) == [big]


def test_a_poster_is_a_join_and_its_bands_are_renders_with_its_label(session, make_task):
    task = make_task()
    bands = divided(task.height, 2)
    record = posting.post(session, task, bands=bands, schedule=Schedule(label="bigmem"))
    assert (record["kind"], record["label"]) == ("join", "bigmem")
    assert claim(session, RENDER, Need(TaskKind.JOIN, "bigmem")) == []
    claimed = claims.claim(session, "me", 9, 60.0, POLICY, terms(BIG))
    assert [(one.kind, one.label, one.parent) for one in claimed] == [
        ("render", "bigmem", task.uuid)
    ] * 2


def test_the_turn_decides_among_all_that_a_claim_serves(session, post):
    first = post(ADA, label="bigmem")
    others = [post(ADA, label=label, priority=1) for label in (None, "bigmem", None)]
    assert claim(session, RENDER, BIG, count=3) == others
    assert claim(session, RENDER, BIG) == [first]


def test_a_project_is_found_if_the_first_turn_of_what_is_served_has_come(session, post):
    ahead = datetime.now(UTC).replace(tzinfo=None) + timedelta(days=1)
    for owner, label in ((ADA, None), (BOB, "bigmem")):
        post(owner, label=label)
    post(Owner("eve", "eve"), not_before=ahead)
    found = waiting.projects(session, in_order((RENDER, JOIN, BIG)))
    assert {name: one.needs for name, one in found.items()} == {"ada": (RENDER,), "bob": (BIG,)}


def test_what_three_projects_have_is_claimed_with_one_query_each(session, post):
    for name in ("a", "b", "c"):
        for _ in range(3):
            post(Owner(name, "ada"))
    seen = []
    event.listen(session.get_bind(), "after_cursor_execute", lambda *args: seen.append(args[2]))
    assert len(claim(session, RENDER, JOIN, FILM)) == 9
    reads = [one for one in seen if "FROM fractal" in one and "turn_at <=" in one]
    assert len(reads) == 3


def test_a_worker_serves_what_asks_for_one_of_its_labels_or_none():
    ability = Ability(frozenset((TaskKind.RENDER,)), frozenset(("bigmem",)))
    asked = [(kind, label) for kind in TaskKind for label in (None, "bigmem", "gpu")]
    served = {Need(*one) for one in asked if ability.serves(*one)}
    assert served == ability.needs() == {RENDER, BIG}


@pytest.mark.parametrize("text", ["", "renders", "render:", "render:a b", "join:x,film", ":x"])
def test_what_names_no_need_is_refused(text):
    with pytest.raises(ValueError, match="no kind"):
        Need.parse(text)
    assert [Need.parse(one.as_text()) for one in (RENDER, BIG)] == [RENDER, BIG]


def test_renders_and_joins_count_together_in_the_limit_of_a_project(session, make_task, post):
    task = make_task()
    posting.post(session, task, ADA, bands=divided(task.height, 1))
    (band,) = claims.claim(session, "me", 9, 60.0, POLICY, terms(RENDER))
    result = {"checksum": "0" * 64, "duration": 1.0, "size": 1, "generated_by": "w"}
    outcomes.complete(session, Result(Lease(band.uuid, 1, band.token), result, band.token))
    for _ in range(5):
        post(ADA)
    limited = claims.Terms(PARAMETER_VERSION, 3, in_order((RENDER, JOIN)))
    first = claims.claim(session, "me", 2, 60.0, POLICY, limited)
    assert sorted(one.kind for one in first) == ["join", "render"]
    assert len(claims.claim(session, "me", 9, 60.0, POLICY, limited)) == 1
    assert claims.claim(session, "me", 9, 60.0, POLICY, limited) == []


def test_a_poster_of_which_a_part_has_not_begun_in_time_ends_in_error(session, make_task):
    task = make_task()
    posting.post(session, task, bands=divided(task.height, 2))
    (begun,) = claims.claim(session, "me", 1, 60.0, POLICY, terms(RENDER))
    session.execute(update(Fractal).values(expires_at=moment(-1.0)))
    session.commit()
    assert claims.claim(session, "me", 9, 60.0, POLICY, terms(RENDER, JOIN)) == []
    poster = session.scalars(select(Fractal).where(Fractal.uuid == task.uuid)).one()
    assert (poster.status, begun.parent) == ("error", task.uuid)
    assert "expired: its render had not begun by" in poster.fault

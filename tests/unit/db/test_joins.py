# SPDX-License-Identifier: Apache-2.0
"""What joins need, and what of the children of films and posters is still needed."""

from uuid import uuid4

import pytest

from faafo.db import claims, fractals, joins, outcomes, posting
from faafo.db.claims import Terms
from faafo.db.models import Fractal
from faafo.db.outcomes import Result, RetryPolicy
from faafo.fractal.drawing import LATEST_VERSION
from faafo.fractal.film import Film, Plan
from faafo.fractal.film import frames as film_frames
from faafo.fractal.kinds import Need, TaskKind
from faafo.fractal.lease import Lease, make_token
from faafo.fractal.media import IMAGE
from faafo.fractal.paths import Whole
from faafo.fractal.task import FractalTask, Status
from tests.functional.processes import SMALL_FILM, SMALL_FRACTAL

POLICY = RetryPolicy(max_attempts=3, delay=0.0, longest_delay=0.0)
EVERYTHING = Terms(LATEST_VERSION, needs=tuple(Need(kind) for kind in TaskKind))
RESULT = {"checksum": "0" * 64, "duration": 0.5, "size": 9, "generated_by": "w"}


@pytest.fixture
def film(session):
    """The uuid of a film with two frames."""
    uuid = str(uuid4())
    plan = Film(**{name: SMALL_FILM[name] for name in ("path", "frames", "fps")})
    frames = film_frames(plan, Whole(**SMALL_FRACTAL), uuid)
    task = FractalTask(uuid=uuid, **SMALL_FRACTAL | frames[0]._asdict())
    posting.post(session, task, film=Plan(plan, frames))
    return uuid


def complete_all(session):
    """Complete what can be claimed; return uuid and token of each."""
    done = []
    for one in claims.claim(session, "me", 9, 60.0, POLICY, EVERYTHING):
        lease = Lease(one.uuid, one.attempt, one.token)
        outcomes.complete(session, Result(lease, RESULT, one.token))
        done.append((one.uuid, one.token))
    return done


def test_a_film_needs_its_frames_until_it_is_complete_and_then_the_first(session, film):
    assert joins.first_frame(session, film).image_token is None
    first, second = complete_all(session)
    join = joins.join_of(session, fractals.get(session, film))
    assert [(one.uuid, one.token) for one in join.frames] == [first, second]
    assert (join.fps, join.format) == (4, "webp")
    assert joins.image_orphans(session, [first, second]) == []
    assert joins.unneeded(session, film) == ([], IMAGE)
    ((_film, token),) = complete_all(session)
    assert joins.unneeded(session, film) == ([second], IMAGE)
    assert joins.image_orphans(session, [first, second, (film, token)]) == [second]
    found = joins.first_frame(session, film)
    assert (found.uuid, found.image_token) == first


def test_what_another_attempt_or_record_has_stored_is_not_needed(session, film):
    (uuid, token), _second = complete_all(session)
    complete_all(session)
    stranger = (str(uuid4()), token)
    older = (uuid, make_token("f" * 16, 1))
    assert joins.image_orphans(session, [stranger, older, (uuid, token)]) == [stranger, older]


def test_the_frames_of_a_film_go_with_it(session, film):
    stored = complete_all(session)
    assert fractals.remove(session, film)
    assert joins.image_orphans(session, stored) == stored
    assert session.query(Fractal).count() == 0


def test_a_film_that_is_claimed_can_be_drawn_by_workers_of_any_release_but_its_join(session, film):
    frames = claims.claim(session, "old", 9, 60.0, POLICY, Terms(1))
    assert [(one.frame, one.status) for one in frames] == [
        (number, Status.RENDERING) for number in range(2)
    ]

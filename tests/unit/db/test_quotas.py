# SPDX-License-Identifier: Apache-2.0
"""Quotas: charging a project, its limits and the defaults."""

from datetime import date

import pytest

from faafo import errors
from faafo.db import fractals, posting, quotas
from faafo.db.quota_models import Usage
from faafo.db.quotas import NO_LIMITS, Amounts
from faafo.db.scope import Owner
from faafo.fractal.numbers import MAX_SIZE

ADA = Owner("alpha", "ada")


@pytest.fixture
def post(session, make_task):
    """Posts small fractals of 48 pixels in one request."""

    def post(count=1, quota=NO_LIMITS, owner=ADA):
        return posting.post_all(session, [make_task() for _ in range(count)], owner, quota=quota)

    return post


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"queued": 3}, "project alpha uses 2 of 3 queued, and the request has 2"),
        ({"fractals": 3}, "project alpha uses 2 of 3 fractals, and the request has 2"),
        ({"pixels_per_day": 191}, "uses 96 of 191 pixels_per_day, and the request has 96"),
        ({"bytes": 0}, "project alpha uses 0 of 0 bytes"),
    ],
)
def test_a_request_that_has_no_room_is_refused_as_a_whole(session, post, limits, message):
    post(2)
    with pytest.raises(errors.QuotaExceeded, match=message):
        post(2, Amounts(**limits))
    session.rollback()
    assert quotas.get(session, "alpha", NO_LIMITS).usage == Amounts(2, 2, 0, 96)


@pytest.mark.parametrize("limit", ["queued", "fractals"])
def test_the_whole_quota_can_be_used(post, limit):
    quota = Amounts(**{limit: 3})
    post(2, quota)
    post(1, quota)
    with pytest.raises(errors.QuotaExceeded):
        post(1, quota)


def test_a_limit_of_a_project_goes_before_the_default_until_it_is_reset(session, post):
    quotas.change(session, "alpha", {"fractals": 2, "queued": -1})
    defaults = Amounts(queued=0, fractals=0)
    post(2, defaults)
    with pytest.raises(errors.QuotaExceeded, match="uses 2 of 2 fractals"):
        post(1, defaults)
    quotas.change(session, "alpha", {"fractals": None})
    with pytest.raises(errors.QuotaExceeded, match="uses 2 of 0 fractals"):
        post(1, defaults)
    quotas.reset(session, "alpha")
    assert quotas.get(session, "alpha", defaults).limits == defaults


def test_a_project_is_not_charged_for_another(session, post):
    post(2)
    post(1, Amounts(fractals=1), Owner("ALPHA", "bob"))
    assert quotas.get(session, "ALPHA", NO_LIMITS).usage.fractals == 1


def test_without_a_project_nothing_is_counted_and_nothing_limited(session, post):
    post(2, Amounts(0, 0, 0, 0), Owner(None, None))
    assert session.query(Usage).count() == 0


def test_pixels_are_counted_anew_each_day(session, post):
    post(2)
    session.execute(Usage.__table__.update().values(day=date(2026, 1, 1)))
    session.commit()
    assert quotas.get(session, "alpha", NO_LIMITS).usage.pixels_per_day == 0
    post(2, Amounts(pixels_per_day=96))
    assert quotas.get(session, "alpha", NO_LIMITS).usage.pixels_per_day == 96


def test_a_uuid_that_is_taken_costs_nothing(session, make_task):
    task = make_task()
    fractals.add(session, task, ADA)
    with pytest.raises(errors.FractalExists):
        fractals.add(session, task, ADA)
    assert quotas.get(session, "alpha", NO_LIMITS).usage == Amounts(1, 1, 0, 48)


def test_a_project_that_never_posted_uses_nothing(session):
    state = quotas.get(session, "unknown", Amounts(fractals=5))
    assert (state.limits, state.usage) == (Amounts(fractals=5), Amounts(0, 0, 0, 0))


def test_the_largest_limit_is_one(session, post):
    quotas.change(session, "alpha", dict.fromkeys(quotas.RESOURCES, MAX_SIZE))
    assert len(post(2)) == 2

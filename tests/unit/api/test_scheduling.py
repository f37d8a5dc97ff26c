# SPDX-License-Identifier: Apache-2.0
"""Priority, not before and deadline over HTTP: their bounds, records, searches and pages."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from faafo.client import Client
from tests.functional.processes import SMALL_FRACTAL

IN_A_DAY, IN_TWO_DAYS = (
    (datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S.000000Z")
    for days in (1, 2)
)


@pytest.fixture
def http(app):
    return app.test_client()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"priority": 11}, "priority: must be an integer from -10 to 10, not 11"),
        ({"priority": True}, "priority: must be an integer from -10 to 10, not True"),
        (
            {"not_before": "3000-01-01T00:00:00Z"},
            "not_before: must be within 366 days, by 20.*Z, not '3000-01-01T00:00:00Z'",
        ),
        ({"not_before": "2026-11-29T06:00:00"}, "not_before: must be a time with a zone, .*"),
        ({"not_before": 1.5}, "not_before: must be a time with a zone, .* not 1.5"),
        (
            {"expires_at": "2026-01-01T00:00:00Z"},
            "expires_at: must be later than now, 20.*Z, not '2026-01-01T00:00:00Z'",
        ),
        (
            {"not_before": IN_TWO_DAYS, "expires_at": IN_A_DAY},
            f"expires_at: must be later than not_before, {IN_TWO_DAYS[:19]}Z, not '{IN_A_DAY}'",
        ),
    ],
    # The values have times of this process, and names of tests must be the same in all.
    ids=("priority", "boolean", "far", "no-zone", "number", "over", "before-it-may-begin"),
)
def test_what_is_out_of_bounds_is_named_with_its_value_and_the_bound(http, given, message):
    answer = http.post("/api/fractal", json=SMALL_FRACTAL | given)
    assert answer.status_code == 400
    assert re.fullmatch(message, answer.json["message"])


def test_the_record_has_what_was_posted_and_searches_find_it(http):
    given = {"priority": 3, "not_before": IN_A_DAY, "expires_at": IN_TWO_DAYS}
    for posted in (
        http.post("/api/fractal", json=SMALL_FRACTAL | given).json,
        http.post("/api/fractals", json=[SMALL_FRACTAL | given]).json["objects"][0],
    ):
        assert {name: posted[name] for name in given} == given
        shown = http.get(f"/api/fractal/{posted['uuid']}").json
        assert shown == posted
        assert http.put(f"/api/fractal/{posted['uuid']}", json=shown).status_code == 200
    http.post("/api/fractal", json=SMALL_FRACTAL)
    filters = [
        {"name": "priority", "op": ">", "val": 0},
        {"name": "not_before", "op": "<", "val": IN_TWO_DAYS},
    ]
    found = http.get("/api/fractal", query_string={"q": json.dumps({"filters": filters})}).json
    assert found["num_results"] == 2


def test_the_page_shows_when_a_fractal_is_rendered(http):
    given = {"priority": -2, "not_before": IN_A_DAY, "expires_at": IN_TWO_DAYS}
    uuid = http.post("/api/fractal", json=SMALL_FRACTAL | given).json["uuid"]
    page = http.get(f"/fractal/{uuid}").text
    assert f'Waiting until <time datetime="{IN_A_DAY[:10]}' in page
    for fact in ("<dt>Priority</dt><dd>-2</dd>", "<dt>Not before</dt>", "<dt>Expires</dt>"):
        assert fact in page


def test_the_client_posts_times_in_utc(api_url):
    moment = datetime.fromisoformat(IN_A_DAY)
    with Client(api_url) as client:
        posted = client.create(priority=-1, not_before=moment.replace(tzinfo=None))
    assert (posted.priority, posted.not_before, posted.expires_at) == (-1, moment, None)

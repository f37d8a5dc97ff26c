# SPDX-License-Identifier: Apache-2.0
"""Posting many fractals in one request: all of them are queued, or none."""

import pytest

from faafo.db import counts, db
from tests.functional.processes import SMALL_FRACTAL

UUID = "00000000-0000-4000-8000-000000000001"
OTHER = "00000000-0000-4000-8000-000000000002"


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def total(app):
    """Returns the number of records."""

    def count():
        with app.app_context():
            return counts.count_where(db.session)

    return count


def post(client, fractals):
    return client.post("/api/fractals", json=fractals)


def test_the_records_come_in_the_order_of_the_request(client, total):
    wanted = [SMALL_FRACTAL | {"iterations": 10 + number} for number in range(1000)]
    answer = post(client, wanted)
    assert answer.status_code == 201
    records = answer.json["objects"]
    assert [one["iterations"] for one in records] == [one["iterations"] for one in wanted]
    assert len({one["uuid"] for one in records}) == total() == 1000
    for record in records[::333]:
        assert client.get(f"/api/fractal/{record['uuid']}").json == record


def test_a_record_is_that_of_a_single_post(client):
    single = client.post("/api/fractal", json=SMALL_FRACTAL | {"uuid": UUID}).json
    client.delete(f"/api/fractal/{UUID}")
    (record,) = post(client, [SMALL_FRACTAL | {"uuid": UUID}]).json["objects"]
    assert record == single | {"created_at": record["created_at"]}


@pytest.mark.parametrize(
    ("change", "status", "named"),
    [
        ({"width": 0}, 400, "1.width"),
        ({"width": "wide"}, 400, "1.width"),
        ({"colour": "red"}, 400, "1.colour"),
        ({"uuid": "7"}, 400, "1.uuid"),
        ({"width": 2**30}, 400, "1.width: 1073741824 exceeds the limit, [api] max_width"),
        ({"uuid": UUID}, 409, f"uuid: {UUID} is given twice"),
        ({"uuid": OTHER}, 409, f"uuid: fractals exist already: {OTHER}"),
    ],
)
def test_one_that_is_refused_refuses_all_and_is_named(client, total, change, status, named):
    client.post("/api/fractal", json=SMALL_FRACTAL | {"uuid": OTHER})
    answer = post(client, [SMALL_FRACTAL | {"uuid": UUID}, SMALL_FRACTAL | change])
    assert (answer.status_code, named in answer.json["message"]) == (status, True)
    assert total() == 1


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, "must be a JSON list, not dict"),
        ("text", "must be a JSON list, not str"),
        ([], "at least 1 item"),
        ([SMALL_FRACTAL] * 1001, "at most 1000 items"),
        ([7], "0: "),
        ([[]], "0: "),
    ],
)
def test_what_is_no_list_of_fractals_is_refused(client, total, body, named):
    answer = post(client, body)
    assert (answer.status_code, named in answer.json["message"]) == (400, True)
    assert total() == 0


def test_the_queue_has_room_for_all_or_takes_none(app, client, conf, total):
    conf.set_override("max_queued", 3, group="api")
    assert post(client, [SMALL_FRACTAL] * 2).status_code == 201
    refused = post(client, [SMALL_FRACTAL] * 2)
    assert (refused.status_code, "Retry-After" in refused.headers) == (429, True)
    never = post(client, [SMALL_FRACTAL] * 4)
    assert never.status_code == 400
    assert "4 fractals exceed the limit, [api] max_queued = 3" in never.json["message"]
    assert post(client, [SMALL_FRACTAL]).status_code == 201
    assert total() == 3

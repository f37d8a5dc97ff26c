# SPDX-License-Identifier: Apache-2.0
"""The resource ``job``: the state of a render in few fields."""

import pytest

from faafo.db import db, fractals
from tests.functional.processes import SMALL_FRACTAL

UNKNOWN = "12345678-9abc-4def-8123-456789abcdef"


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def uuid(app, make_task):
    with app.app_context():
        return fractals.add(db.session, make_task(height=8)).uuid


def test_a_job_that_waits_has_neither_result_nor_progress(client, uuid):
    assert client.get(f"/api/job/{uuid}").json == {
        "uuid": uuid,
        "status": "queued",
        "result": None,
        "fault": None,
        "children": None,
        "open_children": None,
        "progress": None,
    }


def test_progress_is_the_part_of_the_rows(client, change, uuid):
    change(uuid, status="rendering")
    assert client.get(f"/api/job/{uuid}").json["progress"] is None
    change(uuid, rows_done=2)
    assert client.get(f"/api/job/{uuid}").json["progress"] == 0.25
    # What is queued again begins anew.
    change(uuid, status="queued", fault="the worker was lost")
    job = client.get(f"/api/job/{uuid}").json
    assert (job["progress"], job["fault"]) == (None, "the worker was lost")


@pytest.mark.parametrize("prefix", ["api", "v1"])
def test_a_complete_job_has_its_result_and_the_path_of_the_image(client, change, uuid, prefix):
    result = {"checksum": 64 * "a", "duration": 0.5, "size": 100, "generated_by": "worker-1"}
    change(uuid, status="complete", **result)
    job = client.get(f"/{prefix}/job/{uuid}").json
    assert (job["status"], job["progress"]) == ("complete", 1.0)
    assert job["result"] == {**result, "image": f"/{prefix}/fractal/{uuid}/image"}


def test_the_job_of_a_poster_counts_its_parts_which_have_jobs_of_their_own(client, change):
    poster = client.post("/api/fractal", json=SMALL_FRACTAL | {"height": 6, "split": 3}).json
    path = f"/api/job/{poster['uuid']}"
    job = client.get(path).json
    assert [job[name] for name in ("status", "children", "open_children")] == ["rendering", 3, 3]
    change(poster["uuid"], open_children=1)
    assert client.get(path).json["open_children"] == 1
    part = client.get(f"/api/fractal?children={poster['uuid']}").json["objects"][0]["uuid"]
    change(part, status="rendering", rows_done=1)
    job = client.get(f"/api/job/{part}").json
    assert (job["children"], job["progress"]) == (None, 0.5)
    client.delete(f"/api/fractal/{poster['uuid']}")
    assert client.get(f"/api/job/{part}").status_code == 404


def test_an_unchanged_job_is_a_304(client, change, uuid):
    etag = client.get(f"/api/job/{uuid}").headers["ETag"]
    headers = {"If-None-Match": etag}
    assert client.get(f"/api/job/{uuid}", headers=headers).status_code == 304
    change(uuid, status="rendering")
    assert client.get(f"/api/job/{uuid}", headers=headers).status_code == 200


def test_a_job_that_there_is_not_is_not_found(client):
    assert client.get(f"/api/job/{UNKNOWN}").json == {"message": f"there is no fractal {UNKNOWN}"}
    assert client.get("/api/job/1").status_code == 404


def test_a_parameter_that_would_be_ignored_is_refused(client, uuid):
    assert client.get(f"/api/job/{uuid}?wait=10").status_code == 400

# SPDX-License-Identifier: Apache-2.0
"""Posters: pictures that are divided into bands, each rendered by another call, and joined."""

import io
import os
from pathlib import Path

import pytest
from PIL import Image

from faafo.core import stored_image
from faafo.core.collaborators import collaborators
from faafo.db import children, db, fractals
from faafo.fractal.drawing import PARAMETER_VERSION
from faafo.fractal.lease import Lease
from faafo.fractal.task import Status, parse_task
from faafo.render import image
from faafo.store.filesystem import FilesystemStore
from faafo.worker.attempt import Renderer
from faafo.worker.progress import Renders
from tests.functional.processes import SMALL_FRACTAL
from tests.unit.api.rendering import refused, render, report

BODY = SMALL_FRACTAL | {"width": 24, "height": 16, "palette": "ember"}


@pytest.fixture
def http(app):
    return app.test_client()


def claim(http, count=100):
    body = {"claimed_by": "me", "count": count, "lease": 60, "parameter_version": PARAMETER_VERSION}
    return http.post("/api/claim", json=body).json["objects"]


def listed(http, uuid):
    return http.get(f"/api/fractal?children={uuid}&results_per_page=100").json["objects"]


def page(http, uuid):
    return http.get(f"/fractal/{uuid}", headers={"Accept": "text/html"}).text


def test_a_poster_is_rendered_in_parts_joined_and_its_segments_are_deleted(
    http, worker, conf, wait_until
):
    posted = http.post("/api/fractal", json=BODY | {"split": 5})
    assert posted.status_code == 201
    record = posted.json
    uuid = record["uuid"]
    numbers = ("status", "children", "open_children")
    assert [record[name] for name in numbers] == ["rendering", 5, 5]
    assert [one["uuid"] for one in http.get("/api/fractal").json["objects"]] == [uuid]
    assert "Being rendered in 5 parts" in page(http, uuid)
    assert "5 parts: 5 queued" in page(http, uuid)
    bands = claim(http)
    assert [(one["parent"], one["first_row"], one["band_rows"]) for one in bands] == [
        (uuid, first, rows) for first, rows in ((0, 3), (3, 3), (6, 3), (9, 3), (12, 4))
    ]
    report(http, *[render(worker, one) for one in bands])
    assert "Waiting for a worker to join the parts" in page(http, uuid)
    assert "Rows 3 to 5 of that picture." in page(http, bands[1]["uuid"])
    assert (
        http.get(f"/api/fractal/{bands[1]['uuid']}/image", buffered=True).mimetype
        == "application/octet-stream"
    )
    (join,) = claim(http)
    assert (join["uuid"], len(join["part"]["segments"])) == (uuid, 5)
    report(http, render(worker, join))
    record = http.get(f"/api/fractal/{uuid}").json
    assert [record[name] for name in numbers] == ["complete", 5, 0]
    assert {one["status"] for one in listed(http, uuid)} == {"complete"}
    png = http.get(f"/api/fractal/{uuid}/image", buffered=True).data
    whole = image.render(parse_task(BODY | {"uuid": uuid} | record_c(record)))
    assert Image.open(io.BytesIO(png)).tobytes() == whole.tobytes()
    directory = Path(conf.filesystem_store_datadir)
    wait_until(lambda: os.listdir(directory) == [f"{uuid}.png"])


def record_c(record):
    return {name: record[name] for name in ("cx", "cy")}


def test_a_worker_finds_the_segment_of_an_earlier_attempt(http, store):
    http.post("/api/fractal", json=BODY | {"split": 2})
    (first,) = claim(http, count=1)
    result = render(Renderer("w-1", store, Renders()), first)
    release = {"claimed_by": "me", "release": [Lease.of(first).as_body()]}
    assert http.put("/api/claim", json=release).json == {"lost": []}
    (again,) = claim(http, count=1)
    assert render(Renderer("w-2", store, Renders()), again)["image_token"] == result["image_token"]


def test_a_part_can_be_neither_posted_nor_changed_by_hand_and_goes_with_its_poster(
    http, store, wait_until
):
    parent = http.post("/api/fractal", json=BODY | {"split": 2}).json["uuid"]
    part = claim(http, count=1)[0]
    render(Renderer("w-1", store, Renders()), part)
    path = f"/api/fractal/{part['uuid']}"
    collection = http.post("/api/collection", json={"name": "x"}).json["uuid"]
    for answer in (
        http.put(f"/api/collection/{collection}/fractal/{part['uuid']}"),
        http.delete(path),
        http.post(f"{path}/retry"),
        http.put(f"{path}/shared", json={"shared": True}),
    ):
        assert f"is a part of fractal {parent}" in refused(answer, 409)
    message = refused(http.post("/api/fractal", json=BODY | {"parent": parent}), 400)
    assert message.startswith("parent: is not a field")
    assert http.delete(f"/api/fractal/{parent}").status_code == 204
    assert http.get(path).status_code == 404
    wait_until(lambda: not list(store.segments().images(0.0)))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"split": 0}, "split: Input should be greater than or equal to 1, not 0"),
        ({"split": 17}, "split: must be at most the number of rows, 16, not 17"),
        ({"split": 1, "height": 1}, "split: a picture of one row cannot be divided"),
        ({"split": "3"}, "split: Input should be a valid integer, not '3'"),
        ({"split": 2, "width": 65_537}, "width: 65537 exceeds the limit, [api] max_poster_width"),
        (
            {"split": 1, "width": 60_000, "height": 60_000},
            "split: 3600000000 pixels in each of the bands, 1 in number, exceed the limit",
        ),
    ],
)
def test_a_split_that_cannot_be_is_refused_in_words(http, changes, sentence):
    assert refused(http.post("/api/fractal", json=BODY | changes), 400).startswith(sentence)


def test_in_a_list_no_fractal_is_divided_and_lists_are_of_one_kind(http):
    message = refused(http.post("/api/fractals", json=[BODY | {"split": 2}]), 400)
    assert message.startswith("0.split: is not a field")
    uuid = http.post("/api/fractal", json=BODY).json["uuid"]
    message = refused(http.get(f"/api/fractal?children={uuid}&scope=shared"), 400)
    assert message == "scope: cannot be combined with children"
    assert listed(http, uuid) == []


def test_what_is_larger_than_an_option_says_is_divided(http, conf):
    conf.set_override("split_pixels", 99, group="api")
    conf.set_override("max_pixels", 100, group="api")
    assert http.post("/api/fractal", json=BODY).json["children"] == 16
    conf.set_override("split_pixels", 0, group="api")
    assert refused(http.post("/api/fractal", json=BODY), 400).startswith("pixels: 384 exceeds")


def test_segments_are_kept_when_the_transaction_of_a_join_was_rolled_back(app, http, store):
    uuid = http.post("/api/fractal", json=BODY | {"split": 2}).json["uuid"]
    worker = Renderer("w-1", store, Renders())
    report(http, *[render(worker, one) for one in claim(http)])
    with app.app_context():
        parent = fractals.get(db.session, uuid)
        children.follow(db.session(), [parent], Status.COMPLETE)
        db.session.rollback()
        stored_image.tidy_posters()
        # All requests to the store are served in order.
        assert collaborators().images.publish([]).wait(60)
    (join,) = claim(http)
    assert render(worker, join)["uuid"] == uuid


@pytest.mark.parametrize("is_lost", [True, False])
def test_a_join_without_its_segments_fails_with_the_number_of_one(http, store, is_lost):
    http.post("/api/fractal", json=BODY | {"split": 2})
    worker = Renderer("w-1", store, Renders())
    parts = claim(http)
    report(http, *[render(worker, one) for one in parts])
    (join,) = claim(http)
    segments: FilesystemStore = store.segments()
    if is_lost:
        segments.delete(parts[1]["uuid"], parts[1]["token"])
    else:
        segments.save(parts[1]["uuid"], b"faafoseg" + bytes(16), token=parts[1]["token"])
    with pytest.raises(Exception, match=r"^segment 1: .* (lost|another picture)$"):
        render(worker, join)
    assert not list(store.images(0.0))

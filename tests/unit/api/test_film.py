# SPDX-License-Identifier: Apache-2.0
"""Films: frames that are rendered as ordinary fractals, and joined to one file."""

import io
import json
import math
import os
import threading
from uuid import uuid4

import pytest
from PIL import Image
from sqlalchemy import select, text
from sqlalchemy.dialects import sqlite

from faafo import errors
from faafo.api import new_fractals
from faafo.api.film import IS_FILM
from faafo.core.collaborators import collaborators
from faafo.db import db, fractals, posting, quotas
from faafo.db.models import Fractal
from faafo.db.quotas import NO_LIMITS, Amounts
from faafo.db.scope import EVERYTHING, SHARED, Owner, Scope
from faafo.fractal.drawing import FILM_PARAMETERS, LATEST_VERSION, PARAMETER_VERSION
from faafo.fractal.film import Film, Plan
from faafo.fractal.film import frames as film_frames
from faafo.fractal.kinds import KINDS
from faafo.fractal.media import FILMS
from faafo.fractal.paths import Whole
from faafo.fractal.task import FractalTask, parse_task
from faafo.rpc.messages import Holder
from faafo.worker import films
from faafo.worker.attempt import Renderer
from faafo.worker.progress import Renders
from tests.functional.processes import SMALL_FILM, SMALL_FRACTAL
from tests.unit.api.rendering import refused, render, report

BODY = SMALL_FILM | {"width": 24, "height": 16, "palette": "ember", "frames": 4, "fps": 8}
CIRCLE = BODY["path"]


@pytest.fixture
def http(app):
    return app.test_client()


def claim(http, count=100, version=PARAMETER_VERSION):
    body = {"claimed_by": "me", "count": count, "lease": 60, "parameter_version": version}
    return http.post("/api/claim", json=body | {"serves": list(KINDS)}).json["objects"]


def make(http, worker, body):
    """Post a film, and render it; return its record."""
    uuid = http.post("/api/film", json=body).json["uuid"]
    report(http, *[render(worker, one) for one in claim(http)])
    report(http, *[render(worker, one) for one in claim(http)])
    return http.get(f"/api/fractal/{uuid}").json


def test_the_frames_of_a_film_are_rendered_joined_and_all_but_the_first_deleted(
    http, worker, conf, wait_until
):
    posted = http.post("/api/film", json=BODY)
    assert posted.status_code == 201
    record = posted.json
    uuid = record["uuid"]
    assert posted.headers["Location"] == f"/api/fractal/{uuid}"
    numbers = ("status", "children", "open_children")
    assert [record[name] for name in numbers] == ["rendering", 4, 4]
    assert record["film"] == {name: BODY[name] for name in ("path", "frames", "fps")} | {
        "format": "webp"
    }
    for listed in ("/api/film", "/api/fractal"):
        assert [one["uuid"] for one in http.get(listed).json["objects"]] == [uuid]
    # Workers of earlier releases can render frames, and are not asked to join them.
    frames = claim(http, version=1)
    assert [(one["parent"], one["frame"]) for one in frames] == [(uuid, n) for n in range(4)]
    assert [(round(one["cx"], 9), round(one["cy"], 9)) for one in frames] == [
        (0.7885, 0.0),
        (0.0, 0.7885),
        (-0.7885, 0.0),
        (0.0, -0.7885),
    ]
    report(http, *[render(worker, one) for one in frames])
    first = http.get(f"/api/fractal/{frames[0]['uuid']}/image", buffered=True)
    assert first.mimetype == "image/png"
    assert claim(http, version=PARAMETER_VERSION - 1) == []
    (join,) = claim(http)
    assert (join["uuid"], len(join["part"]["frames"])) == (uuid, 4)
    report(http, render(worker, join))
    record = http.get(f"/api/fractal/{uuid}").json
    assert [record[name] for name in numbers] == ["complete", 4, 0]
    answer = http.get(f"/api/fractal/{uuid}/image", buffered=True)
    assert answer.mimetype == "image/webp"
    with Image.open(io.BytesIO(answer.data)) as film:
        assert (film.size, film.n_frames, film.info["loop"]) == ((24, 16), 4, 0)
        for number in range(4):
            film.seek(number)
            film.load()
            assert film.info["duration"] == 125
    left = {f"{uuid}-{join['token']}.webp", f"{frames[0]['uuid']}-{frames[0]['token']}.png"}
    wait_until(lambda: set(os.listdir(conf.filesystem_store_datadir)) == left)
    for form in ("thumbnail", "preview", "card"):
        small = http.get(f"/fractal/{uuid}/thumbnail?form={form}")
        assert Image.open(io.BytesIO(small.data)).size[0] > 0
    part = http.get(f"/api/fractal/{uuid}/image", headers={"Range": "bytes=8-11"}, buffered=True)
    assert (part.status_code, part.data) == (206, b"WEBP")
    download = http.get(f"/fractal/{uuid}/download", buffered=True)
    assert download.data == answer.data
    assert f"faafo-{uuid}.webp" in download.headers["Content-Disposition"]
    assert http.delete(f"/api/fractal/{uuid}").status_code == 204
    wait_until(lambda: not os.listdir(conf.filesystem_store_datadir))


def test_no_connection_is_held_while_the_frames_of_a_film_are_found(app, http, conf, monkeypatch):
    conf.set_override("max_queued", 1000, group="api")
    held = []

    def noted(*given):
        held.append(db.engine.pool.checkedout())
        return film_frames(*given)

    monkeypatch.setattr(new_fractals, "plan_frames", noted)
    assert http.post("/api/film", json=BODY | {"path": {"type": "walk"}}).status_code == 201
    assert held == [0]


def test_the_same_request_gives_the_same_bytes(http, store):
    worker = Renderer("w-1", store, Renders())
    body = BODY | {"path": {"type": "walk", "seed": 7}}
    first, second = (make(http, worker, body) for _ in range(2))
    assert first["checksum"] == second["checksum"]
    assert first["uuid"] != second["uuid"]


REFUSED = [
    ({"frames": 0}, "frames: must be an integer from 2 to 1000, not 0"),
    ({"frames": 10**6}, "frames: must be an integer from 2 to 1000, not 1000000"),
    ({"fps": 0}, "fps: must be an integer from 1 to 60, not 0"),
    ({"format": "gif"}, "format: must be one of webp, webm, not 'gif'"),
    ({"path": None}, "path: must be an object whose type is one of points, circle, walk, zoom"),
    (
        {"path": CIRCLE | {"centre": [math.nan, 0]}},
        "path.circle.centre.0: must be a finite number from -1000000 to 1000000, not nan",
    ),
    (
        {"path": CIRCLE | {"radius": 1e300}},
        "path.circle.radius: must be a finite number from 1e-12 to 1000000, not 1e+300",
    ),
    (
        {"path": {"type": "zoom", "c": [0, 0], "to": {"xa": 0, "xb": 1, "ya": 0, "yb": 2}}},
        "path.to: must have the aspect of the window of the film, since all frames have",
    ),
    ({"width": 16_384}, "width: must be at most 16383 in a film in webp, not 16384"),
    ({"width": 16_383, "height": 9000}, "pixels: 147447000 exceeds the limit"),
    (
        {"width": 4000, "height": 4000, "frames": 100},
        "frames: 1600000000 pixels in all 100 frames exceed the limit, [api] max_film_pixels",
    ),
    ({"cx": 0.5, "cy": 0.5}, "cx: is not a field that can be given here"),
    ({"split": 2}, "split: is not a field"),
    ({"frame": 2}, "frame: is not a field"),
    ({"parent": "12345678-9abc-4def-8123-456789abcdef"}, "parent: is not a field"),
]


def test_a_film_that_cannot_be_is_refused_in_words(http):
    for changes, sentence in REFUSED:
        body = json.dumps(BODY | changes)
        answer = http.post("/api/film", data=body, content_type="application/json")
        assert refused(answer, 400).startswith(sentence)
    assert http.get("/api/film").json["num_results"] == 0


def test_a_frame_is_neither_posted_nor_changed_by_hand_and_goes_with_its_film(
    http, store, wait_until
):
    uuid = http.post("/api/film", json=BODY).json["uuid"]
    frame = claim(http)[0]
    render(Renderer("w-1", store, Renders()), frame)
    path = f"/api/fractal/{frame['uuid']}"
    for answer in (
        http.delete(path),
        http.post(f"{path}/retry"),
        http.put(f"{path}/shared", json={"shared": True}),
    ):
        assert f"is a part of fractal {uuid}" in refused(answer, 409)
    message = refused(http.post("/api/fractal", json=SMALL_FRACTAL | {"frame": 0}), 400)
    assert message.startswith("frame: is not a field")
    assert http.delete(f"/api/fractal/{uuid}").status_code == 204
    assert http.get(path).status_code == 404
    wait_until(lambda: not list(store.images(0.0)))


def test_the_image_of_a_frame_goes_with_its_film_though_its_result_has_arrived_twice(
    http, store, wait_until
):
    worker = Renderer("w-1", store, Renders())
    uuid = http.post("/api/film", json=BODY).json["uuid"]
    results = [render(worker, one) for one in claim(http)]
    report(http, *results)
    report(http, *results)
    report(http, results[1])
    names = {(one["uuid"], one["token"]) for one in results}
    assert set(store.images(0.0)) == names
    report(http, *[render(worker, one) for one in claim(http)])
    wait_until(lambda: len(list(store.images(0.0))) == 1)
    assert http.delete(f"/api/fractal/{uuid}").status_code == 204
    wait_until(lambda: not list(store.images(0.0)))


def test_a_frame_in_error_ends_the_film_and_a_retry_renders_what_is_missing(http, conf, store):
    conf.set_override("max_attempts", 1, group="api")
    worker = Renderer("w-1", store, Renders())
    uuid = http.post("/api/film", json=BODY).json["uuid"]
    first, second, *_others = claim(http)
    report(http, render(worker, first))
    fault = {"attempt": second["attempt"], "token": second["token"], "fault": "no memory"}
    assert http.put(f"/api/fractal/{second['uuid']}", json=fault).status_code == 200
    record = http.get(f"/api/fractal/{uuid}").json
    assert (record["status"], record["open_children"]) == ("error", 3)
    assert record["fault"].endswith("a part of this picture, is in error: no memory")
    assert http.post(f"/api/fractal/{uuid}/retry").json["status"] == "rendering"
    again = claim(http)
    assert [one["frame"] for one in again] == [1, 2, 3]
    report(http, *[render(worker, one) for one in again])
    report(http, *[render(worker, one) for one in claim(http)])
    assert http.get(f"/api/fractal/{uuid}").json["status"] == "complete"


@pytest.mark.parametrize("is_lost", [True, False])
def test_a_film_without_a_frame_fails_with_its_number_and_a_retry_makes_it_anew(
    http, conf, store, is_lost
):
    conf.set_override("max_attempts", 1, group="api")
    worker = Renderer("w-1", store, Renders())
    uuid = http.post("/api/film", json=BODY).json["uuid"]
    frames = claim(http)
    report(http, *[render(worker, one) for one in frames])
    (join,) = claim(http)
    damaged = frames[2]["uuid"], frames[2]["token"]
    if is_lost:
        store.delete(*damaged)
    else:
        store.save(damaged[0], store.load(*damaged)[:60], token=damaged[1])
    with pytest.raises(errors.RenderFailed, match=r"^frame 2: ") as caught:
        render(worker, join)
    fault = {"attempt": join["attempt"], "token": join["token"], "fault": str(caught.value)}
    assert http.put(f"/api/fractal/{uuid}", json=fault).json["status"] == "error"
    assert http.post(f"/api/fractal/{uuid}/retry").json["open_children"] == 4
    rendered = {one["frame"]: render(worker, one) for one in claim(http)}
    # Those that are stored and whole are found.
    assert [rendered[n]["image_token"] == frames[n]["token"] for n in range(4)] == [
        *(True, True, False, True)
    ]


def test_workers_without_pyav_get_no_films_in_webm(http, store, monkeypatch):
    worker = Renderer("w-1", store, Renders())
    uuid = http.post("/api/film", json=BODY | {"format": "webm"}).json["uuid"]
    report(http, *[render(worker, one) for one in claim(http, version=1)])
    assert claim(http, version=FILM_PARAMETERS["webp"]) == []
    (join,) = claim(http, version=LATEST_VERSION)
    monkeypatch.setattr(films, "can_join_webm", lambda: False)
    with pytest.raises(errors.RenderFailed, match=r"^format: films in WebM need PyAV; install it"):
        render(worker, join)
    monkeypatch.undo()
    report(http, render(worker, join))
    assert http.get(f"/api/fractal/{uuid}/image", buffered=True).mimetype == "video/webm"
    assert http.get(f"/fractal/{uuid}/thumbnail").mimetype == "image/webp"
    download = http.get(f"/fractal/{uuid}/download", buffered=True)
    assert f"faafo-{uuid}.webm" in download.headers["Content-Disposition"]


def test_a_join_of_a_film_is_cancelled_between_two_frames(http, store):
    worker = Renderer("w-1", store, Renders())
    http.post("/api/film", json=BODY)
    report(http, *[render(worker, one) for one in claim(http)])
    (join,) = claim(http)
    cancelled = threading.Event()
    cancelled.set()
    holder = Holder(attempt=join["attempt"], token=join["token"])
    with pytest.raises(errors.RenderCancelled):
        worker.run(parse_task(join), holder, cancelled)
    assert not list(store.of(FILMS["webp"]).images(0.0))


def test_the_progress_of_a_film_is_that_of_its_frames(app, http):
    uuid = http.post("/api/film", json=BODY).json["uuid"]
    first, second, *_others = claim(http)
    worker = Renderer("w-1", collaborators_store(app), Renders())
    report(http, render(worker, first), render(worker, second))
    with app.app_context():
        assert fractals.get(db.session, uuid).rows_done == 8


def collaborators_store(app):
    with app.app_context():
        return collaborators().store


def test_the_list_of_films_has_pages_filters_and_no_pictures(http):
    http.post("/api/fractal", json=SMALL_FRACTAL)
    http.post("/api/fractal", json=SMALL_FRACTAL | {"height": 8, "split": 2})
    uuids = [http.post("/api/film", json=BODY).json["uuid"] for _ in range(3)]
    page = http.get("/api/film?results_per_page=2")
    assert [one["uuid"] for one in page.json["objects"]] == uuids[:0:-1]
    assert page.json["num_results"] == 3
    assert page.headers["Link"] == (f'</api/film?results_per_page=2&marker={uuids[1]}>; rel="next"')
    q = json.dumps({"filters": [{"name": "uuid", "op": "==", "val": uuids[0]}]})
    assert http.get("/api/film", query_string={"q": q}).json["num_results"] == 1
    assert refused(http.get(f"/api/film?children={uuids[0]}"), 400).startswith("'children'")


def test_a_film_counts_as_one_fractal_with_the_pixels_of_all_frames(http, app):
    with app.app_context():
        task = FractalTask(uuid=str(uuid4()), **SMALL_FRACTAL, cx=0, cy=0)
        film = Film(path=CIRCLE, frames=5, fps=5)
        whole = Whole(**SMALL_FRACTAL)
        plan = Plan(film, film_frames(film, whole, task.uuid))
        posting.post(db.session, task, Owner("alpha", None), film=plan)
        assert quotas.get(db.session, "alpha", NO_LIMITS).usage == Amounts(1, 1, 0, 60)


@pytest.mark.usefixtures("on_sqlite")
@pytest.mark.parametrize("scope", [EVERYTHING, Scope("p"), SHARED])
def test_the_list_of_films_reads_no_other_fractals(app, scope):
    page = select(Fractal).where(*scope.where, *IS_FILM).order_by(Fractal.id.desc()).limit(20)
    statement = page.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
    with app.app_context():
        plan = db.session.execute(text(f"EXPLAIN QUERY PLAN {statement}")).all()
        db.session.rollback()
    steps = [step.detail for step in plan]
    assert any("ix_fractal_children" in one for one in steps)
    assert not any(one.startswith("SCAN fractal") for one in steps)
    # Of a project only those rows whose ids are given.
    assert not any(one.endswith("(project_id=?)") for one in steps)

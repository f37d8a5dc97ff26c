# SPDX-License-Identifier: Apache-2.0
"""Films: frames that are rendered as ordinary fractals, and joined to one file."""

import io
import os
import threading

import pytest
from PIL import Image

from faafo.client.http import Client
from faafo.fractal.drawing import PARAMETER_VERSION
from faafo.fractal.lease import Lease
from faafo.fractal.task import parse_task
from faafo.rpc.messages import Holder
from faafo.store.api import ApiStore
from faafo.worker.attempt import Renderer
from faafo.worker.progress import Renders
from tests.functional.processes import SMALL_FILM

BODY = SMALL_FILM | {"width": 24, "height": 16, "palette": "ember", "frames": 4, "fps": 8}


@pytest.fixture
def http(app):
    return app.test_client()


@pytest.fixture(params=["file", "api"])
def worker(request, conf, store):
    """Renders tasks, with either kind of store: the S3 one has its tests elsewhere."""
    if request.param == "api":
        url = request.getfixturevalue("api_url")
        store = ApiStore(Client(url), url)
    return Renderer("w-1", store, Renders())


def claim(http, count=100, version=PARAMETER_VERSION):
    body = {"claimed_by": "me", "count": count, "lease": 60, "parameter_version": version}
    return http.post("/api/claim", json=body).json["objects"]


def render(worker, record):
    """Render a claimed record; return its result as a report has it."""
    lease = Lease.of(record)
    holder = Holder(attempt=lease.attempt, token=lease.token)
    result = worker.run(parse_task(record), holder, threading.Event())
    return result.model_dump() | lease.as_body()


def report(http, *results):
    answer = http.put("/api/claim", json={"claimed_by": "me", "complete": list(results)})
    assert answer.json == {"lost": []}


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


def test_the_same_request_gives_the_same_bytes(http, worker):
    body = BODY | {"path": {"type": "walk", "seed": 7}}
    first, second = (make(http, worker, body) for _ in range(2))
    assert first["checksum"] == second["checksum"]
    assert first["uuid"] != second["uuid"]


def test_pages_show_a_film(http, worker):
    uuid = http.post("/api/film", json=BODY).json["uuid"]
    headers = {"Accept": "text/html"}
    assert "Being rendered in 4 parts" in http.get(f"/fractal/{uuid}", headers=headers).text
    frames = claim(http)
    assert "Frame 1 of that film" in http.get(f"/fractal/{frames[1]['uuid']}", headers=headers).text
    report(http, *[render(worker, one) for one in frames])
    report(http, *[render(worker, one) for one in claim(http)])
    assert "frame 3" in http.get(f"/fractal/{uuid}", headers=headers).text
    assert f"/fractal/{uuid}/thumbnail" in http.get("/", headers=headers).text

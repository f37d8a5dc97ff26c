# SPDX-License-Identifier: Apache-2.0
"""Films as the pages show them."""

import hashlib
import re

import pytest

from faafo.core.collaborators import collaborators
from faafo.db import claims, db, outcomes
from faafo.db.outcomes import Result
from faafo.fractal.drawing import LATEST_VERSION
from faafo.fractal.kinds import Need, TaskKind
from faafo.fractal.lease import Lease
from faafo.fractal.tile import Tile
from tests.functional.processes import SMALL_FILM
from tests.unit.web.conftest import POLICY, make_png

NEEDS = (Need(TaskKind.RENDER), Need(TaskKind.FILM))
CIRCLE = {"type": "circle", "centre": [0, 0], "radius": 0.7885}
WINDOW = {"xa": -1.6, "xb": 1.6, "ya": -0.8, "yb": 0.8}


@pytest.fixture
def posted(visitor):
    """Posts a film, and returns its uuid."""

    def post(**changes) -> str:
        body = SMALL_FILM | {"width": 40, "height": 20, "path": CIRCLE} | WINDOW
        answer = visitor.post("/api/film", json=body | {"frames": 3, "fps": 2} | changes)
        assert answer.status_code == 201, answer.text
        return answer.json["uuid"]

    return post


@pytest.fixture
def claim(app):
    """Claims what can be claimed, at most ``count``; returns uuids and attempts."""

    def claim_some(count: int) -> list[Lease]:
        with app.app_context():
            terms = claims.Terms(LATEST_VERSION, needs=NEEDS)
            found = claims.claim(db.session, "a producer", count, 600.0, POLICY, terms)
            return [Lease(one.uuid, one.attempt) for one in found]

    return claim_some


@pytest.fixture
def finish(app, store):
    """Completes what has been claimed, with an image, or another file."""

    def finish_all(leases, content=None) -> None:
        content = make_png(40, 20) if content is None else content
        for lease in leases:
            store.save(lease.uuid, content)
            result = {
                "checksum": hashlib.sha256(content).hexdigest(),
                "duration": 0.1,
                "size": len(content),
                "generated_by": "worker-1",
            }
            with app.app_context():
                outcomes.complete(db.session, Result(lease, result))

    return finish_all


@pytest.fixture
def film(posted, claim, finish):
    """Makes a film that is complete, and returns its uuid."""

    def make(**changes) -> str:
        uuid = posted(**changes)
        finish(claim(100))
        finish(claim(1), b"a film")
        return uuid

    return make


def test_the_page_of_a_film_shows_its_first_frame_until_it_is_played(visitor, film):
    uuid = film()
    page = visitor.get(f"/fractal/{uuid}").text
    image = re.search(r'<img id="film-picture"[^>]*>', page)[0]
    assert f'src="/fractal/{uuid}/thumbnail?form=preview' in image
    assert f'data-film="/api/fractal/{uuid}/image"' in image
    assert 'alt="Film of 3 frames, 40 × 20 pixels"' in image
    assert "film/main.js" in page
    assert "3 frames, 2 a second, 1.5 s" in page
    assert "<h1" in page
    assert "Film: c once round a circle of radius 0.7885 around 0" in page
    assert "Render again larger" not in page
    assert "Real part of c" not in page


def test_a_film_in_webm_is_a_video(visitor, film):
    page = visitor.get(f"/fractal/{film(format='webm')}").text
    video = re.search(r"<video[^>]*>", page)[0]
    assert "poster=" in video
    assert 'preload="none" controls' in video
    assert "autoplay" not in video


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (
            {"type": "points", "points": [[0, 0.5], [-1, 0]]},
            "c from 0 + 0.5i to −1 in a straight line",
        ),
        (
            {"type": "points", "points": [[0, 0], [1, 0], [0, -1], [1, 1]]},
            "c from 0 to 1 + 1i in straight lines through 2 more points",
        ),
        (
            {"type": "walk", "seed": 5},
            "c on a random walk between constants of good pictures, seed 5",
        ),
        (
            {"type": "points", "points": [[0, 1], [0, -1], [0, 1]]},
            "c from 0 + 1i to 0 − 1i and back",
        ),
        ({"type": "walk"}, "c on a random walk between constants of good pictures"),
        (
            {
                "type": "zoom",
                "c": [-0.8, 0.156],
                "to": {"xa": -0.1, "xb": 0.1, "ya": -0.05, "yb": 0.05},
            },
            "a zoom into 0, 16 times as close, with c = −0.8 + 0.156i",
        ),
        (
            {"type": "zoom", "c": [1, 0], "to": {"xa": -6.4, "xb": 6.4, "ya": -3.2, "yb": 3.2}},
            "a zoom out of a window 4 times as small, with c = 1",
        ),
    ],
)
def test_where_a_film_leads_is_said_in_words(visitor, posted, path, words):
    assert f"Film: {words}</h1>" in visitor.get(f"/fractal/{posted(path=path)}").text


def test_a_film_that_is_rendered_counts_its_frames_and_shows_them_folded(
    visitor, posted, claim, finish
):
    uuid = posted()
    finish(claim(2))
    page = visitor.get(f"/fractal/{uuid}").text
    assert "2 of 3 frames are complete" in page
    assert '<progress value="2" max="3" aria-label="Frames rendered">' in page
    assert "<summary>3 frames: 1 queued, 2 complete</summary>" in page
    frames = re.findall(r'href="/fractal/([^"]+)">frame (\d)</a>', page)
    assert [number for _uuid, number in frames] == ["0", "1", "2"]
    child = visitor.get(f"/fractal/{frames[1][0]}").text
    assert f'<a href="/fractal/{uuid}">Film</a>' in child
    assert 'id="film"' not in child
    finish(claim(1))
    page = visitor.get(f"/fractal/{uuid}").text
    assert "Waiting for a worker to join the frames" in page
    assert "film/main.js" not in page


def test_the_gallery_tells_a_film_from_a_picture(visitor, film, complete):
    complete()
    uuid = film()
    page = visitor.get("/").text
    assert page.count("film-badge") == 1
    assert "Film · 1.5 s" in page
    assert "Film of 3 frames" in page
    found = visitor.get(f"/?uuid={uuid[:8]}&palette=original&worker=worker-1").text
    assert f'href="/fractal/{uuid}"' in found


def test_a_large_film_has_no_viewer(visitor, posted, claim, finish):
    uuid = posted(width=8192, height=4096, frames=2)
    finish(claim(2))
    finish(claim(1), b"a film")
    page = visitor.get(f"/fractal/{uuid}").text
    assert 'id="film"' in page
    assert 'id="viewer"' not in page


@pytest.mark.parametrize(("owner", "is_private"), [({}, False), ({"project_id": "p"}, True)])
def test_no_cache_of_many_visitors_keeps_the_frames_of_a_private_film(
    app, visitor, posted, claim, finish, change, monkeypatch, owner, is_private
):
    film = posted()
    finish(claim(1))
    change(film, **owner)
    frames = visitor.get(f"/api/fractal?children={film}").json["objects"]
    uuid = next(one["uuid"] for one in frames if one["status"] == "complete")
    with app.app_context():
        monkeypatch.setattr(collaborators().tiles, "render", lambda _tile: Tile(b"", "w", 0.1))
    for address in ("thumbnail", "tile/0/0/0.png"):
        answer = visitor.get(f"/fractal/{uuid}/{address}")
        assert answer.status_code == 200
        assert bool(answer.cache_control.private) == is_private

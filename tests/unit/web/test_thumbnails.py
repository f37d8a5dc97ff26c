import io

import pytest
from PIL import Image

from faafo.db import db, fractals

UNKNOWN = "00000000-0000-4000-8000-ffffffffffff"


@pytest.fixture
def checksum_of(app):
    def look_up(uuid) -> str:
        with app.app_context():
            return fractals.get(db.session, uuid).checksum

    return look_up


def test_a_thumbnail_is_a_small_picture(visitor, complete):
    answer = visitor.get(f"/fractal/{complete(width=800, height=400)}/thumbnail")
    assert (answer.status_code, answer.mimetype) == (200, "image/webp")
    assert Image.open(io.BytesIO(answer.data)).size == (320, 160)


def test_a_url_with_the_checksum_may_be_kept_for_good(visitor, complete, checksum_of):
    uuid = complete()
    answer = visitor.get(f"/fractal/{uuid}/thumbnail?checksum={checksum_of(uuid)}")
    assert answer.cache_control.immutable
    assert answer.cache_control.max_age >= 31_536_000
    assert answer.headers["ETag"] == f'"{checksum_of(uuid)}"'


@pytest.mark.parametrize("query", ["", "?checksum=", "?checksum=" + "0" * 64])
def test_any_other_url_must_be_asked_again(visitor, complete, query):
    answer = visitor.get(f"/fractal/{complete()}/thumbnail{query}")
    assert answer.status_code == 200
    assert answer.cache_control.no_cache
    assert not answer.cache_control.immutable


def test_a_thumbnail_that_the_browser_has_is_not_sent_again(visitor, complete, checksum_of):
    uuid = complete()
    etag = f'"{checksum_of(uuid)}"'
    answer = visitor.get(f"/fractal/{uuid}/thumbnail", headers={"If-None-Match": etag})
    assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", etag)


def test_an_outdated_thumbnail_is_sent_again(visitor, complete):
    headers = {"If-None-Match": '"something else"'}
    answer = visitor.get(f"/fractal/{complete()}/thumbnail", headers=headers)
    assert answer.status_code == 200


def test_the_image_is_read_once(visitor, complete, store):
    uuid = complete()
    first = visitor.get(f"/fractal/{uuid}/thumbnail")
    store.delete(uuid)
    assert visitor.get(f"/fractal/{uuid}/thumbnail").data == first.data


def test_an_image_that_is_missing_is_not_found(visitor, complete, store):
    uuid = complete()
    store.delete(uuid)
    assert visitor.get(f"/fractal/{uuid}/thumbnail").status_code == 404


def test_an_image_that_is_broken_is_not_found(visitor, complete):
    uuid = complete(png=b"This is not a PNG.")
    assert visitor.get(f"/fractal/{uuid}/thumbnail").status_code == 404


def test_an_unfinished_fractal_has_no_thumbnail(visitor, queued):
    assert visitor.get(f"/fractal/{queued()}/thumbnail").status_code == 404


def test_an_unknown_fractal_has_no_thumbnail(visitor):
    assert visitor.get(f"/fractal/{UNKNOWN}/thumbnail").status_code == 404

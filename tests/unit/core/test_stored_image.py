# SPDX-License-Identifier: Apache-2.0
"""Images of records that are deleted, while a database or another client gets in the way."""

import hashlib

import pytest

from faafo import errors
from faafo.db import fractals
from tests.functional.processes import SMALL_FRACTAL

UUID = "00000000-0000-4000-8000-000000000001"
PATH = f"/api/fractal/{UUID}"
PNG = b"a picture, as far as the API is concerned"


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def complete(client, store):
    """Posts the fractal, and completes it with an image."""

    def act(png=PNG):
        client.post("/api/fractal", json=SMALL_FRACTAL | {"uuid": UUID})
        body = {"claimed_by": "me", "count": 1, "lease": 60}
        (claimed,) = client.post("/api/claim", json=body).json["objects"]
        store.save(UUID, png, token=claimed["token"])
        checksum = hashlib.sha256(png).hexdigest()
        result = {"checksum": checksum, "duration": 1.0, "size": len(png)}
        identity = {"attempt": 1, "token": claimed["token"], "image_token": claimed["token"]}
        assert client.put(PATH, json=result | identity).status_code == 200

    return act


def image(client):
    with client.get(f"{PATH}/image") as answer:
        return answer.status_code, answer.data


def test_a_fractal_whose_record_cannot_be_deleted_keeps_its_image(client, complete, monkeypatch):
    complete()

    def refuse(*_):
        raise errors.DatabaseUnavailable("the database is away")

    with monkeypatch.context() as patched:
        patched.setattr(fractals, "remove", refuse)
        assert client.delete(PATH).status_code == 503
    assert image(client) == (200, PNG)
    assert client.delete(PATH).status_code == 204
    assert client.get(PATH).status_code == 404


def test_a_late_deletion_does_not_delete_the_next_fractal_of_its_uuid(
    client, complete, store, monkeypatch
):
    complete()
    remove = fractals.remove

    def overtaken(session, uuid, seen):
        """Another client has deleted the fractal meanwhile, and posted its uuid again."""
        monkeypatch.setattr(fractals, "remove", remove)
        client.delete(PATH)
        complete(b"another picture")
        return remove(session, uuid, seen)

    monkeypatch.setattr(fractals, "remove", overtaken)
    assert client.delete(PATH).status_code == 404
    assert image(client) == (200, b"another picture")
    assert client.delete(PATH).status_code == 204
    assert list(store.images(age=-1)) == []

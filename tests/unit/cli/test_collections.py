# SPDX-License-Identifier: Apache-2.0
"""``faafo collection``, against the real API."""

import json

import pytest

from faafo import errors
from faafo.client import Client


@pytest.fixture
def client(api_url):
    with Client(api_url) as client:
        yield client


def test_fractals_are_added_to_a_collection_listed_and_removed(faafo, client):
    status, output, _ = faafo("collection", "create", "Dendrites", "--shared", "-f", "json")
    made = json.loads(output)
    assert (status, made["name"], made["shared"], made["fractals"]) == (0, "Dendrites", True, 0)
    one, other = client.create().uuid, client.create().uuid
    assert faafo("collection", "add", made["uuid"], one, other)[0] == 0
    listed = ("fractal", "list", "-f", "value", "-c", "uuid", "--collection", made["uuid"])
    assert faafo(*listed)[1].split() == [other, one]
    assert faafo("collection", "remove", made["uuid"], one)[:2] == (0, f"removed fractal {one}\n")
    assert faafo(*listed)[1].split() == [other]
    status, _, problem = faafo("collection", "remove", made["uuid"], one)
    assert (status, problem) == (1, f"faafo: there is no fractal {one} in this collection\n")


def test_mine_is_the_collection_of_favourites(faafo, client):
    uuid = client.create().uuid
    assert faafo("collection", "add", "mine", uuid)[:2] == (0, f"added fractal {uuid}\n")
    assert client.favourites().fractals == 1
    assert [one.uuid for one in client.find(collection=client.favourites().uuid)] == [uuid]
    shown = json.loads(faafo("collection", "show", "mine", "-f", "json")[1])
    assert (shown["name"], shown["reserved"]) == ("Favourites", True)
    assert uuid in faafo("fractal", "list", "--collection", "mine")[1]


def test_a_collection_is_changed_listed_and_deleted(faafo, client):
    uuid = client.create_collection("Dust").uuid
    faafo("collection", "set", uuid, "--name", "Ashes", "--share")
    assert (client.collection(uuid).name, client.collection(uuid).shared) == ("Ashes", True)
    faafo("collection", "set", uuid, "--stop")
    assert not client.collection(uuid).shared
    rows = json.loads(faafo("collection", "list", "-f", "json")[1])
    assert [one["name"] for one in rows] == ["Favourites", "Ashes"]
    # That of others says whose favourites are shared.
    assert [one["user_id"] for one in rows] == [None, None]
    assert faafo("collection", "delete", uuid)[:2] == (0, f"deleted collection {uuid}\n")
    with pytest.raises(errors.ApiRefused, match="there is no collection"):
        client.collection(uuid)


@pytest.mark.parametrize(
    "words",
    [
        ("set", "mine"),
        ("set", "mine", "--share", "--stop"),
        ("show", "others"),
        ("add", "mine"),
        ("create",),
    ],
)
def test_a_wrong_command_line_is_refused(faafo, words):
    assert faafo("collection", *words)[0] == 2

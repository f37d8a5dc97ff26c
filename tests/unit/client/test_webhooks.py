# SPDX-License-Identifier: Apache-2.0
"""The calls of the public client about webhooks, against the real API."""

from datetime import UTC, datetime, timedelta

import pytest

from faafo import errors
from faafo.client import Client, Delivery, Webhook
from faafo.fractal.signing import new_secret

URL = "https://receiver.example/faafo"


@pytest.fixture
def client(api_url):
    with Client(api_url) as client:
        yield client


def test_only_a_webhook_that_is_made_has_its_secret_which_no_repr_shows(client):
    secret = new_secret()
    made = client.create_webhook(URL, secret=secret)
    assert isinstance(made, Webhook)
    assert made.secret == secret
    assert made.events == ["fractal.complete", "fractal.error"]
    assert (
        client.webhook(made.uuid)
        == client.webhooks()[0]
        == made.model_copy(update={"secret": None})
    )
    rotated = client.rotate_webhook_secret(made.uuid)
    assert rotated.secret not in (None, secret)
    assert rotated.previous_secret_until > datetime.now(UTC) + timedelta(hours=23)
    for shown in (repr(made), str(rotated), repr(client.webhooks())):
        assert "whsec_" not in shown
    posted = client.create(callback_url=URL)
    assert posted.callback_secret.startswith("whsec_")
    assert "whsec_" not in repr(posted)
    assert client.get(posted.uuid).callback_secret is None


def test_a_change_leaves_what_is_not_given(client):
    collection = client.create_collection("Dust").uuid
    made = client.create_webhook(URL, events=("fractal.error",), collection=collection)
    uuid = made.uuid
    changed = client.update_webhook(uuid, enabled=False)
    assert (changed.enabled, changed.url, changed.collection) == (False, URL, collection)
    assert client.update_webhook(uuid, collection=None).collection is None
    changed = client.update_webhook(uuid, url=f"{URL}/2", events={"fractal.queued"})
    assert (changed.url, changed.events, changed.enabled) == (f"{URL}/2", ["fractal.queued"], False)
    client.delete_webhook(uuid)
    with pytest.raises(errors.ApiRefused, match="there is no webhook") as caught:
        client.webhook(uuid)
    assert caught.value.status == 404


def test_more_deliveries_than_fit_on_a_page_are_found_newest_first(client):
    uuid = client.create_webhook(URL).uuid
    for _ in range(104):
        client.ping_webhook(uuid)
    found = list(client.deliveries(uuid))
    assert all(isinstance(one, Delivery) for one in found)
    ids = [one.id for one in found]
    assert len(ids) == 105
    assert ids == sorted(set(ids), reverse=True)
    for limit in (0, 3, 100, 103):
        assert [one.id for one in client.deliveries(uuid, limit=limit)] == ids[:limit]
    assert list(client.deliveries(uuid, status="delivered")) == []
    assert len(list(client.deliveries(uuid, status="pending"))) == 105


def test_deliveries_are_queued_again(client):
    uuid = client.create_webhook(URL).uuid
    (ping,) = client.deliveries(uuid)
    assert client.redeliver(uuid, ping.id) == 1
    assert client.redeliver(uuid, since=ping.created_at) == 0
    assert client.redeliver(uuid) == 0
    with pytest.raises(errors.ApiRefused, match="cannot be combined"):
        client.redeliver(uuid, ping.id, ping.created_at)

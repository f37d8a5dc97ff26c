# SPDX-License-Identifier: Apache-2.0
"""The resource ``webhook``, and deliveries as a notifier sees them; nobody logs in."""

import pytest

from faafo import errors
from faafo.app.factory import create_app
from faafo.db.tenants import tenant_of
from faafo.notifier.delivery import Delivery
from faafo.notifier.places import Places

UNKNOWN = "12345678-9abc-4def-8123-456789abcdef"
URL = "https://receiver.example/faafo?key=1"
SECRET = "whsec_" + "QUJD" * 11


@pytest.fixture
def client(app):
    return app.test_client()


def make(client, **body):
    answer = client.post("/api/webhook", json={"url": URL, **body})
    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"] == f"/api/webhook/{answer.json['uuid']}"
    return answer.json


def claim(client, **body):
    asked = {"claimed_by": "n", "count": 10, "per_webhook": 10, "lease": 30, **body}
    return client.post("/api/delivery/claim", json=asked).json["objects"]


def report(client, **body):
    answer = client.put("/api/delivery/claim", json={"claimed_by": "n", **body})
    assert answer.status_code == 200, answer.text
    return answer.json["lost"]


def held(one):
    return {"id": one["id"], "attempt": one["attempt"]}


def test_a_webhook_is_made_shown_changed_and_deleted(client):
    made = make(client, secret=SECRET)
    assert made.pop("secret") == SECRET
    address = f"/api/webhook/{made['uuid']}"
    assert made["events"] == ["fractal.complete", "fractal.error"]
    assert client.get(address).json == made
    assert client.get("/v1/webhook").json == {"webhooks": [made]}
    changed = client.patch(address, json={"enabled": False, "events": ["fractal.deleted"]}).json
    assert (changed["enabled"], changed["reason"]) == (False, "disabled by a user")
    assert changed["events"] == ["fractal.deleted"]
    assert client.post(f"{address}/ping").status_code == 409
    assert client.patch(address, json={"enabled": True}).json["reason"] is None
    assert client.delete(address).status_code == 204
    assert client.get(address).status_code == 404


def test_secrets_are_shown_when_they_are_made_and_never_again(client):
    made = make(client)
    address = f"/api/webhook/{made['uuid']}"
    rotated = client.post(f"{address}/secret", json={}).json
    assert rotated["secret"] not in ("", made["secret"])
    assert rotated["previous_secret_until"] is not None
    for shown in (client.get(address), client.get("/api/webhook")):
        assert made["secret"] not in shown.text
        assert rotated["secret"] not in shown.text


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"url": "ftp://receiver.example/"}, "url: must begin with http"),
        ({"url": "https://user:letmein@receiver.example/"}, "url: must not have a user name"),
        ({"url": "http://127.0.0.1/"}, "url: 127.0.0.1 is a loopback address"),
        ({"url": "http://0x7f.1/"}, "url: 127.0.0.1 is a loopback address"),
        ({"url": "http://169.254.169.254/latest/meta-data"}, "url: 169.254.169.254 is"),
        ({"url": ""}, "url: "),
        ({"url": "https://r.example/" + "a" * 2000}, "url: "),
        ({"url": URL, "events": ["fractal.finished"]}, "events.0: "),
        ({"url": URL, "events": []}, "events: "),
        ({"url": URL, "secret": "whsec_c2hvcnQ="}, "secret: must have 24 to 64 bytes"),
        ({"url": URL, "secret": "plain text that is long enough"}, "secret: must be 'whsec_'"),
        ({"url": URL, "collection": UNKNOWN}, f"there is no collection {UNKNOWN}"),
        ({"url": URL, "color": "red"}, "color: "),
    ],
)
def test_what_no_webhook_can_be_is_refused_in_a_sentence(client, body, named):
    answer = client.post("/api/webhook", json=body)
    assert answer.status_code in (400, 404)
    assert named in answer.json["message"]
    assert body.get("secret", "****") not in answer.json["message"]
    assert "letmein" not in answer.json["message"]
    assert client.get("/api/webhook").json == {"webhooks": []}


def test_a_new_webhook_is_pinged_and_its_log_says_what_came_of_it(client):
    made = make(client)
    address = f"/api/webhook/{made['uuid']}"
    assert client.get("/api/delivery/claim").json == {"claimable": True}
    (one,) = claim(client)
    assert one["event"]["type"] == "webhook.ping"
    webhook = {"uuid": made["uuid"], "url": URL, "secrets": [made["secret"]]}
    assert one["webhook"] == {**webhook, "tenant": tenant_of(None, URL)}
    failed = {**held(one), "http_status": 503, "duration": 0.5, "fault": "answered 503"}
    assert report(client, failed=[failed], renew=[{"id": 77, "attempt": 1}]) == [77]
    (logged,) = client.get(f"{address}/delivery").json["deliveries"]
    assert (logged["status"], logged["failures"], logged["fault"]) == ("pending", 1, "answered 503")
    assert logged["due_at"] > logged["updated_at"]
    assert client.get(f"{address}/delivery?status=failed").json == {"deliveries": []}
    # Asked for, it is made at once.
    assert client.post(f"{address}/redeliver", json={"delivery": logged["id"]}).status_code == 202
    (again,) = claim(client)
    assert (again["event"], again["attempt"]) == (one["event"], 2)
    assert report(client, delivered=[{**held(again), "http_status": 200, "duration": 0.1}]) == []
    assert client.get("/api/delivery/claim").json == {"claimable": False}
    (logged,) = client.get(f"{address}/delivery").json["deliveries"]
    assert (logged["status"], logged["due_at"], logged["attempts"]) == ("delivered", None, 2)


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"delivery": 0}, "delivery: "),
        ({"delivery": 99}, "delivery: this webhook has none of number 99"),
        ({"since": "yesterday"}, "since: "),
        ({"since": "0001-01-01T00:00:00+05:00"}, "since: must be in the years 1 to 9999 in UTC"),
        ({"since": "9999-12-31T23:59:59-05:00"}, "since: must be in the years 1 to 9999 in UTC"),
        ({"delivery": 1, "since": "2026-11-28T18:00:00Z"}, "cannot be combined"),
    ],
)
def test_a_wrong_redelivery_is_refused_in_a_sentence(client, body, named):
    address = f"/api/webhook/{make(client)['uuid']}/redeliver"
    answer = client.post(address, json=body)
    assert answer.status_code in (400, 404)
    assert named in answer.json["message"]


def test_what_was_given_up_since_a_time_in_any_zone_is_repeated(client, conf):
    conf.set_override("retry_schedule", [], "webhook")
    address = f"/api/webhook/{make(client)['uuid']}/redeliver"
    (one,) = claim(client)
    report(client, failed=[{**held(one), "duration": 0.1, "fault": "no answer"}])
    late = client.post(address, json={"since": "2999-01-01T00:00:00+05:00"})
    assert (late.status_code, late.json) == (202, {"queued": 0})
    assert client.post(address, json={"since": "2026-01-01T00:00:00"}).json == {"queued": 1}


def test_a_callback_url_is_checked_and_its_secret_is_in_the_answer(client, make_task):
    body = make_task().model_dump()
    answer = client.post("/api/fractal", json=body | {"callback_url": "http://10.0.0.1/"})
    assert answer.status_code == 400
    assert answer.json["message"] == "callback_url: 10.0.0.1 is a private address"
    many = client.post("/api/fractals", json=[body | {"callback_url": "http://10.0.0.1/"}])
    assert many.json["message"].startswith("0.callback_url: ")
    posted = client.post("/api/fractal", json=body | {"callback_url": URL})
    assert posted.status_code == 201
    (listed,) = client.get("/api/webhook").json["webhooks"]
    assert (listed["url"], listed["callback"]) == (URL, True)
    assert posted.json["callback_secret"] not in client.get(f"/api/fractal/{body['uuid']}").text
    assert client.delete(f"/api/fractal/{body['uuid']}").status_code == 204
    (one,) = claim(client)
    assert one["event"]["type"] == "fractal.deleted"
    assert one["webhook"]["secrets"] == [posted.json["callback_secret"]]


def test_nothing_but_enabled_can_be_changed_of_a_callback(client, make_task):
    client.post("/api/fractal", json=make_task().model_dump() | {"callback_url": URL})
    (listed,) = client.get("/api/webhook").json["webhooks"]
    address = f"/api/webhook/{listed['uuid']}"
    for body in ({"url": "https://other.example/"}, {"events": ["fractal.queued"]}):
        answer = client.patch(address, json=body)
        assert answer.status_code == 400
        assert answer.json["message"] == "enabled: is all that can be changed of a callback"
    assert client.patch(address, json={"enabled": False}).json["enabled"] is False
    assert client.post(f"{address}/redeliver", json={}).status_code == 409


def test_a_name_in_another_script_is_kept_in_ascii(client):
    assert make(client, url="https://例え.example/")["url"] == "https://xn--r8jz45g.example/"


def test_the_answer_with_a_secret_is_not_stored(client):
    answer = client.post("/api/webhook", json={"url": URL})
    assert answer.headers["Cache-Control"] == "no-store"


def test_events_are_kept_until_the_last_attempt(conf, store):
    conf.set_override("retention", 3600.0, "events")
    with pytest.raises(errors.ConfigurationError, match=r"retention = 3600: must be at least"):
        create_app(conf, store, "1.2.3")


def test_an_operator_can_allow_a_network(client, conf):
    conf.set_override("egress_allowed", ["10.0.0.0/8"], "webhook")
    assert make(client, url="http://10.0.0.1/")["url"] == "http://10.0.0.1/"


def test_a_notifier_that_takes_the_bus_subscribes_it(client, make_task):
    assert claim(client, bus=True) == []
    client.post("/api/fractal", json=make_task().model_dump())
    assert client.get("/api/delivery/claim?bus=true").json == {"claimable": True}
    assert claim(client) == []
    (one,) = claim(client, bus=True)
    assert (one["event"]["type"], one["webhook"]) == ("fractal.queued", None)


def test_a_crowd_of_urls_at_one_receiver_does_not_fill_what_a_notifier_claims(client):
    for number in range(18):
        make(client, url=f"https://slow.example/{number}")
    other = make(client)
    places, given = Places(8, 2), []
    for _ in range(20):
        asked = {
            "count": places.wanted(),
            "per_webhook": places.per_webhook,
            "per_tenant": places.per_tenant,
            "busy": sorted(places.busy()),
            "busy_tenants": sorted(places.busy_tenants()),
        }
        places.add(Delivery.of(one) for one in claim(client, **asked))
        given += places.take()[0]
    assert [one.webhook.url for one in given].count(other["url"]) == 1
    assert (len(given), places.close()) == (3, [])

# SPDX-License-Identifier: Apache-2.0
"""``faafo webhook`` and callbacks of fractals, against the real API."""

import io
import json
import sys
from datetime import UTC, datetime, timedelta

import pytest

from faafo.client import Client
from faafo.client.deliveries import DeliveryClient
from faafo.fractal.signing import new_secret

URL = "https://receiver.example/faafo"
UUID = "12345678-9abc-4def-8123-456789abcdef"


@pytest.fixture
def client(api_url):
    with Client(api_url) as client:
        yield client


@pytest.fixture
def give_up(api_url):
    """Claims what is due, as a notifier does, and reports that the receivers are gone."""

    def give_up():
        notifier = DeliveryClient(api_url)
        claimed = notifier.claim("n", 100, 30, 100, 100)
        refused = {"http_status": 410, "duration": 0.5, "fault": "answered 410", "gone": True}
        failed = [{"id": one["id"], "attempt": one["attempt"], **refused} for one in claimed]
        assert notifier.report("n", failed=failed) == []

    return give_up


def test_a_webhook_is_made_listed_changed_and_deleted(faafo, client):
    collection = client.create_collection("Dust").uuid
    status, output, _ = faafo(
        *("webhook", "create", URL, "--events", "fractal.error, fractal.deleted"),
        *("--collection", collection, "-f", "json"),
    )
    made = json.loads(output)
    assert (status, made["url"], made["collection"]) == (0, URL, collection)
    assert made["events"] == ["fractal.deleted", "fractal.error"]
    assert made.pop("secret").startswith("whsec_")
    uuid = made["uuid"]
    assert json.loads(faafo("webhook", "show", uuid, "-f", "json")[1]) == made
    (row,) = json.loads(faafo("webhook", "list", "-f", "json")[1])
    assert row == {name: made[name] for name in row}
    assert "| fractal.deleted, fractal.error |" in faafo("webhook", "list")[1]
    changes = (
        "--receiver",
        f"{URL}/2",
        "--events",
        "fractal.queued",
        "--all-fractals",
        "--disable",
    )
    changed = json.loads(faafo("webhook", "set", uuid, *changes, "-f", "json")[1])
    assert (changed["url"], changed["events"]) == (f"{URL}/2", ["fractal.queued"])
    assert (changed["collection"], changed["enabled"]) == (None, False)
    assert changed["reason"] == "disabled by a user"
    faafo("webhook", "set", uuid, "--enable", "--collection", collection)
    assert client.webhook(uuid).enabled
    assert client.webhook(uuid).collection == collection
    assert faafo("webhook", "delete", uuid, UUID) == (
        1,
        f"deleted webhook {uuid}\n",
        f"faafo: there is no webhook {UUID}\n",
    )
    assert client.webhooks() == []


def test_a_secret_comes_from_a_file_and_is_shown_when_it_is_set(
    faafo, client, tmp_path, monkeypatch
):
    first, second = new_secret(), new_secret()
    (tmp_path / "secret").write_text(f"{first}\n")
    shown = ("-f", "value", "-c", "uuid", "-c", "secret")
    created = faafo("webhook", "create", URL, "--secret-file", tmp_path / "secret", *shown)
    uuid, secret = created[1].split()
    assert secret == first
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{second}\n"))
    rotated = faafo("webhook", "rotate", uuid, "--secret-file", "-", *shown)
    assert rotated[1].split() == [uuid, second]
    assert client.webhook(uuid).previous_secret_until > datetime.now(UTC)
    _, third = faafo("webhook", "rotate", uuid, *shown)[1].split()
    assert third not in (first, second)
    assert "secret " not in faafo("webhook", "show", uuid)[1]


@pytest.mark.parametrize("content", [b"S3C ret", b"whsec_UzNDcmV0\n", b"\xff\xfe", b"", b"x" * 999])
def test_a_file_without_a_secret_is_named_and_its_content_is_not(faafo, client, tmp_path, content):
    (tmp_path / "file").write_bytes(content)
    status, output, problem = faafo("webhook", "create", URL, "--secret-file", tmp_path / "file")
    assert (status, output) == (2, "")
    assert f"argument --secret-file: {tmp_path}/file: " in problem
    assert "S3C" not in problem
    assert "UzND" not in problem
    assert client.webhooks() == []


def test_deliveries_are_listed_filtered_and_queued_again(faafo, client, give_up):
    uuid = client.create_webhook(URL).uuid
    assert faafo("webhook", "ping", uuid)[:2] == (0, f"queued a ping to webhook {uuid}\n")
    assert "| webhook.ping |" in faafo("webhook", "deliveries", uuid)[1]
    give_up()
    value = ("-f", "value", "-c", "id")
    failed = ("webhook", "deliveries", uuid, "--status", "failed", *value)
    second, first = faafo(*failed)[1].split()
    assert faafo("webhook", "deliveries", uuid, "--limit", 1, *value)[1].split() == [second]
    assert faafo("webhook", "deliveries", uuid, "--status", "pending", *value)[1] == ""
    (row, _) = json.loads(faafo("webhook", "deliveries", uuid, "-f", "json")[1])
    moment = row.pop("created_at")
    assert datetime.now(UTC) - datetime.fromisoformat(moment) < timedelta(hours=1)
    assert row == {
        **{"id": int(second), "type": "webhook.ping", "fractal": None, "status": "failed"},
        **{"attempts": 1, "http_status": 410, "fault": "answered 410"},
    }
    # The receiver was gone, which has disabled it.
    assert not client.webhook(uuid).enabled
    redeliver = ("webhook", "redeliver", uuid)
    assert "the webhook is disabled" in faafo(*redeliver)[2]
    faafo("webhook", "set", uuid, "--enable")
    assert faafo(*redeliver, "--since", "0s")[:2] == (0, "deliveries queued again: 0\n")
    assert faafo(*redeliver, "--delivery", second)[1] == "deliveries queued again: 1\n"
    assert faafo(*failed)[1].split() == [first]
    assert faafo(*redeliver, "--since", "1d")[1] == "deliveries queued again: 1\n"
    assert faafo(*redeliver)[1] == "deliveries queued again: 0\n"
    status, _, problem = faafo(*redeliver, "--delivery", 999)
    assert (status, problem) == (1, "faafo: delivery: this webhook has none of number 999\n")


def test_a_fractal_has_a_callback_whose_secret_is_shown_once(faafo, client):
    options = ("--callback-url", URL, "-f", "value", "-c", "uuid", "-c", "callback_secret")
    uuid, secret = faafo("fractal", "create", *options)[1].split()
    assert secret.startswith("whsec_")
    assert "callback_secret" not in faafo("fractal", "show", uuid)[1]
    assert "callback_secret" not in faafo("fractal", "create")[1]
    assert [one.callback for one in client.webhooks()] == [True]


def test_a_url_that_no_webhook_may_have_is_refused_in_one_line(faafo):
    for words in (("webhook", "create", "http://127.0.0.1/"), ("fractal", "create")):
        option = () if words[0] == "webhook" else ("--callback-url", "http://127.0.0.1/")
        status, output, problem = faafo(*words, *option)
        assert (status, output) == (1, "")
        assert problem.endswith("url: 127.0.0.1 is a loopback address\n")
        assert problem.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        ("create",),
        ("create", URL, "--events", "fractal.finished"),
        ("set", UUID),
        ("set", UUID, "--enable", "--disable"),
        ("set", UUID, "--collection", "mine", "--all-fractals"),
        ("show", "mine"),
        ("ping",),
        ("deliveries", UUID, "--status", "lost"),
        ("redeliver", UUID, "--since", "yesterday"),
        ("redeliver", UUID, "--since", "1h", "--delivery", 1),
    ],
)
def test_a_wrong_command_line_is_refused(faafo, words):
    assert faafo("webhook", *words)[0] == 2


def test_a_type_of_event_that_is_unknown_is_named_with_those_that_are_known(faafo):
    given = "fractal.complete,fractal.finished,webhook.ping"
    status, _, problem = faafo("webhook", "create", URL, "--events", given)
    assert status == 2
    assert "not 'fractal.finished', 'webhook.ping'; known: fractal.queued, fractal" in problem

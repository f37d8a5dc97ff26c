# SPDX-License-Identifier: Apache-2.0
"""The public client, against the real API."""

import hashlib
import inspect
import re
from pathlib import Path

import pytest
from requests.auth import HTTPBasicAuth

import faafo.client
from faafo import errors
from faafo.client import Client
from faafo.client.client import DEFAULT_URL
from faafo.conf import client as options
from faafo.fractal.task import Status

PNG = b"\x89PNG\r\n\x1a\n, for example"


@pytest.fixture
def client(api_url):
    with Client(api_url) as client:
        yield client


@pytest.fixture
def complete(change, store):
    """Stores an image for a fractal, and completes it."""

    def complete(uuid, png=PNG, checksum=None):
        store.save(uuid, png)
        checksum = checksum or hashlib.sha256(png).hexdigest()
        change(uuid, status=Status.COMPLETE, checksum=checksum, duration=0.5, size=len(png))

    return complete


def test_the_documentation_has_each_public_class_and_the_calls_that_the_client_inherits():
    page = (Path(__file__).parents[3] / "doc/source/user/python.rst").read_text()
    documented = set(re.findall(r"autoclass:: faafo\.client\.(\w+)\n", page))
    assert documented == set(faafo.client.__all__)
    assert "faafo.client.Client\n   :members:\n   :inherited-members:\n" in page


def test_the_default_url_is_that_of_the_other_clients():
    (option,) = [opt for opt in options.default_opts if opt.dest == "endpoint_url"]
    assert option.default == DEFAULT_URL


def test_a_fractal_needs_no_parameter(client):
    fractal = client.create()
    assert (fractal.width, fractal.height, fractal.status) == (640, 480, "queued")
    assert (fractal.xa, fractal.xb, fractal.ya, fractal.yb) == (-1.6, 1.6, -1.2, 1.2)
    assert not fractal.has_ended
    assert fractal.created_at.tzinfo is not None
    assert client.get(fractal.uuid) == fractal


def test_parameters_arrive_as_they_are_given(client):
    fractal = client.create(
        width=8, height=6, iterations=9, xa=-1.0, xb=2.0, ya=3.0, yb=-4.0, c=-0.8 + 0.156j
    )
    assert (fractal.xa, fractal.xb, fractal.ya, fractal.yb) == (-1.0, 2.0, 3.0, -4.0)
    assert (fractal.c, fractal.iterations) == (-0.8 + 0.156j, 9)


def test_a_drawing_arrives_as_it_is_given_and_its_defaults_are_not_sent(client, monkeypatch):
    drawing = {
        **{"palette": "dawn", "formula": "burning-ship", "colouring": "smooth", "samples": 2},
        **{"offset": 0.25, "density": 3.5, "inside": "#102030"},
    }
    fractal = client.create(**drawing)
    assert {name: getattr(fractal, name) for name in drawing} == drawing
    client.create(formula="z3")
    assert [one.uuid for one in client.find(colouring="smooth", limit=9)] == [fractal.uuid]
    assert [one.formula for one in client.find(formula="z3")] == ["z3"]
    sent = []
    monkeypatch.setattr(client._session, "json", lambda *arguments: sent.append(arguments[2]))
    # What this client parses is not of interest here.
    monkeypatch.setattr(client, "_fractal", lambda answer: answer)
    client.create(colouring="bands", density=2.0)
    assert {*sent[0]} & {*drawing} == {"palette", "density"}


@pytest.mark.parametrize("width", [1, 1024, 4000])
def test_the_default_window_has_square_pixels_and_the_set_in_view(client, width):
    fractal = client.create(width=width, height=640)
    across, down = fractal.xb - fractal.xa, fractal.yb - fractal.ya
    assert across / width == pytest.approx(down / 640)
    assert across >= 3.2 - 1e-9
    assert down >= 2.0 - 1e-9


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"width": 0}, "width: must be an integer from 1 to 2147483647, not 0"),
        ({"palette": "plaid"}, "palette: must be one of original"),
        ({"samples": 5}, "samples: must be an integer from 1 to 4, not 5"),
        ({"density": 0.0}, "density: must be a number from 0.01 to 100, not 0"),
        ({"inside": "black"}, "inside: must be red, green and blue such as #000000"),
        ({"xa": 1.0, "yb": 1.0}, "xb: is missing; a window has xa, xb, ya, yb"),
        ({"c": complex("inf")}, "cx: must be a finite number from -1000000 to 1000000, not inf"),
        ({"uuid": "7"}, "uuid: must be a UUID"),
    ],
)
def test_an_invalid_parameter_is_named_before_anything_is_sent(client, parameters, message):
    with pytest.raises(errors.InvalidTask, match=message):
        client.create(**parameters)
    assert list(client.find()) == []


def test_a_uuid_of_ones_own_is_taken_once(client):
    uuid = client.create(uuid="12345678-9abc-4def-8123-456789abcdef").uuid
    with pytest.raises(errors.ApiRefused, match="exists already") as caught:
        client.create(uuid=uuid)
    assert caught.value.status == 409


def test_more_fractals_than_fit_on_a_page_are_found_newest_first(client):
    posted = [client.create(width=1, height=1).uuid for _ in range(103)]
    assert [fractal.uuid for fractal in client.find()] == posted[::-1]
    assert [fractal.uuid for fractal in client.find(limit=101)] == posted[:1:-1]
    assert set(client.get_all(posted)) == set(posted)


def test_fractals_are_found_by_status_and_palette(client, change):
    failed, ember = client.create().uuid, client.create(palette="ember").uuid
    change(failed, status=Status.ERROR, fault="the disk is full")
    assert [fractal.uuid for fractal in client.find(status="error")] == [failed]
    assert [fractal.uuid for fractal in client.find(palette="ember")] == [ember]
    assert list(client.get_all([failed, ember], ended=True)) == [failed]


def test_an_image_is_returned_whole(client, complete):
    uuid = client.create().uuid
    complete(uuid)
    assert client.wait(uuid).is_complete
    assert client.image(uuid) == PNG


def test_an_image_that_does_not_match_its_checksum_is_refused(client, complete):
    uuid = client.create().uuid
    complete(uuid, checksum=64 * "0")
    with pytest.raises(errors.InvalidImage, match=uuid):
        client.image(uuid)


def test_there_is_no_image_before_the_fractal_is_complete(client):
    uuid = client.create().uuid
    with pytest.raises(errors.ApiRefused, match="is queued: no image yet"):
        client.image(uuid)


def test_a_wait_ends_with_the_fractal(client, complete):
    uuids = [client.create().uuid for _ in range(2)]
    seen = []

    def on_answer(records):
        seen.append([record.status for record in records])
        if len(seen) < 3:
            complete(uuids[len(seen) - 1])

    first, second = client.wait_all(uuids, on_answer=on_answer)
    assert (first.uuid, second.uuid) == tuple(uuids)
    assert seen == [["queued"] * 2, ["complete", "queued"], ["complete"] * 2]


def test_a_wait_for_a_fractal_that_fails_names_the_fault(client, change):
    uuid = client.create().uuid
    change(uuid, status=Status.ERROR, fault="the disk is full")
    with pytest.raises(errors.FractalFailed, match=f"{uuid} is in error: the disk is full"):
        client.wait(uuid)
    assert client.retry(uuid).status == "queued"


def test_a_wait_has_an_end(client):
    uuid = client.create().uuid
    with pytest.raises(errors.WaitTimeout, match=f"{uuid} is still queued after 0.01 seconds"):
        client.wait(uuid, timeout=0.01)


def test_a_deleted_fractal_is_missed(client):
    kept, deleted = client.create().uuid, client.create().uuid
    client.delete(deleted)
    for call in (client.get, client.delete, client.wait, client.image):
        with pytest.raises(errors.ApiRefused, match=f"there is no fractal {deleted}") as caught:
            call(deleted)
        assert caught.value.status == 404
    with pytest.raises(errors.ApiRefused, match=f"there is no fractal {deleted}"):
        client.wait_all([kept, deleted])


@pytest.mark.parametrize("named_by", ["record", "uuid"])
def test_a_wait_survives_an_api_that_is_unavailable_meanwhile(
    client, complete, monkeypatch, named_by
):
    fractal = client.create()
    session, answers = client._session, [errors.ApiUnavailable("away"), None]
    ask = session.answer

    def on_answer(_records):
        complete(fractal.uuid)
        monkeypatch.setattr(session, "answer", ask_or_fail)

    def ask_or_fail(*request):
        if answer := answers.pop(0):
            raise answer
        return ask(*request)

    waited_for = fractal if named_by == "record" else fractal.uuid
    assert client.wait(waited_for, on_answer=on_answer).is_complete
    assert answers == []


def test_several_fractals_are_waited_for_in_the_order_that_is_given(client, complete):
    fractals = [client.create() for _ in range(3)]
    for fractal in fractals:
        complete(fractal.uuid)
    mixed = [fractals[2], fractals[0].uuid, fractals[1]]
    ended = client.wait_all(mixed)
    assert [one.uuid for one in ended] == [fractals[2].uuid, fractals[0].uuid, fractals[1].uuid]
    assert all(one.is_complete for one in ended)


def test_a_record_of_a_newer_service_may_have_more_fields(odd_server, client):
    record = client.create().model_dump_json()[:-1] + ', "samples": 4}'
    fractal = Client(odd_server(200, record.encode())).get("1")
    assert fractal.samples == 4


def test_what_is_no_record_of_a_fractal_is_named(odd_server):
    url = odd_server(200, b'{"uuid": 7}')
    with pytest.raises(errors.ApiUnavailable, match=f"{url}: .* is not one of faafo: uuid:"):
        Client(url).get("1")
    with pytest.raises(errors.ApiUnavailable, match="objects: is missing"):
        list(Client(url).find())


def test_authentication_has_one_place():
    assert "auth" in inspect.signature(Client).parameters
    auth = HTTPBasicAuth("me", "secret")
    assert Client(auth=auth)._session._session.auth is auth

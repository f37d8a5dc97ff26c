# SPDX-License-Identifier: Apache-2.0
"""A uuid that is deleted and posted again: what belongs to the earlier record is refused."""

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from tests.functional.conftest import on_sqlite
from tests.functional.processes import Api, wait_until
from tests.functional.stores import noise
from tests.functional.test_images import headers_for

UUID = "11111111-2222-4333-8444-555555555555"
OLD, NEW = noise(seed=1), noise(seed=2)
Record = dict[str, Any]


@pytest.fixture(autouse=True)
def _nothing_to_begin_with(api: Api) -> Iterator[None]:
    api.forget_everything()
    yield
    api.request("DELETE", f"/api/fractal/{UUID}")


def post_and_claim(api: Api, by: str, cx: float) -> Record:
    api.post_fractal(uuid=UUID, width=40, height=30, cx=cx, cy=0.2)
    (claimed,) = api.claim(by=by)
    return claimed


@pytest.fixture
def leases(api: Api) -> tuple[Record, Record]:
    """What P1 claimed before the uuid was deleted and posted again, and what P2 claimed then."""
    first = post_and_claim(api, "P1", 0.1)
    assert api.request("DELETE", f"/api/fractal/{UUID}").status_code == 204
    return first, post_and_claim(api, "P2", -0.7)


def identity(claimed: Record) -> Record:
    return {name: claimed[name] for name in ("attempt", "token")}


def result(png: bytes) -> Record:
    return {"checksum": hashlib.sha256(png).hexdigest(), "duration": 0.5, "size": len(png)}


def put(api: Api, **body: Any) -> requests.Response:
    return api.request("PUT", f"/api/fractal/{UUID}", json=body)


def change(api: Api, by: str, what: str, **entry: Any) -> list[str]:
    """Put one entry of a claim; return the uuids that are lost."""
    body = {"claimed_by": by, what: [{"uuid": UUID, **entry}]}
    return api.request("PUT", "/api/claim", json=body).json()["lost"]


def report(api: Api, by: str, claimed: Record, png: bytes) -> list[str]:
    token = claimed["token"]
    described = {**result(png), "generated_by": "worker-1", "image_token": token}
    return change(api, by, "complete", **identity(claimed), **described)


def upload(api: Api, claimed: Record, png: bytes) -> requests.Response:
    url = f"/api/fractal/{UUID}/image"
    headers = headers_for(png)
    return api.request("PUT", url, params=identity(claimed), data=png, headers=headers)


def image(api: Api) -> bytes:
    answer = api.request("GET", f"/api/fractal/{UUID}/image")
    assert answer.status_code == 200
    return answer.content


def test_every_lease_has_a_token_of_its_own(api: Api) -> None:
    tokens = []
    for _record in range(2):
        claimed = post_and_claim(api, "P1", 0.1)
        for _claim in range(2):
            tokens.append(claimed["token"])
            change(api, "P1", "release", **identity(claimed))
            (claimed,) = api.claim(by="P1")
        api.request("DELETE", f"/api/fractal/{UUID}")
    assert len(set(tokens)) == 4


def test_a_token_is_shown_to_the_producer_only(api: Api) -> None:
    token = post_and_claim(api, "P1", 0.1)["token"]
    for path in ("/api/fractal", f"/api/fractal/{UUID}", f"/fractal/{UUID}", "/"):
        assert token.partition("-")[0] not in api.request("GET", path).text


@pytest.mark.parametrize(
    "late",
    [
        lambda api, old: report(api, "P1", old, OLD) == [UUID],
        lambda api, old: change(api, "P1", "renew", **identity(old)) == [UUID],
        lambda api, old: change(api, "P2", "renew", **identity(old)) == [UUID],
        lambda api, old: change(api, "P2", "release", **identity(old)) == [UUID],
        lambda api, old: put(api, **identity(old), **result(OLD)).status_code == 409,
        lambda api, old: put(api, **identity(old), fault="no").status_code == 409,
        lambda api, old: upload(api, old, OLD).status_code == 409,
    ],
    ids=["result", "renewal", "renewal by another", "release", "one result", "fault", "image"],
)
def test_what_the_earlier_lease_sends_is_refused(
    api: Api, leases: tuple[Record, Record], late: Callable[[Api, Record], bool]
) -> None:
    old, new = leases
    assert late(api, old)
    assert api.get_fractal(UUID)["status"] == "rendering"
    assert change(api, "P2", "renew", **identity(new)) == []


@pytest.mark.parametrize("other", ["p1", "P1 ", "Ṕ1"])
def test_a_lease_is_that_of_the_producer_with_exactly_this_name(api: Api, other: str) -> None:
    claimed = post_and_claim(api, "P1", 0.1)
    assert change(api, other, "renew", **identity(claimed)) == [UUID]
    assert change(api, "P1", "renew", **identity(claimed)) == []


@on_sqlite
def test_a_result_without_a_token_is_accepted_from_the_producer_that_claimed_it_only(
    api: Api, leases: tuple[Record, Record]
) -> None:
    entry = {"attempt": 1, **result(OLD), "generated_by": "worker-1"}
    assert change(api, "P1", "complete", **entry) == [UUID]
    assert change(api, "P2", "complete", **entry) == []


def test_the_record_keeps_its_own_image_whichever_is_stored_last(
    api: Api, leases: tuple[Record, Record]
) -> None:
    old, new = leases
    assert upload(api, new, NEW).status_code == 200
    # As a worker does that writes to the directory, and that has not heard of the deletion.
    api.store.save(UUID, OLD, token=old["token"])
    assert report(api, "P2", new, NEW) == []
    api.store.save(UUID, OLD, token=old["token"])
    assert report(api, "P1", old, OLD) == [UUID]
    assert image(api) == NEW
    assert (api.datadir / f"{UUID}.png").read_bytes() == NEW
    assert api.get_fractal(UUID)["checksum"] == result(NEW)["checksum"]
    only_ours = [(UUID, None)]
    wait_until(lambda: list(api.store.images(age=-1)) == only_ours, "the refused image to go")


def test_a_later_attempt_may_report_the_image_of_an_earlier_one(api: Api) -> None:
    first = post_and_claim(api, "P1", 0.1)
    api.store.save(UUID, OLD, token=first["token"])
    change(api, "P1", "release", **identity(first))
    (second,) = api.claim(by="P1")
    described = {**result(OLD), "generated_by": "worker-1", "image_token": first["token"]}
    assert change(api, "P1", "complete", **identity(second), **described) == []
    assert image(api) == OLD


@on_sqlite
@pytest.mark.parametrize(
    ("fields", "status", "named"),
    [
        ({"token": "{incarnation}-2"}, 409, "token"),
        ({"token": "fedcba9876543210-1"}, 409, "token"),
        ({"image_token": "fedcba9876543210-1"}, 409, "image_token"),
        ({"token": "../../etc/passwd"}, 400, "token"),
        ({"image_token": "{incarnation}-1/../x"}, 400, "image_token"),
    ],
)
def test_a_token_that_cannot_be_of_the_lease_is_refused_with_the_name_of_the_field(
    api: Api, fields: Record, status: int, named: str
) -> None:
    claimed = post_and_claim(api, "P1", 0.1)
    incarnation = claimed["token"].partition("-")[0]
    fields = {name: str(value).format(incarnation=incarnation) for name, value in fields.items()}
    entry = {**identity(claimed), **result(OLD), **fields}
    answer = put(api, **entry)
    assert (answer.status_code, named in answer.json()["message"]) == (status, True)
    body = {"claimed_by": "P1", "complete": [{"uuid": UUID, "generated_by": "w", **entry}]}
    assert api.request("PUT", "/api/claim", json=body).json()["lost"] == [UUID]
    assert api.get_fractal(UUID)["status"] == "rendering"


def test_deleting_a_fractal_deletes_all_of_its_images(api: Api) -> None:
    claimed = post_and_claim(api, "P1", 0.1)
    api.store.save(UUID, OLD, token=claimed["token"])
    assert report(api, "P1", claimed, OLD) == []
    api.store.save(UUID, OLD, token=claimed["token"])
    api.request("DELETE", f"/api/fractal/{UUID}")
    assert list(api.store.images(age=-1)) == []

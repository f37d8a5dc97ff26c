# SPDX-License-Identifier: Apache-2.0
"""Clients that do the same thing at the same moment: each outcome is one truth."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

import pytest
import requests

from tests.functional.processes import SMALL_FRACTAL, Api

CLIENTS = 8
FRACTALS = 200
ROUNDS = 20

Outcome = TypeVar("Outcome")


@pytest.fixture(scope="module")
def twin(api: Api) -> Iterator[Api]:
    """A second process of the API: no lock within one of them helps."""
    with api.twin() as twin:
        yield twin


@pytest.fixture(autouse=True)
def _nothing_to_begin_with(api: Api) -> None:
    api.forget_everything()


def at_once(*calls: Callable[[], Outcome]) -> list[Outcome]:
    """Let every call start at the same moment, in a thread of its own; return their outcomes."""
    start = threading.Barrier(len(calls))

    def started(call: Callable[[], Outcome]) -> Outcome:
        start.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(started, calls))


def result(worker: str) -> dict[str, Any]:
    return {"checksum": worker * 64, "duration": 1.0, "size": 1, "generated_by": worker}


def put(api: Api, uuid: str, **body: Any) -> requests.Response:
    return api.request("PUT", f"/api/fractal/{uuid}", json=body)


def statuses(answers: Sequence[requests.Response]) -> list[int]:
    return sorted(answer.status_code for answer in answers)


def test_every_fractal_is_claimed_exactly_once(api: Api, twin: Api) -> None:
    posted = {api.post_fractal()["uuid"] for _ in range(FRACTALS)}

    def claim_until_none_is_left(number: int) -> list[str]:
        mine: list[str] = []
        asked = (api, twin)[number % 2]
        while claimed := asked.claim(count=1 + number, by=f"producer-{number}"):
            assert {one["attempt"] for one in claimed} == {1}
            mine += [one["uuid"] for one in claimed]
        return mine

    producers = [partial(claim_until_none_is_left, number) for number in range(CLIENTS)]
    claimed = Counter(uuid for mine in at_once(*producers) for uuid in mine)
    assert set(claimed.values()) == {1}
    assert set(claimed) == posted


def test_one_of_many_posts_of_the_same_uuid_wins(api: Api) -> None:
    uuid = api.post_fractal()["uuid"]
    for _ in range(ROUNDS):
        api.request("DELETE", f"/api/fractal/{uuid}")
        posts = [
            partial(
                api.request,
                "POST",
                "/api/fractal",
                json={**SMALL_FRACTAL, "uuid": uuid, "width": width},
            )
            for width in range(1, 5)
        ]
        answers = at_once(*posts)
        assert statuses(answers) == [201, 409, 409, 409]
        (winner,) = (answer.json() for answer in answers if answer.ok)
        assert api.get_fractal(uuid) == winner


def test_two_results_of_one_attempt_leave_one_whole_result(api: Api) -> None:
    for _ in range(ROUNDS):
        api.post_fractal()
        (claimed,) = api.claim()
        uuid = claimed["uuid"]
        answers = at_once(*[partial(put, api, uuid, attempt=1, **result(w)) for w in "ab"])
        assert statuses(answers) == [200, 200]
        record = api.get_fractal(uuid)
        assert record["status"] == "complete"
        assert {name: record[name] for name in result("a")} in (result("a"), result("b"))


def test_only_the_current_attempt_has_a_result(api: Api) -> None:
    for _ in range(ROUNDS):
        api.post_fractal()
        (old,) = api.claim(by="old")
        release = {"uuid": old["uuid"], "attempt": 1}
        api.request("PUT", "/api/claim", json={"claimed_by": "old", "release": [release]})
        (new,) = api.claim(by="new")
        answers = at_once(
            partial(put, api, old["uuid"], attempt=1, **result("a")),
            partial(put, api, new["uuid"], attempt=2, **result("b")),
        )
        assert [answer.status_code for answer in answers] == [409, 200]
        assert api.get_fractal(new["uuid"])["generated_by"] == "b"


def test_a_result_and_a_fault_of_one_attempt_are_not_mixed(api: Api) -> None:
    for _ in range(ROUNDS):
        api.post_fractal()
        (claimed,) = api.claim()
        uuid = claimed["uuid"]
        answers = at_once(
            partial(put, api, uuid, attempt=1, **result("a")),
            partial(put, api, uuid, attempt=1, fault="lost"),
        )
        record = api.get_fractal(uuid)
        # The result counts whenever it comes; the fault only before it.
        assert (record["status"], record["fault"]) == ("complete", None)
        assert answers[0].status_code == 200
        assert answers[1].status_code in (200, 409)


def test_a_release_and_a_renewal_do_not_both_succeed_for_good(api: Api) -> None:
    for _ in range(ROUNDS):
        api.post_fractal()
        (claimed,) = api.claim(by="me")
        lease = {"uuid": claimed["uuid"], "attempt": 1}
        answers = at_once(
            *[
                partial(api.request, "PUT", "/api/claim", json={"claimed_by": "me", what: [lease]})
                for what in ("renew", "release")
            ]
        )
        assert statuses(answers) == [200, 200]
        assert answers[1].json()["lost"] == []
        (again,) = api.claim(by="you")
        assert (again["uuid"], again["attempt"]) == (claimed["uuid"], 2)
        api.request("DELETE", f"/api/fractal/{claimed['uuid']}")


def test_reading_goes_on_while_many_write(api: Api) -> None:
    def write() -> list[int]:
        return [
            api.request("POST", "/api/fractal", json=SMALL_FRACTAL).status_code for _ in range(20)
        ]

    def read() -> list[int]:
        return [api.request("GET", "/api/fractal").status_code for _ in range(20)]

    outcomes = at_once(write, read, write, read, write, read)
    assert {status for one in outcomes for status in one} == {200, 201}
    assert api.request("GET", "/api/fractal").json()["num_results"] == 60


def test_nothing_of_this_was_unexpected(api: Api, twin: Api) -> None:
    for one in (api, twin):
        assert "Traceback" not in one.service.output()
        assert one.service.lines_with(" ERROR ") == []

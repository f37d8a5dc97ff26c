# SPDX-License-Identifier: Apache-2.0
"""Quotas while many clients post at the same moment, to two processes of the API."""

from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from faafo.db import claims, posting
from faafo.db.engine import engine_options
from faafo.db.outcomes import RetryPolicy
from faafo.db.scope import Owner
from faafo.db.url import parse_url
from faafo.fractal.task import FractalTask
from tests.functional.conftest import DATABASES
from tests.functional.databases import DatabaseServer
from tests.functional.processes import SMALL_FRACTAL, Api, running_api
from tests.functional.test_concurrency import at_once
from tests.functional.test_http_basic import write_users

ADMIN, USER, SERVICE = ("olga", "S3Cret"), ("ada", "S3Cret"), ("faafo", "S3Cret")
# Of all users.
PROJECT = "default"
CLIENTS = 16
LIMIT = 21
TASK = SMALL_FRACTAL | {"cx": 0.1, "cy": 0.2}
POLICY = RetryPolicy(5, 1.0, 60.0)
COUNT = """
    SELECT SUM(CASE WHEN status IN ('queued', 'rendering') THEN 1 ELSE 0 END), COUNT(*),
           SUM(CASE WHEN status = 'complete' THEN size ELSE 0 END)
    FROM fractal WHERE parent IS NULL
"""


@pytest.fixture(scope="module", params=DATABASES)
def database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The URL of a database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('sqlite')}/faafo.sqlite"
        return
    database_server: DatabaseServer = request.getfixturevalue("database_server")
    with database_server.database() as url:
        yield url


@pytest.fixture(scope="module")
def apis(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Api, Api]]:
    """Two processes of an API that asks for a login."""
    directory: Path = tmp_path_factory.mktemp("quota")
    write_users(directory / "users", ADMIN, USER, SERVICE)
    options = {
        "auth_strategy": "http_basic",
        "http_basic_auth_user_file": directory / "users",
        "admin_users": ADMIN[0],
        "service_users": SERVICE[0],
        "max_attempts": 1,
    }
    with running_api(directory, database, **options) as api, api.twin() as twin:
        yield api, twin


@pytest.fixture
def project(apis: tuple[Api, Api]) -> str:
    """The id of the project of all users, which has no fractals and the default quota."""
    api = apis[0]
    assert ask(api, "DELETE", f"/api/quota/{PROJECT}", ADMIN).status_code == 204
    while found := ask(api, "GET", "/api/fractal?results_per_page=100").json()["objects"]:
        for one in found:
            ask(api, "DELETE", f"/api/fractal/{one['uuid']}")
    return PROJECT


def ask(
    api: Api, method: str, path: str, user: tuple[str, str] = USER, **body: Any
) -> requests.Response:
    return api.request(method, path, auth=user, **body)


def post(api: Api, count: int = 0) -> requests.Response:
    """Post one fractal, or a list."""
    if count:
        return ask(api, "POST", "/api/fractals", json=[SMALL_FRACTAL] * count)
    return ask(api, "POST", "/api/fractal", json=SMALL_FRACTAL)


def usage(api: Api, project: str) -> dict[str, int]:
    return ask(api, "GET", f"/api/quota/{project}").json()["usage"]


def require_exact(api: Api, database: str, project: str) -> None:
    """Compare the counters with what counting says."""
    engine = create_engine(parse_url(database))
    with engine.connect() as connection:
        row = connection.execute(text(COUNT)).one()
    engine.dispose()
    used = usage(api, project)
    expected = [int(one or 0) for one in row]
    assert [used["queued"], used["fractals"], used["bytes"]] == expected


@pytest.mark.parametrize("resource", ["queued", "fractals"])
def test_at_the_edge_of_a_quota_exactly_the_limit_is_accepted(apis, database, project, resource):
    ask(apis[0], "PUT", f"/api/quota/{project}", ADMIN, json={resource: LIMIT})

    def posts(number: int) -> list[tuple[int, int]]:
        # Lists of one to three beside single ones.
        counts = [(number + one) % 4 for one in range(6)]
        return [(max(1, one), post(apis[number % 2], one).status_code) for one in counts]

    answers = [
        one for some in at_once(*[partial(posts, n) for n in range(CLIENTS)]) for one in some
    ]
    assert {status for _count, status in answers} == {201, 403}
    assert sum(count for count, status in answers if status == 201) == LIMIT
    require_exact(apis[0], database, project)
    refused = post(apis[0])
    used = f"{LIMIT} of {LIMIT} {resource}, and the request has 1"
    assert refused.json()["message"] == f"quota: project {project} uses {used}"
    (one,) = ask(apis[1], "GET", "/api/fractal?results_per_page=1").json()["objects"]
    assert ask(apis[1], "DELETE", f"/api/fractal/{one['uuid']}").status_code == 204
    statuses = Counter(one.status_code for one in at_once(*[partial(post, apis[0])] * CLIENTS))
    assert statuses == {201: 1, 403: CLIENTS - 1}
    require_exact(apis[0], database, project)


def test_counters_are_exact_while_fractals_are_posted_claimed_reported_and_deleted(
    apis, database, project
):
    ask(apis[0], "PUT", f"/api/quota/{project}", ADMIN, json={"queued": LIMIT})

    def life(number: int) -> set[int]:
        api, by = apis[number % 2], f"producer-{number}"
        statuses = set()
        for turn in range(6):
            statuses.add(post(api, turn % 3).status_code)
            claim = {"claimed_by": by, "lease": 60, "count": 3}
            claimed = ask(api, "POST", "/api/claim", SERVICE, json=claim).json()["objects"]
            for one in claimed[:1]:
                fault = {"attempt": one["attempt"], "token": one["token"], "fault": "no"}
                path = f"/api/fractal/{one['uuid']}"
                statuses.add(ask(api, "PUT", path, SERVICE, json=fault).status_code)
                statuses.add(ask(api, "POST", f"{path}/retry").status_code)
            complete = [
                {
                    **{name: one[name] for name in ("uuid", "attempt", "token")},
                    **{"checksum": "a" * 64, "duration": 1.0, "size": 5, "generated_by": by},
                }
                for one in claimed[1:]
            ]
            body = {"claimed_by": by, "complete": complete}
            statuses.add(ask(api, "PUT", "/api/claim", SERVICE, json=body).status_code)
            for one in claimed[2:]:
                statuses.add(ask(api, "DELETE", f"/api/fractal/{one['uuid']}").status_code)
        return statuses

    statuses = set().union(*at_once(*[partial(life, number) for number in range(CLIENTS)]))
    assert {status for status in statuses if status >= 500} == set()
    # Between its fault and its retry another client may have claimed it.
    assert statuses <= {200, 201, 204, 403, 404, 409}
    require_exact(apis[0], database, project)
    assert usage(apis[0], project)["bytes"] > 0


def test_nothing_of_this_was_unexpected(apis):
    for one in apis:
        assert "Traceback" not in one.service.output()
        assert one.service.lines_with(" ERROR ") == []


def test_no_project_has_more_renders_than_its_limit_whoever_claims(database, project):
    parsed = parse_url(database)
    engine = create_engine(parsed, **engine_options(parsed, 60.0))
    owners = [Owner("alpha", "ada"), Owner("beta", "bob")]
    tasks = {one: [FractalTask(uuid=str(uuid4()), **TASK) for _ in range(LIMIT)] for one in owners}
    with Session(engine) as session:
        for owner, some in tasks.items():
            posting.post_all(session, some, owner)

    def claim(number: int) -> list[str]:
        with Session(engine, expire_on_commit=False) as session:
            terms = claims.Terms(limit=LIMIT // 3)
            found = claims.claim(session, f"producer-{number}", 2, 60.0, POLICY, terms)
            return [one.project_id for one in found]

    claimed = Counter(
        one for some in at_once(*[partial(claim, n) for n in range(CLIENTS)]) for one in some
    )
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM fractal WHERE project_id IN ('alpha', 'beta')"))
    engine.dispose()
    assert claimed == {"alpha": LIMIT // 3, "beta": LIMIT // 3}

# SPDX-License-Identifier: Apache-2.0
"""``make test-galera``: APIs on the nodes of a Galera cluster."""

import uuid

import pytest
import requests
from sqlalchemy import create_engine, orm, text, update

from faafo.db import galera
from faafo.db.deadlock import retry_on_deadlock
from faafo.db.engine import engine_options
from faafo.db.models import Deletions
from faafo.db.url import parse_url
from tests.chaos.site import Site
from tests.functional.galera import galera_cluster
from tests.functional.processes import wait_until

FRACTAL = {"width": 8, "height": 8, "iterations": 9, "xa": -2, "xb": 2, "ya": -2, "yb": 2}


@pytest.fixture(scope="module")
def cluster():
    with galera_cluster() as running:
        yield running


@pytest.fixture(scope="module")
def urls(cluster):
    """The URLs of one database on every node."""
    with cluster.database() as url:
        name = url.rpartition("/")[2]
        yield [f"{node.url}/{name}" for node in cluster.nodes]


@pytest.fixture(scope="module")
def site(urls, tmp_path_factory):
    """Two APIs, each on a node of its own."""
    with Site(tmp_path_factory.mktemp("site"), urls[0], "inprocess://") as one:
        for number, one.database_url in enumerate(urls[:2], 1):
            one.add_api(f"api-{number}")
        yield one


def _sessions(urls):
    for text_of_url in urls:
        url = parse_url(text_of_url)
        engine = create_engine(url, **engine_options(url, 20.0))
        galera.support_nodes(engine)
        yield orm.Session(engine)


def test_a_fractal_is_known_to_the_api_of_another_node_at_once(site, urls):
    for _ in range(50):
        posted = requests.post(f"{site.apis[0]}/api/fractal", json=FRACTAL, timeout=60)
        assert posted.status_code == 201
        uuid_ = posted.json()["uuid"]
        assert requests.get(f"{site.apis[1]}/api/fractal/{uuid_}", timeout=60).ok
    (session,) = _sessions(urls[:1])
    with session:
        assert session.scalar(text("SELECT @@wsrep_sync_wait")) == 3


def test_a_transaction_that_fails_its_certification_is_repeated(site, urls):
    first, second = _sessions(urls[:2])
    attempts = []
    count = update(Deletions).where(Deletions.id == 1).values(count=Deletions.count + 1)

    @retry_on_deadlock
    def change(session):
        attempts.append(session.execute(count))
        if len(attempts) == 1:
            second.execute(count)
            second.commit()
        session.commit()

    with first, second:
        before = first.scalar(text("SELECT count FROM deletions"))
        first.rollback()
        change(first)
        assert len(attempts) == 2
        assert second.scalar(text("SELECT count FROM deletions")) == before + 2


def test_the_api_of_a_node_that_is_cut_off_is_unavailable_until_it_is_back(site, cluster):
    api, other = site.of("api")[1], site.apis[0]
    body = {**FRACTAL, "uuid": str(uuid.uuid4())}
    cluster.nodes[1].cut_off()
    try:
        refused = requests.post(f"{site.apis[1]}/api/fractal", json=body, timeout=60)
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2")
        status = requests.get(f"{site.apis[1]}/healthcheck", timeout=60).status_code
        assert status == 503, api.service.output()
        assert requests.post(f"{other}/api/fractal", json=body, timeout=60).status_code == 201
    finally:
        cluster.nodes[1].reconnect()
    wait_until(lambda: requests.get(f"{site.apis[1]}/healthcheck", timeout=60).ok, "the API")
    assert requests.post(f"{site.apis[1]}/api/fractal", json=body, timeout=60).status_code == 409
    assert "WSREP has not yet prepared node" in api.service.output()
    assert "Traceback" not in api.service.output()

# SPDX-License-Identifier: Apache-2.0
"""Everything on one host, as ``vagrant up`` has it."""

import shutil
from concurrent.futures import Future

import pytest
import requests

from tests.deploy.hosts import Base, run
from tests.deploy.site import Site, changes
from tests.functional.processes import wait_until


@pytest.fixture(scope="module")
def site(one_host: Future[Site]) -> Site:
    return one_host.result()


def test_fractals_are_rendered(site: Site) -> None:
    site.check_images(site.wait_until_complete(site.post(30)))


def test_the_three_ports_answer(site: Site) -> None:
    for url in (f"{site.url}/", f"{site.url}:5000/", f"{site.url}:15672/"):
        assert requests.get(url, auth=site.login(), timeout=10).ok, url


def test_visitors_have_to_log_in(site: Site) -> None:
    for url in (f"{site.url}/", f"{site.url}:5000/", f"{site.url}:5000/api/fractal"):
        answer = requests.get(url, timeout=10)
        assert answer.status_code == 401, url
        assert answer.headers["WWW-Authenticate"].startswith("Basic "), url


def test_redis_is_told_of_every_fractal(site: Site) -> None:
    host = site.hosts["faafo"]
    password = "$(sed -n 's/^requirepass //p' /etc/redis/faafo.conf)"
    command = f"redis-cli --no-auth-warning -a {password} --scan --pattern 'faafo:job:*'"
    posted = site.wait_until_complete(site.post(5))
    wait_until(
        lambda: {f"faafo:job:{one['uuid']}" for one in posted} <= set(host.ssh(command).split()),
        "the states of jobs in Redis",
    )
    columns = "--vhost faafo --no-table-headers name policy"
    rows = host.ssh(f"rabbitmqctl --quiet list_queues {columns}").splitlines()
    bounds = dict(row.split("\t") for row in rows)
    events = {name for name in bounds if name.startswith("faafo_events")}
    assert {bounds[name] for name in events} == {"faafo-events"}
    of_hosts = {name for name in bounds if "." in name} - events
    assert {bounds[name] for name in of_hosts} == {"faafo-gone"}
    assert {name.partition(".")[0] for name in of_hosts} >= {"tasks", "producers", "readers"}


def test_database_and_broker_are_not_on_the_network(site: Site) -> None:
    listening = site.hosts["faafo"].ssh("ss --listening --tcp --numeric --no-header")
    addresses = {line.split()[3] for line in listening.splitlines()}
    assert {"127.0.0.1:3306", "127.0.0.1:5672"} <= addresses
    inside = (":3306", ":5672", ":6379")
    assert not [one for one in addresses if one.endswith(inside) and "127.0" not in one]


def test_a_second_run_changes_nothing(site: Site) -> None:
    assert changes(site.play()) == {"faafo": 0}


@pytest.mark.parametrize("nodes", ["1", "3"])
def test_vagrant_takes_the_vagrantfile(base: Base, nodes: str) -> None:
    if shutil.which("vagrant") is None:
        pytest.skip("vagrant is not there: apt-get install vagrant, where Debian has it")
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/tmp", "NODES": nodes}
    run("vagrant", "validate", "--ignore-provider", cwd=base.checkout, env=environment)

# SPDX-License-Identifier: Apache-2.0
"""The lab's hosts, for the tests of this directory."""

import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.deploy.hosts import Base, Host
from tests.deploy.site import Site

EVERYTHING = (
    *("database", "messaging", "api", "producer", "worker", "notifier", "reader"),
    "webinterface",
)


@pytest.fixture(scope="session")
def base() -> Base:
    """What every host begins as."""
    lab = os.environ.get("FAAFO_LAB")
    if not lab:
        pytest.fail("these tests run in a lab of their own: make test-deploy")
    base = Base(Path(lab))
    base.make()
    return base


@pytest.fixture(scope="session")
def one_host(base: Base) -> Iterator[Future[Site]]:
    """Make a site on one host, as ``vagrant up`` does; other tests may go on meanwhile."""

    def make() -> Site:
        host.wait_until_up()
        site.play()
        return site

    with Host(base, "faafo", 20) as host, ThreadPoolExecutor() as executor:
        # What the Vagrantfile says beside the groups.
        variables = {"api_bind_address": "0.0.0.0", "messaging_management_address": "0.0.0.0"}
        groups = dict.fromkeys(EVERYTHING, ["faafo"])
        site = Site(base, base.directory / "one", [host], groups, variables)
        yield executor.submit(make)

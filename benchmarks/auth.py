# SPDX-License-Identifier: Apache-2.0
"""What a login costs: requests with a known password or token against those without a login."""

import base64
import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bcrypt

from benchmarks import load
from benchmarks.figures import median_ratio
from benchmarks.report import Report
from tests.functional.keystone import Keystone, Memcached
from tests.functional.processes import SMALL_FRACTAL, running_api

ROUNDS = 5
REQUESTS = 2000
LEAST_RATIO = 0.6
WITHOUT, BASIC, TOKEN = "no login", "http_basic, known password", "keystone, cached token"
PASSWORD = "secretsecret"
HOW = (
    f"Three APIs on SQLite. Four connections get the record of one fractal {REQUESTS} times from "
    f"each of them, in turns, {ROUNDS} times. Keystone and memcached are real; the token is "
    "validated once in 5 seconds, from memcached."
)


@dataclass(frozen=True)
class _Asked:
    url: str
    path: str
    headers: dict[str, str]

    def rate(self) -> float:
        """Return the requests a second."""
        requests = [("GET", self.path, None)] * REQUESTS
        return load.send(self.url, requests, expected=200, headers=self.headers).rate


def run(report: Report) -> None:
    """Measure requests a second by strategy."""
    report.section("The cost of a login", HOW)
    report.progress("auth: starting Keystone, memcached and three APIs")
    rates: dict[str, list[float]] = {name: [] for name in (WITHOUT, BASIC, TOKEN)}
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        asked = dict(zip(rates, _apis(stack, directory), strict=True))
        for number in range(ROUNDS):
            for name, one in asked.items():
                rates[name].append(one.rate())
            last = ", ".join(f"{name} {measured[-1]:.0f}/s" for name, measured in rates.items())
            report.progress(f"auth: round {number + 1}, {last}")
    report.table(
        ("requests/s", "each round"),
        [(name, ", ".join(f"{rate:.0f}" for rate in measured)) for name, measured in rates.items()],
    )
    for name in (BASIC, TOKEN):
        ratio = median_ratio(rates[name], rates[WITHOUT])
        report.at_least(f"GET with {name}, against no login", LEAST_RATIO, ratio, "times")


def _apis(stack: contextlib.ExitStack, directory: Path) -> Iterator[_Asked]:
    users = directory / "users"
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    users.write_text(f"ada:{hashed}\n")
    keystone, memcached = (stack.enter_context(one()) for one in (Keystone, Memcached))
    given = base64.b64encode(f"ada:{PASSWORD}".encode()).decode()
    middleware = {
        **keystone.options("admin"),
        "interface": "public",
        "memcached_servers": memcached.address,
    }
    login = {"auth_strategy": "http_basic", "http_basic_auth_user_file": users}
    token = {"X-Auth-Token": keystone.token("member")}
    for name, headers, options in (
        ("noauth", {}, {}),
        ("basic", {"Authorization": f"Basic {given}"}, login),
        (
            "keystone",
            token,
            {"auth_strategy": "keystone", "groups": {"keystone_authtoken": middleware}},
        ),
    ):
        yield _api(stack, directory / name, headers, options)


def _api(
    stack: contextlib.ExitStack, directory: Path, headers: dict[str, str], options: dict[str, Any]
) -> _Asked:
    directory.mkdir()
    url = stack.enter_context(running_api(directory, **options)).url
    fractal = SMALL_FRACTAL | {"uuid": "00000000-0000-4000-8000-000000000001"}
    load.send(url, [("POST", "/api/fractal", fractal)], expected=201, headers=headers)
    return _Asked(url, f"/api/fractal/{fractal['uuid']}", headers)

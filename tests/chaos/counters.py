# SPDX-License-Identifier: Apache-2.0
"""A login for a site: its fractals belong to a project, whose counters must agree with COUNT."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import create_engine, text

from faafo.client.keystone import REQUIRED
from faafo.db.url import parse_url
from tests.functional.test_http_basic import write_users
from tests.functional.test_quota import COUNT, PROJECT

USER, SERVICE, ADMIN = (("ada", "S3Cret"), ("faafo", "S3Cret"), ("root", "S3Cret"))
# Limits that are looked at with every POST, and refuse none.
QUOTA = {"queued": 10**6, "fractals": 10**6, "bytes": 10**12, "pixels_per_day": 10**15}

Groups = dict[str, dict[str, Any]]


def with_login(settings: Mapping[str, dict[str, Any]], directory: Path) -> Groups:
    """Return ``settings`` of all services with a login, for users in a file in ``directory``."""
    users = directory / "users"
    write_users(users, USER, SERVICE, ADMIN)
    api = {
        "auth_strategy": "http_basic",
        "http_basic_auth_user_file": users,
        "service_users": SERVICE[0],
        "admin_users": ADMIN[0],
    }
    credentials = dict(zip(REQUIRED["http_basic"], SERVICE, strict=True))
    return {
        **settings,
        "api": {**settings.get("api", {}), **api},
        "quota": QUOTA,
        "service_auth": {"auth_type": "http_basic", **credentials},
    }


def miscounted(url: str, database_url: str) -> list[str]:
    """Return which counters of the project are not what counting its records says."""
    answer = requests.get(f"{url}/api/quota/{PROJECT}", auth=USER, timeout=60)
    answer.raise_for_status()
    engine = create_engine(parse_url(database_url))
    with engine.connect() as connection:
        row = connection.execute(text(COUNT)).one()
    engine.dispose()
    usage = answer.json()["usage"]
    counted = zip(("queued", "fractals", "bytes"), row, strict=True)
    return [
        f"the counter of {name} is {usage[name]}, and counting says {int(number or 0)}"
        for name, number in counted
        if usage[name] != int(number or 0)
    ]

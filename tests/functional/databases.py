# SPDX-License-Identifier: Apache-2.0
"""Which database server the tests run on: MariaDB, or what FAAFO_TEST_DATABASE names."""

import os
from typing import TypeAlias

from tests.functional.postgresql import PostgreSQL
from tests.functional.servers import MariaDB

DatabaseServer: TypeAlias = MariaDB | PostgreSQL

KINDS: dict[str, type[DatabaseServer]] = {"mariadb": MariaDB, "postgresql": PostgreSQL}
CHOSEN = os.environ.get("FAAFO_TEST_DATABASE", "mariadb")
Chosen = KINDS[CHOSEN]
# What a test runs on that is about no server alone.
DATABASES = ["sqlite", CHOSEN]

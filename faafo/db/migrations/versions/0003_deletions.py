# SPDX-License-Identifier: Apache-2.0
"""Count deletions, so that a full count of fractals is valid until the next one."""

import sqlalchemy as sa

from faafo.db.migrations import steps

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    steps.create_table(
        "deletions",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        mysql_engine="InnoDB",
    )
    steps.insert_row("deletions", id=1, count=0)

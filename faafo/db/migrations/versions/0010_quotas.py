# SPDX-License-Identifier: Apache-2.0
"""Limit what a project may use, and count what it uses."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from faafo.db.migrations import steps

revision = "0010"
down_revision = "0009"

NAME = sa.String(64).with_variant(
    mysql.VARCHAR(64, charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb"
)
COUNTS = ("queued", "fractals", "bytes", "pixels")
LIMITS = ("queued", "fractals", "bytes", "pixels_per_day")
# A single statement, so that an interrupted upgrade has counted all fractals or none.
COUNT = """
    INSERT INTO {usage} (project_id, queued, fractals, bytes)
    SELECT project_id,
           SUM(CASE WHEN status IN ('queued', 'rendering') THEN 1 ELSE 0 END),
           COUNT(*),
           SUM(CASE WHEN status = 'complete' THEN COALESCE(size, 0) ELSE 0 END)
    FROM fractal
    WHERE project_id IS NOT NULL AND project_id NOT IN (SELECT project_id FROM {usage})
    GROUP BY project_id
"""


def upgrade() -> None:
    limits = [sa.Column(name, sa.BigInteger) for name in LIMITS]
    steps.create_table("quota", sa.Column("project_id", NAME, primary_key=True), *limits)
    counts = [sa.Column(name, sa.BigInteger, nullable=False, server_default="0") for name in COUNTS]
    steps.create_table(
        "usage",
        sa.Column("project_id", NAME, primary_key=True),
        *counts,
        sa.Column("day", sa.Date),
    )
    # A reserved word of MariaDB.
    usage = op.get_bind().dialect.identifier_preparer.quote_identifier("usage")
    op.execute(sa.text(COUNT.format(usage=usage)))

# SPDX-License-Identifier: Apache-2.0
"""Add to fractals when they are rendered; what is queued already comes first, the oldest of all."""

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from faafo.db.migrations import steps

revision = "0016"
down_revision = "0015"

MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")


def upgrade() -> None:
    first = "1970-01-01 00:00:00.000000"
    steps.add_columns(
        "fractal",
        sa.Column("priority", sa.Integer, nullable=False, server_default="0"),
        sa.Column("not_before", MOMENT),
        sa.Column("expires_at", MOMENT),
        sa.Column("turn_at", MOMENT, nullable=False, server_default=first),
    )
    steps.create_index(
        "ix_fractal_turn",
        "fractal",
        ["status", "project_id", "turn_at", "id", "claimable_at"],
    )
    steps.create_index(
        "ix_fractal_status_expires_at",
        "fractal",
        ["status", "expires_at"],
        sqlite_where=sa.text("expires_at IS NOT NULL"),
        postgresql_where=sa.text("expires_at IS NOT NULL"),
    )

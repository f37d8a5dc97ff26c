# SPDX-License-Identifier: Apache-2.0
"""Add to fractals their kind and label, and index by these what can be claimed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from faafo.db.migrations import steps

revision = "0018"
down_revision = "0017"

LABEL = sa.String(64).with_variant(
    mysql.VARCHAR(64, charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb"
)


def upgrade() -> None:
    steps.add_columns(
        "fractal",
        sa.Column("kind", sa.String(16), nullable=False, server_default="render"),
        sa.Column("label", LABEL),
    )
    # Those of parts wait for their join, or did.
    op.execute("UPDATE fractal SET kind = 'join' WHERE children IS NOT NULL AND kind = 'render'")
    steps.create_index(
        "ix_fractal_kind_turn",
        "fractal",
        ["status", "project_id", "kind", "label", "turn_at", "id", "claimable_at"],
    )
    steps.drop_index("ix_fractal_turn", "fractal")

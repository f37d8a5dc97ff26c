# SPDX-License-Identifier: Apache-2.0
"""Add to fractals which part of another one they are, and how many parts they have."""

import sqlalchemy as sa

from faafo.db.migrations import steps

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    steps.add_columns(
        "fractal",
        sa.Column("parent", sa.String(36)),
        sa.Column("first_row", sa.Integer),
        sa.Column("band_rows", sa.Integer),
        sa.Column("children", sa.Integer),
        sa.Column("open_children", sa.Integer),
    )
    steps.create_index("ix_fractal_parent_status", "fractal", ["parent", "status"])

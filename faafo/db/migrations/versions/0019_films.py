# SPDX-License-Identifier: Apache-2.0
"""Add to fractals what makes them a film, and which frame of one they are."""

import sqlalchemy as sa

from faafo.db.migrations import steps

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    steps.add_columns(
        "fractal",
        sa.Column("film", sa.Text),
        sa.Column("frame", sa.Integer),
    )
    has_children = sa.text("children IS NOT NULL")
    steps.create_index(
        "ix_fractal_children",
        "fractal",
        ["children"],
        sqlite_where=has_children,
        postgresql_where=has_children,
    )

# SPDX-License-Identifier: Apache-2.0
"""Add a palette to fractals; existing ones have the original palette."""

import sqlalchemy as sa

from faafo.db.migrations import steps

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    # Adding a column with a default takes the same time for any number of rows.
    steps.add_column(
        "fractal",
        sa.Column("palette", sa.String(16), nullable=False, server_default="original"),
    )

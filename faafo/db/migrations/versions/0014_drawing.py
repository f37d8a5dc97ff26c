# SPDX-License-Identifier: Apache-2.0
"""Add to fractals how they are drawn; existing ones are drawn as before."""

import sqlalchemy as sa

from faafo.db.migrations import steps

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    steps.add_columns(
        "fractal",
        sa.Column("formula", sa.String(16), nullable=False, server_default="z2"),
        sa.Column("colouring", sa.String(16), nullable=False, server_default="bands"),
        sa.Column("samples", sa.Integer, nullable=False, server_default="1"),
        sa.Column("offset", sa.Double, nullable=False, server_default="0", quote=True),
        sa.Column("density", sa.Double, nullable=False, server_default="1"),
        sa.Column("inside", sa.String(7)),
        sa.Column("parameter_version", sa.Integer, nullable=False, server_default="1"),
    )

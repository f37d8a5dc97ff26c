# SPDX-License-Identifier: Apache-2.0
"""Add the number of rows rendered so far."""

import sqlalchemy as sa

from faafo.db.migrations import steps

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    steps.add_column("fractal", sa.Column("rows_done", sa.Integer))

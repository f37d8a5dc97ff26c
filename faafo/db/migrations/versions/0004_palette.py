# SPDX-License-Identifier: Apache-2.0
"""Give fractals a palette; those that are there have the original one."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    # A column with a default is added at once, however many rows there are.
    op.add_column(
        "fractal",
        sa.Column("palette", sa.String(16), nullable=False, server_default="original"),
    )

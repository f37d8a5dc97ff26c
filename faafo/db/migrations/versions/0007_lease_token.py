# SPDX-License-Identifier: Apache-2.0
"""Tell records that have the same uuid one after the other apart, and name their images."""

import sqlalchemy as sa

from faafo.db.migrations import steps

revision = "0007"
down_revision = "0006"

# The incarnation of all records that are older than this column.
OLDER = "0" * 16


def upgrade() -> None:
    incarnation = sa.Column("incarnation", sa.String(16), nullable=False, server_default=OLDER)
    steps.add_column("fractal", incarnation)
    steps.add_column("fractal", sa.Column("image_token", sa.String(32)))

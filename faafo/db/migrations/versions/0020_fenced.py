# SPDX-License-Identifier: Apache-2.0
"""Have locks count what is written under them."""

import sqlalchemy as sa

from faafo.db.migrations import steps

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    uses = sa.Column("uses", sa.BigInteger(), nullable=False, server_default="0")
    steps.add_column("lock", uses)

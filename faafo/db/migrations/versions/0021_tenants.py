# SPDX-License-Identifier: Apache-2.0
"""Add to deliveries the project at the receiver, by which claims share them out."""

import sqlalchemy as sa

from faafo.db.migrations import steps

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    steps.add_columns("delivery", sa.Column("tenant", sa.BigInteger))
    claims = ["status", "bus", "due_at", "webhook_id", "tenant"]
    steps.create_index("ix_delivery_due", "delivery", claims)
    steps.drop_index("ix_delivery_status_bus_due_at", "delivery")

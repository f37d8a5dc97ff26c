# SPDX-License-Identifier: Apache-2.0
"""Claim the oldest fractal first, retried ones included."""

from faafo.db.migrations import steps

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    # The index (status, id) gives this order; with both, a planner may choose the wrong index.
    steps.drop_index("ix_fractal_status_claimable_at", "fractal")

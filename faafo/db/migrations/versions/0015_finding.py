# SPDX-License-Identifier: Apache-2.0
"""Index fractals by palette, by worker and by time, for the filters of the gallery."""

from faafo.db.migrations import steps

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    # The primary key is a part of each: the fractals of a status come sorted, newest last.
    steps.create_index("ix_fractal_palette_status", "fractal", ["palette", "status"])
    steps.create_index("ix_fractal_generated_by_status", "fractal", ["generated_by", "status"])
    steps.create_index("ix_fractal_created_at", "fractal", ["created_at"])

# SPDX-License-Identifier: Apache-2.0
"""What Alembic runs to reach the database: always over a connection that we hand in."""

from alembic import context

from faafo.db import models

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=models.Fractal.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()

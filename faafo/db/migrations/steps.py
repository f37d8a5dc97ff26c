# SPDX-License-Identifier: Apache-2.0
"""Steps of a migration that do nothing when an interrupted upgrade has done them already.

MariaDB commits each DDL statement by itself, so an upgrade that is killed leaves a revision half
done and the version table at the revision before. Each step looks at the schema first: the next
upgrade begins with the same revision and completes it. On SQLite and PostgreSQL the whole upgrade
is one transaction; on SQLite the steps complete what releases before 1.0 have left.

On PostgreSQL text is compared and sorted by its bytes, whatever the locale of the database, and
each index ends with the primary key, as those of the others do by themselves.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import CreateColumn


def create_table(name: str, *columns: sa.Column, **options: Any) -> None:
    """Create a table unless it exists."""
    if not _inspector().has_table(name):
        op.create_table(name, *_compared_exactly(columns), **options)


def add_column(table: str, column: sa.Column) -> None:
    """Add a column unless the table has one of that name."""
    if column.name not in {one["name"] for one in _inspector().get_columns(table)}:
        op.add_column(table, *_compared_exactly([column]))


def add_columns(table: str, *columns: sa.Column) -> None:
    """Add those of the columns that the table does not have, in as few statements as possible.

    MariaDB rewrites a table that has an index of a computed column, and lets nobody write to it
    meanwhile, for each statement that adds a column: for each million fractals some 20 seconds.
    """
    bind = op.get_bind()
    known = {one["name"] for one in _inspector().get_columns(table)}
    missing = [column for column in columns if column.name not in known]
    if bind.dialect.name == "sqlite":
        for column in missing:
            op.add_column(table, column)
        return
    # A column is compiled as one of a table.
    name = sa.Table(table, sa.MetaData(), *_compared_exactly(missing)).name
    added = [f"ADD COLUMN {CreateColumn(one).compile(dialect=bind.dialect)}" for one in missing]
    if added:
        op.execute(f"ALTER TABLE {name} {', '.join(added)}")


def create_index(name: str, table: str, columns: list[str], **options: Any) -> None:
    """Create an index unless the table has one of that name."""
    if name not in _indexes(table):
        op.create_index(name, table, [*columns, *_last_columns(table, columns)], **options)


def drop_index(name: str, table: str) -> None:
    """Drop an index if the table has it."""
    if name in _indexes(table):
        op.drop_index(name, table)


def insert_row(table: str, **values: Any) -> None:
    """Insert a row unless the table has one with the same ``id``."""
    target = sa.table(table, *(sa.column(name) for name in values))
    same_id = sa.select(sa.func.count()).select_from(target).where(target.c.id == values["id"])
    if not op.get_bind().scalar(same_id):
        op.execute(target.insert().values(**values))


def product(one: str, other: str) -> sa.Computed:
    """Return the computed product of two columns of integers, which may need 64 bits."""
    if _is_postgresql():
        # It has virtual columns, and indexes of them, in no version.
        return sa.Computed(f"CAST({one} AS BIGINT) * {other}", persisted=True)
    return sa.Computed(f"{one} * {other}", persisted=False)


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _compared_exactly(columns: Sequence[sa.Column]) -> Sequence[sa.Column]:
    """Return the columns; on PostgreSQL, those of text have the collation "C"."""
    for column in columns if _is_postgresql() else ():
        if isinstance(column.type, sa.String):
            column.type = type(column.type)(column.type.length, collation="C")
    return columns


def _last_columns(table: str, columns: Sequence[str]) -> list[str]:
    if not _is_postgresql():
        return []
    primary = _inspector().get_pk_constraint(table)["constrained_columns"]
    return [name for name in primary if name not in columns]


def _indexes(table: str) -> set[str | None]:
    return {one["name"] for one in _inspector().get_indexes(table)}


def _inspector() -> sa.Inspector:
    """Return a new inspector: one that is kept does not see what a step has changed."""
    return sa.inspect(op.get_bind())

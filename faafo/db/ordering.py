# SPDX-License-Identifier: Apache-2.0
"""Sort keys with which every database sorts alike, and by its indexes."""

from typing import Any

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class last_of(FunctionElement[Any]):  # noqa: N801 - reads like the SQL that it stands for
    """The last of some columns as a sort key, where each of the others has one value.

    PostgreSQL does not know that of a column that IS NULL, and would sort all rows instead of
    reading the first ones from an index.
    """

    inherit_cache = True


@compiles(last_of)
def _last(element: last_of, compiler: Any, **kw: Any) -> str:
    return compiler.process(list(element.clauses)[-1], **kw)


@compiles(last_of, "postgresql")
def _all(element: last_of, compiler: Any, **kw: Any) -> str:
    return ", ".join(compiler.process(one, **kw) for one in element.clauses)


class ascending(FunctionElement[Any]):  # noqa: N801
    """A column as a sort key: NULL is smaller than any value, as on SQLite and MariaDB."""

    inherit_cache = True


class descending(ascending):  # noqa: N801
    """The same in descending order."""

    inherit_cache = True


@compiles(ascending)
def _ascending(element: ascending, compiler: Any, **kw: Any) -> str:
    return f"{compiler.process(element.clauses, **kw)} ASC"


@compiles(descending)
def _descending(element: descending, compiler: Any, **kw: Any) -> str:
    return f"{compiler.process(element.clauses, **kw)} DESC"


@compiles(ascending, "postgresql")
def _nulls_first(element: ascending, compiler: Any, **kw: Any) -> str:
    return f"{compiler.process(element.clauses, **kw)} ASC NULLS FIRST"


@compiles(descending, "postgresql")
def _nulls_last(element: descending, compiler: Any, **kw: Any) -> str:
    return f"{compiler.process(element.clauses, **kw)} DESC NULLS LAST"

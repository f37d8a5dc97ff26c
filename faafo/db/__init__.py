# SPDX-License-Identifier: Apache-2.0
"""The database: its models, its queries, its migrations; only the API opens it."""

from typing import Any, ClassVar, TypeAlias

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Table, orm


class Base(orm.DeclarativeBase):
    """The base of every model."""

    # SQLAlchemy promises less, a FromClause; a model's is always a table.
    __table__: ClassVar[Table]


# db.session is a proxy for the session of the current request; a command opens its own session.
Session: TypeAlias = orm.Session | orm.scoped_session[Any]


# Flask's way of having an extension: this object has no state, the application it is bound to has.
# A session ends with its request, so what it read before a commit need not be read again after it.
db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})

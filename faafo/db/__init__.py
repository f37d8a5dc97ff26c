# SPDX-License-Identifier: Apache-2.0
"""The database: its models, its queries, its migrations; only the API opens it."""

from typing import Any, ClassVar, TypeAlias

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Table, orm


class Base(orm.DeclarativeBase):
    """The base of every model."""

    # SQLAlchemy declares a FromClause, which insert() and update() do not accept.
    __table__: ClassVar[Table]


# db.session is a proxy for the session of the current request; a command opens its own session.
Session: TypeAlias = orm.Session | orm.scoped_session[Any]


# A Flask extension: the state is in the application that it is bound to.
# A session ends with its request, so objects need not be reloaded after a commit.
db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})

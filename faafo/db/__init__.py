# SPDX-License-Identifier: Apache-2.0
"""The database: its model, its queries, its migrations; only the API opens it."""

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    """The base of every model."""


# Flask's way of having an extension: this object has no state, the application it is bound to has.
# A session ends with its request, so what it read before a commit need not be read again after it.
db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})

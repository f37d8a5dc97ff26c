# SPDX-License-Identifier: Apache-2.0
"""What templates ask before they show a button: may the visitor press it?"""

from flask import Flask, request

from faafo.core import access, collection_access
from faafo.core.collaborators import collaborators
from faafo.core.context import request_context
from faafo.core.reading import CHANNEL
from faafo.db.models import Collection, Fractal
from faafo.web.local import this_page


def register(app: Flask) -> None:
    """Give the templates of ``app`` the functions of this module."""
    app.add_template_global(may, "may")
    app.add_template_global(may_change, "may_change")
    app.add_template_global(may_share, "may_share")
    app.add_template_global(may_change_collection, "may_change_collection")
    app.add_template_global(other_user, "other_user")
    app.add_template_global(this_page, "this_page")
    app.add_template_global(has_event_streams, "has_event_streams")


def may(rule: str) -> bool:
    """Tell whether ``rule`` allows the visitor."""
    return access.is_allowed(rule)


def has_event_streams() -> bool:
    """Tell whether a page may follow events; a visitor who sees a page may."""
    has_any = CHANNEL in request.environ and collaborators().streams.is_open
    is_visitor = request_context().project_id is None
    return has_any and (is_visitor or may("event:list"))


def may_change(fractal: Fractal, rule: str) -> bool:
    """Tell whether ``rule`` allows the visitor, and the fractal is one that he may change."""
    return may(rule) and access.may_change(fractal)


def may_share(fractal: Fractal) -> bool:
    """Tell the same of sharing; without a login everybody sees everything."""
    is_logged_in = request_context().project_id is not None
    return is_logged_in and may_change(fractal, "fractal:share")


def may_change_collection(collection: Collection, rule: str = collection_access.UPDATE) -> bool:
    """Tell whether ``rule`` allows the visitor, and the collection is one that he may change."""
    return may(rule) and collection_access.may_change(collection)


def other_user(collection: Collection) -> str | None:
    """Return the id of the user whose collection it is, None if it is the visitor's own."""
    return None if collection_access.is_own(collection) else collection.user_id

# SPDX-License-Identifier: Apache-2.0
"""What every page says while the service is being maintained."""

from flask import Flask

from faafo.core.collaborators import collaborators


def register(app: Flask) -> None:
    """Give the templates of ``app`` the function of this module."""
    app.add_template_global(maintenance, "maintenance")


def maintenance() -> str | None:
    """Return a sentence on the mode of maintenance; None when it is off."""
    return collaborators().upkeep.sentence()

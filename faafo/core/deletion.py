# SPDX-License-Identifier: Apache-2.0
"""Deletes a fractal: its record and its image."""

from faafo.core.collaborators import collaborators
from faafo.db import db, fractals
from faafo.db.models import Fractal


def delete_fractal(uuid: str, seen: Fractal | None = None) -> bool:
    """Delete the record of a fractal and its image.

    :param seen: the fractal as the client has seen it: one that has changed since is not deleted,
        and the answer is False.
    :raises faafo.errors.FractalNotFound: when there is no such fractal.
    :raises faafo.errors.Overloaded: when the image store is busy; nothing is deleted then.
    """
    ours = collaborators()
    with ours.bulkheads.images.place():
        if not fractals.remove(db.session, uuid, seen):
            return False
        ours.removal.delete(uuid)
    return True


def delete_image(uuid: str) -> None:
    """Have the image of a fractal deleted whose record has been deleted.

    The caller does not wait for the image store.
    """
    collaborators().removal.submit(uuid)

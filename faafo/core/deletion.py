# SPDX-License-Identifier: Apache-2.0
"""Deletes a fractal: its record and its image."""

from faafo.core.collaborators import collaborators
from faafo.db import db, fractals


def delete_fractal(uuid: str) -> None:
    """Delete the record of a fractal and its image.

    :raises faafo.errors.FractalNotFound: when there is no such fractal.
    :raises faafo.errors.Overloaded: when the image store is busy; nothing is deleted then.
    """
    ours = collaborators()
    with ours.bulkheads.images.place():
        fractals.remove(db.session, uuid)
        ours.removal.delete(uuid)


def delete_image(uuid: str) -> None:
    """Have the image of a fractal deleted whose record has been deleted.

    The caller does not wait for the image store.
    """
    collaborators().removal.submit(uuid)

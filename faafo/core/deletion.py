# SPDX-License-Identifier: Apache-2.0
"""Deletes a fractal: its record and its image."""

import logging

from faafo import errors
from faafo.core.collaborators import collaborators
from faafo.db import db, fractals

LOG = logging.getLogger(__name__)


def delete_fractal(uuid: str) -> None:
    """Delete the record of a fractal and its image.

    :raises faafo.errors.FractalNotFound: when there is no such fractal.
    """
    fractals.remove(db.session, uuid)
    delete_image(uuid)


def delete_image(uuid: str) -> None:
    """Delete the image of a fractal whose record has been deleted.

    When the store fails, the image stays until ``faafo-manage store sweep`` removes it.
    """
    try:
        collaborators().store.delete(uuid)
    except errors.StoreUnavailable as error:
        LOG.warning("could not delete the image of fractal %s: %s", uuid, error)

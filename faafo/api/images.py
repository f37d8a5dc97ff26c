"""What several blueprints do with images."""

import logging

from flask import current_app

from faafo import errors

LOG = logging.getLogger(__name__)


def delete_image(uuid: str) -> None:
    """Delete the image of a fractal that is no more; one that cannot be is swept some day."""
    try:
        current_app.extensions["faafo.store"].delete(uuid)
    except errors.StoreUnavailable as error:
        LOG.warning("could not delete the image of fractal %s: %s", uuid, error)

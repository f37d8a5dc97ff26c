"""Removing the image of a fractal that is no more."""

import logging

from faafo import errors
from faafo.store.base import ImageStore

LOG = logging.getLogger(__name__)


def forget_image(store: ImageStore, uuid: str) -> None:
    """Delete the image of a fractal that is no more; one that cannot be is swept some day."""
    try:
        store.delete(uuid)
    except errors.StoreUnavailable as error:
        LOG.warning("could not delete the image of fractal %s: %s", uuid, error)

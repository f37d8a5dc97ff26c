"""What several blueprints do with images."""

from flask import current_app

from faafo.store.removal import forget_image


def delete_image(uuid: str) -> None:
    """Delete the image of a fractal that is no more."""
    forget_image(current_app.extensions["faafo.store"], uuid)

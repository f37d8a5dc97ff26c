"""How the web pages become part of an application."""

from flask import Flask
from flask_bootstrap import Bootstrap5

from faafo.web import (
    actions,
    create,
    download,
    explore,
    filters,
    headers,
    pages,
    thumbnails,
)
from faafo.web.thumbnail import ThumbnailCache

STATIC_MAX_AGE_SECONDS = 3600
THUMBNAIL_CACHE_BYTES = 32 * 2**20


def register(app: Flask, version: str) -> None:
    """Add the pages to ``app``, which knows its image store as ``faafo.store`` already."""
    app.config["BOOTSTRAP_SERVE_LOCAL"] = True
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = STATIC_MAX_AGE_SECONDS
    app.extensions["faafo.thumbnails"] = ThumbnailCache(THUMBNAIL_CACHE_BYTES)
    app.jinja_env.globals["faafo_version"] = version
    Bootstrap5(app)
    filters.register(app)
    headers.register(app)
    app.register_blueprint(pages.blueprint)
    app.register_blueprint(actions.blueprint)
    app.register_blueprint(create.blueprint)
    app.register_blueprint(download.blueprint)
    app.register_blueprint(explore.blueprint)
    app.register_blueprint(explore.leaflet_files)
    app.add_template_global(explore.address_of_fractal, "explorer_address")
    app.add_template_global(create.larger_address, "larger_address")
    app.register_blueprint(thumbnails.blueprint)

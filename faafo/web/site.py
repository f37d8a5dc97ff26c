# SPDX-License-Identifier: Apache-2.0
"""Registers the web interface with an application."""

from flask import Flask
from flask_bootstrap import Bootstrap5

from faafo.store.base import ImageStore
from faafo.web import (
    actions,
    card,
    collections,
    create,
    documentation,
    download,
    explore,
    filters,
    headers,
    login,
    maintenance,
    many,
    pages,
    permissions,
    social,
    swatches,
    system,
    thumbnail,
    viewer,
    webhooks,
    words,
)

STATIC_MAX_AGE_SECONDS = 3600


def register(app: Flask, store: ImageStore, version: str) -> None:
    """Add the pages to ``app``."""
    app.config["BOOTSTRAP_SERVE_LOCAL"] = True
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = STATIC_MAX_AGE_SECONDS
    app.jinja_env.globals["faafo_version"] = version
    Bootstrap5(app)
    filters.register(app)
    permissions.register(app)
    login.register(app)
    maintenance.register(app)
    headers.register(app, store)
    documentation.register(app)
    app.register_blueprint(pages.blueprint)
    app.register_blueprint(actions.blueprint)
    app.register_blueprint(many.blueprint)
    app.register_blueprint(collections.blueprint)
    app.register_blueprint(create.blueprint)
    app.register_blueprint(webhooks.blueprint)
    app.register_blueprint(system.blueprint)
    app.register_blueprint(download.blueprint)
    app.register_blueprint(explore.blueprint)
    app.register_blueprint(explore.leaflet_files)
    app.add_template_global(explore.address_of_fractal, "explorer_address")
    app.add_template_global(create.larger_address, "larger_address")
    app.register_blueprint(thumbnail.blueprint)
    app.add_template_global(thumbnail.preview_address, "preview_address")
    app.register_blueprint(viewer.blueprint)
    app.register_blueprint(card.blueprint)
    app.add_template_global(social.card_address, "card_address")
    app.add_template_global(swatches.swatch, "swatch")
    app.jinja_env.globals["labels"] = words.LABELS
    app.add_template_global(words.value_in_words, "value_in_words")

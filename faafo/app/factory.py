# SPDX-License-Identifier: Apache-2.0
"""The factory of the WSGI application: the REST API, its documentation, the web interface."""

import logging
import string
import time
from collections.abc import Callable
from urllib.parse import quote

from flask import Flask, Response, g, request
from flask.json.provider import DefaultJSONProvider
from flask_openapi import Info, OpenAPI
from oslo_config import cfg

from faafo.api import claim, fractal, health, tile
from faafo.api.schemas import Message
from faafo.app import checks, error_handlers
from faafo.core.bulkhead import Bulkheads
from faafo.core.cache import ByteCache
from faafo.core.collaborators import Collaborators
from faafo.core.image_queue import ImageQueue
from faafo.core.limits import Limits
from faafo.core.preflight import is_preflight
from faafo.core.tile_gateway import TileGateway, connect
from faafo.db import db, deadline, engine
from faafo.db.counts import Counts
from faafo.db.outcomes import RetryPolicy
from faafo.db.url import configured_url
from faafo.store.base import ImageStore
from faafo.web import site

ACCESS_LOG = logging.getLogger("faafo.api.access")
# In characters: a client must not fill the disk.
LONGEST_LOGGED_PATH = 2000
# All other characters are percent-encoded: a path must not break the line or its quotes.
UNQUOTED = string.punctuation.replace('"', "")

THUMBNAIL_CACHE_BYTES = 32 * 2**20
# The share of [database] timeout that a search or a list may take.
SEARCH_SHARE = 0.5


class UnsortedJson(DefaultJSONProvider):
    """Keeps the fields of an answer in the order in which they are documented."""

    sort_keys = False


def no_notice() -> None:
    """Return no notice for the gallery."""


def create_app(
    conf: cfg.ConfigOpts,
    store: ImageStore,
    version: str,
    notice: Callable[[], str | None] = no_notice,
) -> Flask:
    """Return the application that ``conf`` describes; the database need not be reachable yet.

    :param notice: returns a sentence that the gallery is to show at present, or None.
    :raises faafo.errors.ConfigurationError: when ``database_url`` is not valid.
    """
    app = OpenAPI(
        "faafo",
        info=Info(title="faafo", version=version),
        validation_error_status=400,
        validation_error_model=Message,
        validation_error_callback=error_handlers.validation_error,
    )
    app.json = UnsortedJson(app)
    app.config["MAX_CONTENT_LENGTH"] = conf.api.max_body_size
    app.config["ACCEPT_IMAGES"] = conf.api.accept_images
    app.config["MAX_IMAGE_SIZE"] = conf.api.max_image_size
    make_collaborators(conf, store, notice).install(app)
    _open_database(app, conf)
    _log_access(app)
    checks.register(app)
    error_handlers.register(app)
    for resource in (fractal, claim, tile, health):
        app.register_api(resource.blueprint)
    site.register(app, store, version)
    return app


def make_collaborators(
    conf: cfg.ConfigOpts, store: ImageStore, notice: Callable[[], str | None] = no_notice
) -> Collaborators:
    """Return what an application that ``conf`` describes works with; nothing is open yet."""
    bulkheads = Bulkheads.sized_by(conf.api.threads)
    return Collaborators(
        store=store,
        limits=Limits(conf),
        retry_policy=RetryPolicy(
            conf.api.max_attempts, conf.api.retry_delay, conf.api.retry_delay_max
        ),
        counts=Counts(),
        tiles=TileGateway(
            lambda: connect(conf),
            conf.tiles.timeout,
            conf.tiles.max_in_flight,
            conf.tiles.max_iterations,
        ),
        bulkheads=bulkheads,
        thumbnails=ByteCache(THUMBNAIL_CACHE_BYTES, bulkheads.thumbnails),
        images=ImageQueue(store),
        notice=notice,
    )


def _open_database(app: Flask, conf: cfg.ConfigOpts) -> None:
    url = configured_url(conf)
    engine.make_sqlite_directory(url)
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine.engine_options(
        url, conf.database.timeout, conf.api.threads
    )
    db.init_app(app)
    with app.app_context():
        engine.explain_arguments(db.engine)
        engine.tune_sqlite(db.engine)
        engine.look_after_connections(db.engine)
        deadline.set_deadlines(db.engine, SEARCH_SHARE * conf.database.timeout)


def _path_with_query() -> str:
    # Flask's full_path decodes the query; the log line has it encoded.
    query = request.query_string.decode("latin-1")
    path = f"{request.path}?{query}" if query else request.path
    return path if len(path) <= LONGEST_LOGGED_PATH else f"{path[:LONGEST_LOGGED_PATH]}..."


def _log_access(app: Flask) -> None:
    @app.before_request
    def start_clock() -> None:
        g.started_at = time.perf_counter()

    @app.after_request
    def write_line(response: Response) -> Response:
        if is_preflight():
            return response
        # The view of a request that clients repeat all the time, to no effect, sets is_routine.
        ACCESS_LOG.log(
            logging.DEBUG if g.get("is_routine") else logging.INFO,
            '%s "%s %s %s" status: %d len: %s time: %.4f',
            request.remote_addr,
            request.method,
            quote(_path_with_query(), safe=UNQUOTED),
            request.environ.get("SERVER_PROTOCOL"),
            response.status_code,
            response.content_length or 0,
            time.perf_counter() - g.started_at,
        )
        return response

# SPDX-License-Identifier: Apache-2.0
"""The factory of the WSGI application: the REST API, its documentation, the web interface."""

from collections.abc import Callable

from flask import Flask
from flask.json.provider import DefaultJSONProvider
from flask_openapi import Info
from oslo_config import cfg

from faafo.api import version as versions
from faafo.api.resources import RESOURCES
from faafo.api.schemas import Message
from faafo.app import (
    checks,
    error_handlers,
    event_watch,
    gate,
    proxies,
    request_log,
    settings,
    shortcut,
)
from faafo.app.openapi import DocumentedApp
from faafo.app.token_store import TokenStore
from faafo.auth.strategy import open_authenticator, open_policy
from faafo.core.arrivals import Arrivals
from faafo.core.backlog import KnownBacklog
from faafo.core.bulkhead import Bulkheads
from faafo.core.cache import ByteCache
from faafo.core.collaborators import Collaborators
from faafo.core.endings import Endings
from faafo.core.image_queue import ImageQueue
from faafo.core.jobs import open_recent
from faafo.core.limits import Limits
from faafo.core.policy import ROLES
from faafo.core.receivers import Receivers
from faafo.core.registry import Registry
from faafo.core.settings import FollowedSettings
from faafo.core.streams import Streams
from faafo.core.tile_gateway import TileGateway, connect
from faafo.core.upkeep import Upkeep
from faafo.db import db, deadline, engine, failover, galera
from faafo.db.counts import CountsByScope
from faafo.db.url import configured_url
from faafo.store.base import ImageStore
from faafo.web import site

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
    app = DocumentedApp(
        "faafo",
        info=Info(title="faafo", version=version),
        validation_error_status=400,
        validation_error_model=Message,
        validation_error_callback=error_handlers.validation_error,
    )
    app.json = UnsortedJson(app)
    authenticator = open_authenticator(conf, TokenStore(app))
    if conf.reader.redis_url:
        shortcut.install(app, authenticator)
    proxies.believe(app, conf.api.trusted_proxies)
    settings.configure(app, conf)
    make_collaborators(conf, store, notice).install(app)
    _open_database(app, conf)
    request_log.register(app, roles=() if authenticator else ROLES)
    if authenticator:
        gate.register(app, authenticator, conf.api.public_gallery)
        app.ask_for_credentials(authenticator.credentials, conf.api.public_gallery)
    checks.register(app)
    event_watch.register(app)
    error_handlers.register(app)
    for blueprint in RESOURCES:
        app.register_api(blueprint)
    versions.serve_both_prefixes(app)
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
        counts=CountsByScope(),
        backlog=KnownBacklog(),
        tiles=TileGateway(
            lambda: connect(conf),
            conf.tiles.timeout,
            conf.tiles.max_in_flight,
            conf.tiles.max_iterations,
        ),
        bulkheads=bulkheads,
        thumbnails=ByteCache(THUMBNAIL_CACHE_BYTES, bulkheads.thumbnails),
        images=ImageQueue(store),
        arrivals=Arrivals(),
        deliveries=Arrivals(),
        locks=Arrivals(),
        receivers=Receivers(conf),
        registry=Registry(conf),
        settings=FollowedSettings(),
        upkeep=Upkeep(),
        endings=Endings(),
        streams=Streams(),
        notice=notice,
        policy=open_policy(conf),
        recent=open_recent(conf),
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
        failover.follow_primary(db.engine)
        galera.support_nodes(db.engine)
        deadline.set_deadlines(db.engine, SEARCH_SHARE * conf.database.timeout)

# SPDX-License-Identifier: Apache-2.0
"""The connection to the broker, with defaults that lose nothing."""

from collections.abc import Iterator
from contextlib import contextmanager

import oslo_messaging
from oslo_config import cfg
from oslo_messaging._drivers import amqp, impl_rabbit
from oslo_messaging._drivers.common import ConfigOptsProxy
from oslo_messaging.transport import NotificationTransport, RPCTransport, Transport

from faafo import errors
from faafo.rpc import contract
from faafo.rpc.tls import check_tls
from faafo.urls import check_transport, masked, masked_text

RABBIT = "oslo_messaging_rabbit"
EVENTS_OPTION = "[events] transport_url"
JOINS_OPTION = "[joins] transport_url"
# Events that a reader has received and not stored yet.
MOST_PREFETCHED = 1000
RABBIT_DEFAULTS = {
    # Queues that outlive the broker; to change this later means to delete them by hand.
    "amqp_durable_queues": True,
    # Seconds until a connection that the peer did not close is found dead.
    "heartbeat_timeout_threshold": 15,
    # Longest pause, in seconds, between two attempts to reconnect to the broker.
    "rabbit_interval_max": 5,
    # Seconds that an answer to a producer that has stopped occupies a thread of the worker.
    "kombu_missing_consumer_retry_timeout": 10,
}


def set_defaults() -> None:
    """Set faafo's defaults for options of oslo.messaging, for services and sample files.

    oslo.messaging has no public way to its RabbitMQ options before a transport exists.
    """
    oslo_messaging.set_transport_defaults(control_exchange=contract.EXCHANGE)
    cfg.set_defaults([*amqp.amqp_opts, *impl_rabbit.rabbit_opts], **RABBIT_DEFAULTS)


def register_opts(conf: cfg.ConfigOpts) -> None:
    """Register the options of oslo.messaging, which would do so when a transport is made."""
    set_defaults()
    # It has no public way to register its options but to parse a URL.
    oslo_messaging.TransportURL.parse(conf, "fake://")
    conf.register_opts([*amqp.amqp_opts, *impl_rabbit.rabbit_opts], group=cfg.OptGroup(RABBIT))


def get_transport(conf: cfg.ConfigOpts, default_url: str | None = None) -> RPCTransport:
    """Return the transport that ``transport_url`` names; it connects when it is first used.

    :param default_url: used when the configuration has no ``transport_url``.
    :raises faafo.errors.ConfigurationError: when the URL is not valid, or a file for TLS is not.
    """
    register_opts(conf)
    if default_url is not None:
        conf.set_default("transport_url", default_url)
    with _explained("transport_url", conf.transport_url):
        return _transport(conf, oslo_messaging.TransportURL.parse(conf, conf.transport_url))


def get_tiles_transport(conf: cfg.ConfigOpts) -> RPCTransport:
    """Return the transport for tiles: ``[tiles] transport_url``, or else ``transport_url``.

    Its queues are transient: a tile is of no use to its client after a restart of the broker. They
    are durable if the URL says so, or if rabbit_transient_quorum_queue is set.

    :raises faafo.errors.ConfigurationError: as ``get_transport``.
    """
    register_opts(conf)
    text = conf.tiles.transport_url or conf.transport_url
    option = "[tiles] transport_url" if conf.tiles.transport_url else "transport_url"
    with _explained(option, text):
        url = oslo_messaging.TransportURL.parse(conf, text)
        if "rabbit" in url.transport and not conf[RABBIT].rabbit_transient_quorum_queue:
            url.query.setdefault("amqp_durable_queues", "false")
        return _transport(conf, url)


def get_joins_transport(conf: cfg.ConfigOpts, default: RPCTransport) -> RPCTransport:
    """Return the transport for joins and films: ``[joins] transport_url``, or else ``default``.

    :raises faafo.errors.ConfigurationError: as ``get_transport``.
    """
    text = conf.joins.transport_url
    if not text:
        return default
    register_opts(conf)
    with _explained(JOINS_OPTION, text):
        return _transport(conf, oslo_messaging.TransportURL.parse(conf, text))


def get_events_transport(conf: cfg.ConfigOpts) -> NotificationTransport:
    """Return the transport for events, ``[events] transport_url``, for notifiers and readers.

    :raises faafo.errors.ConfigurationError: as ``get_transport``, and when there is no such URL.
    """
    with _explained(EVENTS_OPTION, _required_url(conf)):
        url = _events_url(conf)
        return oslo_messaging.get_notification_transport(conf, url)


def get_liveness_transport(conf: cfg.ConfigOpts) -> RPCTransport:
    """Return the transport by which a reader calls itself, through the broker of events.

    :raises faafo.errors.ConfigurationError: as ``get_events_transport``.
    """
    with _explained(EVENTS_OPTION, _required_url(conf)):
        return oslo_messaging.get_rpc_transport(conf, _events_url(conf))


def _required_url(conf: cfg.ConfigOpts) -> str:
    url: str | None = conf.events.transport_url
    if not url:
        raise errors.ConfigurationError(f"{EVENTS_OPTION}: is not set; it names the broker")
    return url


def _events_url(conf: cfg.ConfigOpts) -> oslo_messaging.TransportURL:
    register_opts(conf)
    text = conf.events.transport_url
    url = oslo_messaging.TransportURL.parse(conf, text)
    if url.transport == "inprocess":
        raise errors.ConfigurationError(
            f"{EVENTS_OPTION} = {masked(text)}: inprocess:// carries no events; name a "
            "broker, such as rabbit://"
        )
    # By default a listener is sent the whole queue at once.
    url.query.setdefault("rabbit_qos_prefetch_count", str(MOST_PREFETCHED))
    check_tls(ConfigOptsProxy(conf, url, RABBIT)[RABBIT])
    return url


def _transport(conf: cfg.ConfigOpts, url: oslo_messaging.TransportURL) -> RPCTransport:
    check_tls(ConfigOptsProxy(conf, url, RABBIT)[RABBIT])
    return oslo_messaging.get_rpc_transport(conf, url, allowed_remote_exmods=contract.ERROR_MODULES)


@contextmanager
def _explained(option: str, url: str) -> Iterator[None]:
    """Check the form of ``url``, and turn what oslo.messaging says about it into our own error."""
    try:
        check_transport(url)
        yield
    except errors.FaafoError:
        raise
    # Whatever a driver raises before it connects, the URL or an option in its query is the cause.
    except Exception as error:
        raise errors.ConfigurationError(
            f"{option} = {masked(url)}: {masked_text(str(error))}"
        ) from None


def shown_url(transport: Transport) -> str:
    """Return the URL of a transport for a log, with all passwords masked."""
    return masked(str(transport._driver._url))

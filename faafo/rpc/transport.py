# SPDX-License-Identifier: Apache-2.0
"""The connection to the broker, with defaults that lose nothing."""

import oslo_messaging
from oslo_config import cfg
from oslo_messaging._drivers import amqp, impl_rabbit
from oslo_messaging.transport import RPCTransport

from faafo import errors
from faafo.rpc import contract
from faafo.urls import masked

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


def get_transport(conf: cfg.ConfigOpts, default_url: str | None = None) -> RPCTransport:
    """Return the transport that ``transport_url`` names; it connects when it is first used.

    :param default_url: used when the configuration has no ``transport_url``.
    :raises faafo.errors.ConfigurationError: when the URL is not valid.
    """
    set_defaults()
    try:
        if default_url is not None:
            # Registers the option, without which there is no default to set.
            oslo_messaging.TransportURL.parse(conf, default_url)
            conf.set_default("transport_url", default_url)
        return oslo_messaging.get_rpc_transport(conf, allowed_remote_exmods=contract.ERROR_MODULES)
    except (oslo_messaging.InvalidTransportURL, oslo_messaging.DriverLoadFailure) as error:
        raise errors.ConfigurationError(f"transport_url: {error}") from None


def get_tiles_transport(conf: cfg.ConfigOpts) -> RPCTransport:
    """Return the transport for tiles: ``[tiles] transport_url``, or else ``transport_url``.

    Its queues are transient: a tile is of no use to its client after a restart of the broker. They
    are durable if the URL says so, or if rabbit_transient_quorum_queue is set.

    :raises faafo.errors.ConfigurationError: when the URL is not valid.
    """
    set_defaults()
    rabbit = cfg.OptGroup("oslo_messaging_rabbit")
    conf.register_opts([*amqp.amqp_opts, *impl_rabbit.rabbit_opts], group=rabbit)
    try:
        url = oslo_messaging.TransportURL.parse(conf, conf.tiles.transport_url)
        if "rabbit" in url.transport and not conf[rabbit.name].rabbit_transient_quorum_queue:
            url.query.setdefault("amqp_durable_queues", "false")
        return oslo_messaging.get_rpc_transport(
            conf, url, allowed_remote_exmods=contract.ERROR_MODULES
        )
    except (oslo_messaging.InvalidTransportURL, oslo_messaging.DriverLoadFailure) as error:
        raise errors.ConfigurationError(f"[tiles] transport_url: {error}") from None


def shown_url(transport: RPCTransport) -> str:
    """Return the URL of a transport for a log, with all passwords masked."""
    return masked(str(transport._driver._url))

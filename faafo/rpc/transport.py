# SPDX-License-Identifier: Apache-2.0
"""The connection to the broker, with defaults that lose nothing."""

import re

import oslo_messaging
from oslo_config import cfg
from oslo_messaging._drivers import amqp, impl_rabbit
from oslo_messaging.transport import RPCTransport

from faafo import errors
from faafo.rpc import contract

RABBIT_DEFAULTS = {
    # Queues that outlive the broker; to change this later means to delete them by hand.
    "amqp_durable_queues": True,
    # A link that is dead without a word is noticed after so many seconds.
    "heartbeat_timeout_threshold": 15,
    # A broker that comes back is found after so many seconds at the latest.
    "rabbit_interval_max": 5,
    # An answer to a producer that is gone keeps a thread of the worker for so many seconds.
    "kombu_missing_consumer_retry_timeout": 10,
}


def set_defaults() -> None:
    """Give options of oslo.messaging the defaults that suit us, for services and sample files.

    There is no public way to its options for RabbitMQ before a transport exists.
    """
    oslo_messaging.set_transport_defaults(control_exchange=contract.EXCHANGE)
    cfg.set_defaults([*amqp.amqp_opts, *impl_rabbit.rabbit_opts], **RABBIT_DEFAULTS)


def get_transport(conf: cfg.ConfigOpts, default_url: str | None = None) -> RPCTransport:
    """Return the transport that ``transport_url`` names; it connects when it is first used.

    :param default_url: taken when the configuration has no ``transport_url``.
    :raises faafo.errors.ConfigurationError: when the URL makes no sense.
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
    """Return the transport for tiles: ``[tiles] transport_url``, or else the one for all.

    Its queues are transient: nobody asks for a tile after the broker was started anew. They are
    durable where the URL says so, and where the broker takes no transient ones.

    :raises faafo.errors.ConfigurationError: when the URL makes no sense.
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
    """Return the URL of a transport for a log: every password in it is masked."""
    return re.sub(r":[^:@/,]*@", ":***@", str(transport._driver._url))

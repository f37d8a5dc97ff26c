"""The connection to the broker, with defaults that lose nothing."""

import re

import oslo_messaging
from oslo_config import cfg
from oslo_messaging.transport import RPCTransport

from faafo import errors
from faafo.rpc import contract


def get_transport(conf: cfg.ConfigOpts, default_url: str | None = None) -> RPCTransport:
    """Return the transport that ``transport_url`` names; it connects when it is first used.

    :param default_url: taken when the configuration has no ``transport_url``.
    :raises faafo.errors.ConfigurationError: when the URL makes no sense.
    """
    oslo_messaging.set_transport_defaults(control_exchange=contract.EXCHANGE)
    try:
        if default_url is not None:
            # Registers the option, without which there is no default to set.
            oslo_messaging.TransportURL.parse(conf, default_url)
            conf.set_default("transport_url", default_url)
        transport = oslo_messaging.get_rpc_transport(
            conf, allowed_remote_exmods=contract.ERROR_MODULES
        )
    except (oslo_messaging.InvalidTransportURL, oslo_messaging.DriverLoadFailure) as error:
        raise errors.ConfigurationError(f"transport_url: {error}") from None
    if "oslo_messaging_rabbit" in conf:
        # Queues that outlive the broker; to change this later means to delete them by hand.
        conf.set_default("amqp_durable_queues", True, group="oslo_messaging_rabbit")
    return transport


def shown_url(transport: RPCTransport) -> str:
    """Return the URL of a transport for a log: every password in it is masked."""
    return re.sub(r":[^:@/,]*@", ":***@", transport.conf.transport_url)

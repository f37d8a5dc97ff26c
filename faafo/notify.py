"""Telling systemd, or whoever started us, that a service is ready."""

import logging
import os
import socket

LOG = logging.getLogger(__name__)


def ready() -> None:
    """Say that the service does its work from now on; nothing happens when nobody listens.

    This is sd_notify(3): a datagram to the socket that ``NOTIFY_SOCKET`` names, a path, or, with a
    leading ``@``, an abstract one. Units with ``Type=notify`` wait for it.
    """
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.connect(address)
            channel.send(b"READY=1")
    except OSError as error:
        LOG.warning("NOTIFY_SOCKET = %s: %s", address, error)

# SPDX-License-Identifier: Apache-2.0
"""Whether the API may listen where it is told to: without a login on this machine only."""

import ipaddress

from oslo_config import cfg

from faafo import errors
from faafo.auth.strategy import NOAUTH


def check_exposure(conf: cfg.ConfigOpts) -> None:
    """Check that others cannot reach an API that asks for no login, unless they are meant to.

    :raises faafo.errors.ConfigurationError: when they can.
    """
    if conf.api.auth_strategy != NOAUTH or conf.api.insecure_noauth:
        return
    if not _is_loopback(conf.listen_address):
        raise errors.ConfigurationError(
            f"listen_address = {conf.listen_address}: with [api] auth_strategy = noauth everybody "
            "who reaches this address may post and delete; either set auth_strategy = http_basic "
            "and http_basic_auth_user_file, or insecure_noauth = true"
        )


def _is_loopback(address: str) -> bool:
    """Tell whether ``address`` is reached from this machine only; of names, localhost is."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"

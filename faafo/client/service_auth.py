# SPDX-License-Identifier: Apache-2.0
"""How a service logs in at the API: by ``[service_auth]``, or not at all."""

import importlib
from typing import Protocol

from oslo_config import cfg
from requests import PreparedRequest, Response


class Credentials(Protocol):
    """Credentials of a service; ``faafo.client.keystone.ServiceAuth`` has those of Keystone."""

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the credentials to ``request``."""
        ...

    def renew(self, refused: Response) -> bool:
        """Get other credentials than those of a refused request; tell whether there are any."""
        ...


NONE = "none"
# Imported when it is used: keystoneauth1 takes time and memory.
DRIVER = "faafo.client.keystone"


def from_conf(conf: cfg.ConfigOpts) -> Credentials | None:
    """Return what adds the credentials of this service to requests; None if it needs none.

    :raises faafo.errors.ConfigurationError: when an option is missing or not valid.
    """
    if conf.service_auth.auth_type == NONE:
        return None
    auth: Credentials = importlib.import_module(DRIVER).open_auth(conf)
    return auth

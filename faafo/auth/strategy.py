# SPDX-License-Identifier: Apache-2.0
"""Opens the authenticator that ``[api] auth_strategy`` names, and the policy."""

import importlib

from oslo_config import cfg

from faafo.auth.identity import Authenticator, Tokens
from faafo.core.policy import Everything, Policy

NOAUTH = "noauth"
# Imported when they are used: they take time and memory that noauth need not spend.
AUTHENTICATORS = {
    "http_basic": ("faafo.auth.http_basic", "HttpBasic"),
    "keystone": ("faafo.auth.keystone", "Keystone"),
}
POLICY = ("faafo.auth.policy", "Policy")


def open_authenticator(conf: cfg.ConfigOpts, tokens: Tokens) -> Authenticator | None:
    """Return what identifies the senders of requests; None with noauth.

    :raises faafo.errors.ConfigurationError: when it cannot work as it is configured.
    """
    if conf.api.auth_strategy == NOAUTH:
        return None
    return _named(*AUTHENTICATORS[conf.api.auth_strategy])(conf, tokens)


def open_policy(conf: cfg.ConfigOpts) -> Policy:
    """Return the policy; with noauth everybody may do everything.

    :raises faafo.errors.ConfigurationError: when the policy file is not valid.
    """
    return Everything() if conf.api.auth_strategy == NOAUTH else _named(*POLICY)(conf)


def _named(module: str, name: str) -> type:
    found: type = getattr(importlib.import_module(module), name)
    return found

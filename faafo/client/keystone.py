# SPDX-License-Identifier: Apache-2.0
"""Credentials of a service, by plugins of keystoneauth1: tokens of Keystone, or a password."""

import logging
import threading
import time
from typing import Any

from keystoneauth1 import exceptions, loading
from keystoneauth1.session import Session
from oslo_config import cfg
from requests import PreparedRequest, Response

from faafo import errors
from faafo.urls import masked_text

LOG = logging.getLogger(__name__)

GROUP = "service_auth"
# Seconds for each request to Keystone, unless [service_auth] timeout says otherwise.
TIMEOUT_SECONDS = 5.0
# Seconds after a failure until Keystone is asked again, and after a renewal until the next one.
PAUSE_SECONDS = 5.0
# Of http_basic; keystoneauth1 would send the text "None".
REQUIRED = {"http_basic": ("username", "password")}

Headers = dict[str, str]


def open_auth(conf: cfg.ConfigOpts) -> "ServiceAuth":
    """Return the credentials that ``[service_auth]`` describes; asks no server.

    :raises faafo.errors.ConfigurationError: when an option is missing or not valid.
    """
    kind = conf.service_auth.auth_type
    loader: Any = loading.get_plugin_loader(kind)
    session_opts = loading.get_session_conf_options()
    conf.register_opts(loading.get_auth_plugin_conf_options(loader), group=GROUP)
    conf.register_opts(session_opts, group=GROUP)
    options = conf[GROUP]
    for name in REQUIRED.get(kind, ()):
        if not options[name]:
            raise errors.ConfigurationError(f"[{GROUP}] {name}: auth_type = {kind} needs it")
    try:
        plugin = loader.load_from_options_getter(lambda opt: options[opt.dest])
        session = loading.session.Session().load_from_options(
            insecure=options.insecure,
            cacert=options.cafile,
            cert=options.certfile,
            key=options.keyfile,
            timeout=options.timeout or TIMEOUT_SECONDS,
        )
    except exceptions.ClientException as error:
        raise errors.ConfigurationError(f"[{GROUP}] auth_type = {kind}: {error}") from None
    return ServiceAuth(plugin, session)


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    """Return the options of all plugins that the documentation names, for generators."""
    found: dict[str, cfg.Opt] = {}
    for kind in ("password", "v3applicationcredential", "http_basic"):
        found |= {opt.dest: opt for opt in loading.get_auth_plugin_conf_options(kind)}
    found |= {opt.dest: opt for opt in loading.get_session_conf_options()}
    return [(GROUP, list(found.values()))]


class ServiceAuth:
    """Adds the headers of a keystoneauth1 plugin to requests; shared by threads.

    The plugin renews a token two minutes before it expires. While Keystone cannot be asked, the
    token that there is goes on being sent, also by threads that would wait for another's question.

    :param plugin: of keystoneauth1; ``session`` is for its own requests.
    """

    def __init__(self, plugin: Any, session: Session) -> None:
        self._plugin = plugin
        self._session = session
        self._lock = threading.Lock()
        self._headers: Headers | None = None
        self._ask_after = 0.0
        self._renew_after = 0.0
        self._failing = False

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the credentials.

        :raises faafo.errors.ApiUnavailable: when there are none yet, and Keystone does not answer.
        """
        request.headers.update(self._current())
        return request

    def renew(self, refused: Response) -> bool:
        """Get other credentials than those that the API has refused; tell whether there are any."""
        with self._lock:
            sent = refused.request.headers
            known = self._headers or {}
            if any(sent.get(name) != value for name, value in known.items()):
                # Another thread has renewed them meanwhile.
                return True
            if self._is_new() or not self._plugin.invalidate():
                return False
            before, self._ask_after = self._headers, 0.0
            try:
                is_other = self._ask() != before
            except errors.ApiUnavailable:
                return False
            self._renew_after = time.monotonic() + PAUSE_SECONDS
            return is_other

    def _is_new(self) -> bool:
        """Tell whether the credentials have just been renewed: others would be refused as well."""
        is_new = time.monotonic() < self._renew_after
        if is_new:
            LOG.warning("[%s]: the API refuses a token that Keystone has just issued", GROUP)
        return is_new

    def _current(self) -> Headers:
        if not self._lock.acquire(blocking=self._headers is None):
            return self._headers or {}
        try:
            return self._ask()
        except errors.ApiUnavailable:
            if self._headers is None:
                raise
            return self._headers
        finally:
            self._lock.release()

    def _ask(self) -> Headers:
        """Return the plugin's headers, which asks Keystone if need be."""
        if time.monotonic() < self._ask_after and self._headers is not None:
            return self._headers
        try:
            self._headers = dict(self._plugin.get_headers(self._session) or {})
        except exceptions.ClientException as error:
            self._ask_after = time.monotonic() + PAUSE_SECONDS
            reason = masked_text(str(error)).splitlines()[0]
            if not self._failing:
                LOG.warning("[%s]: no new token: %s", GROUP, reason)
            self._failing = True
            raise errors.ApiUnavailable(f"[{GROUP}]: no token: {reason}") from None
        if self._failing:
            LOG.info("[%s]: Keystone has issued a token again", GROUP)
        self._failing = False
        return self._headers

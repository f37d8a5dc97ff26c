# SPDX-License-Identifier: Apache-2.0
"""A user's login at Keystone by OS_* variables, and the URL of faafo in its catalogue."""

import logging
import os
import re
from collections.abc import Callable
from typing import Any, TypeVar

from keystoneauth1 import exceptions, loading
from keystoneauth1.session import Session
from requests import PreparedRequest
from requests.auth import AuthBase

from faafo import errors
from faafo.client.answers import reason
from faafo.urls import masked, masked_text

Answer = TypeVar("Answer")

SERVICE_TYPE = "fractal"
# Seconds that a request waits for Keystone.
TIMEOUT = 10.0
# keystoneauth1 would send nothing, or the text "None".
NEEDED = {
    "password": ("password",),
    "v3password": ("password",),
    "http_basic": ("username", "password"),
}
# The catalogue may have the URL of a version; the client adds a path by itself.
VERSION = re.compile(r"/(v1|api)/?$")
TRUE = ("1", "true", "yes")

# What they warn of is told in one sentence.
for _name, _level in (("keystoneauth", logging.ERROR), ("stevedore", logging.CRITICAL)):
    logging.getLogger(_name).setLevel(_level)


class KeystoneLogin(AuthBase):
    """Sends a token, which is requested when it is needed; may be shared by threads.

    :param plugin: of keystoneauth1; ``session`` is for its own requests.
    :param cacert: path of the certificates to trust, which is meant for all services of a cloud.
    :param interface: that of the endpoint in the catalogue, such as public, or some to choose from.
    :param region: that of the endpoint; any if it is None.
    """

    def __init__(
        self,
        plugin: Any,
        session: Session,
        cacert: str | None = None,
        interface: str | list[str] | None = None,
        region: str | None = None,
    ) -> None:
        self.cacert = cacert
        self._plugin = plugin
        self._session = session
        self._wanted: dict[str, Any] = {
            "service_type": SERVICE_TYPE,
            "interface": interface or "public",
            "region_name": region,
        }
        self._keystone = f"Keystone at {masked(getattr(plugin, 'auth_url', None) or 'nowhere')}"

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the token to a request.

        :raises faafo.errors.LoginRefused: when Keystone refuses the credentials.
        :raises faafo.errors.ApiUnavailable: when Keystone does not answer.
        """
        request.headers.update(self._ask(lambda: self._plugin.get_headers(self._session)) or {})
        return request

    def url(self) -> str:
        """Return the URL of faafo; raises what a call of this object does.

        :raises faafo.errors.ConfigurationError: when the catalogue has none.
        """
        url = self._ask(
            lambda: self._plugin.get_endpoint(self._session, skip_discovery=True, **self._wanted)
        )
        if not url:
            region = self._wanted["region_name"]
            where = f" in region {region}" if region else ""
            raise errors.ConfigurationError(
                f"{self._keystone} has no {self._wanted['interface']} endpoint of type "
                f"{SERVICE_TYPE}{where} in the catalogue of this login; set --url or FAAFO_URL, "
                "or OS_PROJECT_NAME if it is not set"
            )
        return VERSION.sub("", url)

    def _ask(self, question: Callable[[], Answer]) -> Answer | None:
        try:
            return question()
        except exceptions.CatalogException:
            return None
        except exceptions.Unauthorized:
            why = "user name, password, project, domain or application credential is wrong"
            raise errors.LoginRefused(f"{self._keystone} refuses the login: {why}", 401) from None
        except exceptions.HTTPClientError as error:
            why = _first_line(error)
            raise errors.LoginRefused(f"{self._keystone} refuses the login: {why}") from None
        except exceptions.SSLError as error:
            why = f"{reason(error)}; OS_CACERT names certificates to trust"
            raise errors.ApiUnavailable(f"{self._keystone}: {why}", "identity") from None
        except exceptions.ClientException as error:
            why = f"it gives no token: {reason(error).splitlines()[0]}"
            raise errors.ApiUnavailable(f"{self._keystone}: {why}", "identity") from None


def open_login() -> KeystoneLogin:
    """Return the login that the OS_* variables describe; asks no server.

    :raises faafo.errors.ConfigurationError: when a variable is missing or not valid.
    """
    kind = _auth_type()
    try:
        loader: Any = loading.get_plugin_loader(kind)
        for option in loader.get_options():
            if option.dest in NEEDED.get(kind, ()) and not option.argparse_default:
                raise errors.ConfigurationError(f"{_variable(option)} is not set")
        plugin = loader.load_from_options_getter(lambda option: option.argparse_default)
    except exceptions.MissingRequiredOptions as error:
        names = ", ".join(_variable(option) for option in error.options)
        raise errors.ConfigurationError(f"{names}: not set, and {kind} needs it") from None
    except exceptions.ClientException as error:
        raise errors.ConfigurationError(f"OS_AUTH_TYPE = {kind}: {_first_line(error)}") from None
    cacert = os.environ.get("OS_CACERT") or None
    is_insecure = os.environ.get("OS_INSECURE", "").lower() in TRUE
    session = Session(verify=not is_insecure and (cacert or True), timeout=TIMEOUT)
    interface = os.environ.get("OS_INTERFACE") or os.environ.get("OS_ENDPOINT_TYPE")
    return KeystoneLogin(plugin, session, cacert, interface, os.environ.get("OS_REGION_NAME"))


def _auth_type() -> str:
    if given := os.environ.get("OS_AUTH_TYPE"):
        return given
    if os.environ.get("OS_APPLICATION_CREDENTIAL_SECRET"):
        return "v3applicationcredential"
    return "token" if os.environ.get("OS_TOKEN") else "password"


def _variable(option: Any) -> str:
    return f"OS_{option.name.replace('-', '_').upper()}"


def _first_line(error: Exception) -> str:
    return masked_text(str(error)).splitlines()[0]

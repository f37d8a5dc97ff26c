# SPDX-License-Identifier: Apache-2.0
"""Requests of a service to the API: credentials, timeouts, and which answers are worth a retry."""

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from faafo import correlation, errors
from faafo.client.answers import message, parsed, reason
from faafo.client.login import without_login
from faafo.client.service_auth import Credentials
from faafo.urls import masked

# Connections that are kept open.
CONNECTIONS = 64
CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 60.0
# Retried later, like a server error: credentials are not valid at present, there are too many
# requests, or the queue is full.
RETRIED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS)
# By which the API finds out for what a request is sent: it logs them, and passes them on.
HEADERS = {"request_id": "X-Openstack-Request-Id", "traceparent": "traceparent"}
NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class ServiceClient:
    """Talks to the API at ``endpoint_url``; may be shared by threads.

    Every method raises ``faafo.errors.ApiUnavailable`` when a retry may succeed, and
    ``faafo.errors.ApiRefused`` when it cannot.

    :param connections: number of connections that are kept open.
    :param read_timeout: seconds that a request waits for the API, unless it has its own timeout.
    :param auth: adds the credentials of a service to each request; by default there are none, but
        the user name and the password in ``endpoint_url``.
    """

    def __init__(
        self,
        endpoint_url: str,
        connections: int = CONNECTIONS,
        read_timeout: float = READ_TIMEOUT,
        auth: Credentials | None = None,
    ) -> None:
        self._shown_url = masked(endpoint_url)
        self._read_timeout = read_timeout
        self._session = requests.Session()
        # No error and no log line of a library can show a login that its URLs do not have.
        self._endpoint_url, self._login = without_login(endpoint_url.rstrip("/"))
        self._session.auth = self._login
        self._auth = auth
        # Ignore the proxies of the environment: the API is reached directly.
        self._session.trust_env = False
        adapter = HTTPAdapter(pool_maxsize=connections)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)

    def _wait(self, path: str, seconds: float, **parameters: Any) -> bool:
        """Return whether there is something to claim at ``path``, as soon as within ``seconds``."""
        timeout = (CONNECT_TIMEOUT, self._read_timeout + seconds)
        parameters["wait"] = f"{seconds:g}"
        answer = self._request("GET", path, parameters=parameters, timeout=timeout)
        return answer["claimable"]

    def _request(
        self,
        method: str,
        path: str,
        body: Any = None,
        parameters: dict[str, Any] | None = None,
        timeout: float | tuple[float, float] | None = None,
        headers: Mapping[str, str] = NO_HEADERS,
        is_binary: bool = False,
        **arguments: Any,
    ) -> Any:
        try:
            response = self._send(
                method,
                path,
                json=body,
                params=parameters,
                headers={**_told_of_work(), **headers},
                timeout=timeout or (CONNECT_TIMEOUT, self._read_timeout),
                # Another host must not get the credentials, nor a POST become a GET.
                allow_redirects=False,
                **arguments,
            )
            is_content = is_binary and response.status_code == HTTPStatus.OK
            answer = response.content if is_content else parsed(response)
        except (requests.RequestException, ValueError) as error:
            raise errors.ApiUnavailable(
                f"endpoint_url = {self._shown_url}: {reason(error)}"
            ) from None
        if response.status_code >= 500 or response.status_code in RETRIED:
            raise errors.ApiUnavailable(
                f"endpoint_url = {self._shown_url}: {response.status_code}, {message(answer)}"
            )
        if response.status_code >= 400:
            raise errors.ApiRefused(message(answer), response.status_code)
        return answer

    def _send(self, method: str, path: str, **arguments: Any) -> requests.Response:
        """Send a request, once more with other credentials if it was refused for its own.

        If these are refused as well, the caller decides when to try again, as after other failures.
        """
        url = self._endpoint_url + path
        if self._auth is None:
            return self._session.request(method, url, **arguments)
        response = self._session.request(method, url, auth=self._both, **arguments)
        if response.status_code != HTTPStatus.UNAUTHORIZED or not self._auth.renew(response):
            return response
        response = self._session.request(method, url, auth=self._both, **arguments)
        if response.status_code == HTTPStatus.UNAUTHORIZED:
            text = f"401, {message(parsed(response))}; it refuses new credentials, too"
            raise errors.ApiUnavailable(f"endpoint_url = {self._shown_url}: {text}")
        return response

    def _both(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the login in the URL, which a proxy may need, and the credentials of the service."""
        if self._login is not None:
            request = self._login(request)
        return request if self._auth is None else self._auth(request)


def _told_of_work() -> dict[str, str]:
    """Return the headers that tell the API for what this thread works."""
    return {HEADERS[name]: value for name, value in correlation.current().members().items()}

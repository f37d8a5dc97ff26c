# SPDX-License-Identifier: Apache-2.0
"""HTTP as people use it: proxies of the environment, certificates, and errors that name the URL."""

from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any, TypeAlias, TypeVar
from urllib.parse import urljoin, urlsplit

import requests
from pydantic import BaseModel, ValidationError
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from requests.utils import get_environ_proxies

from faafo import errors
from faafo.client.answers import message, reason
from faafo.client.login import without_login
from faafo.fractal.task import describe
from faafo.urls import check, masked

Model = TypeVar("Model", bound=BaseModel)
Headers: TypeAlias = Mapping[str, str]

CONNECT_TIMEOUT = 5.0
CHUNK = 2**16
EVENT_STREAM = "text/event-stream"
# What the log of the API calls a request.
REQUEST_ID = "X-Openstack-Request-Id"


class Session:
    """Sends requests to the API at ``url``; may be shared by threads.

    :param auth: authenticates every request; by default the login in the URL, if it has one.
    :param cacert: path of the certificates that are trusted, PEM; by default those of certifi.
    :param timeout: seconds that a request waits for the next byte of its answer.
    :param connections: number of connections that are kept open.
    :raises faafo.errors.ConfigurationError: when ``url`` is not the URL of a server.
    """

    def __init__(
        self, url: str, auth: AuthBase | None, cacert: str | None, timeout: float, connections: int
    ) -> None:
        self.shown_url = masked(url)
        try:
            check(url, ("http", "https"), plain=True)
        except ValueError as error:
            raise errors.ConfigurationError(f"url = {self.shown_url}: {error}") from None
        self._timeout = (CONNECT_TIMEOUT, timeout)
        self._session, self._bare = requests.Session(), requests.Session()
        self._url, login = without_login(url.rstrip("/"))
        self._session.auth = auth or login
        proxies = {} if _is_loopback(self._url) else get_environ_proxies(self._url)
        for session in (self._session, self._bare):
            session.verify = cacert or True
            # The environment has a say in proxies only; requests would find a login in ~/.netrc.
            session.trust_env = False
            session.proxies = proxies
            adapter = HTTPAdapter(pool_maxsize=connections)
            session.mount("http://", adapter)
            session.mount("https://", adapter)

    def close(self) -> None:
        """Close all connections."""
        self._session.close()
        self._bare.close()

    def json(
        self, method: str, path: str, body: Any = None, parameters: dict[str, Any] | None = None
    ) -> Any:
        """Return the answer to a request; None when it has no body.

        :raises faafo.errors.ApiUnavailable: when a retry may succeed.
        :raises faafo.errors.ApiRefused: when it cannot.
        """
        with self._answer(method, path, json=body, params=parameters) as response:
            return response.json() if response.content else None

    def answer(self, method: str, path: str, headers: dict[str, str]) -> tuple[Any, Headers]:
        """Return the body and the headers of the answer to a request; raises what ``json`` does."""
        with self._answer(method, path, headers=headers) as response:
            return response.json(), response.headers

    def location(self, path: str) -> str:
        """Return where the answer to a GET leads; raises what ``json`` does.

        Not followed: behind a proxy it may be an address that only the proxy knows.
        """
        with self._answer("GET", path, expected=HTTPStatus.TEMPORARY_REDIRECT) as response:
            return str(response.headers.get("Location", ""))

    def parse(self, kind: type[Model], answer: Any) -> Model:
        """Return an answer as a ``kind``.

        :raises faafo.errors.ApiUnavailable: when it is none: the server is not faafo.
        """
        try:
            return kind.model_validate(answer)
        except ValidationError as error:
            text = f"the answer is not one of faafo: {describe(error)}"
            raise errors.ApiUnavailable(f"{self.shown_url}: {text}", "answer") from None

    def chunks(self, path: str, begin: int = 0) -> Iterator[bytes]:
        """Yield the body of the answer to a GET from byte ``begin`` on; raises what ``json`` does.

        The API may redirect it to an object store, by a URL that is signed.
        """
        headers = {"Range": f"bytes={begin}-"} if begin else {}
        given: dict[str, Any] = {"headers": headers, "stream": True, "may_redirect": True}
        with self._answer("GET", path, **given) as response:
            # Who does not know Range sends all of it.
            skip = 0 if response.status_code == HTTPStatus.PARTIAL_CONTENT else begin
            for chunk in response.iter_content(CHUNK):
                yield chunk[skip:]
                skip = max(0, skip - len(chunk))

    def lines(self, path: str, parameters: Headers, headers: Headers) -> Generator[str, None, None]:
        """Yield the lines of the answer to a GET as they come; raises what ``json`` does.

        :raises faafo.errors.ApiUnavailable: when it is no event stream, or breaks off.
        """
        with self._answer("GET", path, params=parameters, headers=headers, stream=True) as response:
            kind = response.headers.get("Content-Type", "")
            if not kind.startswith(EVENT_STREAM):
                text = f"the answer is no event stream, but {kind or 'nothing'!r:.60}"
                raise errors.ApiUnavailable(f"{self.shown_url}: {text}", "answer")
            # Without chunks urllib3 returns no fewer bytes than it is asked for.
            size = CHUNK if getattr(response.raw, "chunked", False) else 1
            for line in response.iter_lines(size):
                yield line.decode("utf-8", "replace")

    @contextmanager
    def _answer(
        self,
        method: str,
        path: str,
        may_redirect: bool = False,
        expected: int = HTTPStatus.OK,
        **arguments: Any,
    ) -> Iterator[requests.Response]:
        """Give the answer to a request, and explain what goes wrong while it is read.

        :param expected: a status that is no error, beside those of success.
        """
        # requests would turn a POST into a GET, and take the headers of a login along.
        arguments |= {"timeout": self._timeout, "allow_redirects": False}
        with self._explaining(), ExitStack() as opened:
            send = self._session.request
            response = opened.enter_context(send(method, self._url + path, **arguments))
            if may_redirect and response.is_redirect:
                url = urljoin(response.url, response.headers["Location"])
                response = opened.enter_context(self._bare.get(url, **arguments))
            if response.status_code != expected:
                self._require_success(response)
            yield response

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        try:
            yield
        except requests.exceptions.JSONDecodeError:
            text = "the answer is not JSON; is this the URL of faafo?"
            raise errors.ApiUnavailable(f"{self.shown_url}: {text}", "answer") from None
        except (requests.RequestException, OSError) as error:
            raise errors.ApiUnavailable(
                f"{self.shown_url}: {reason(error)}", _kind(error)
            ) from None

    def _require_success(self, response: requests.Response) -> None:
        status = response.status_code
        if status < 300:
            return
        explanation = _explanation(response)
        shown = f"{self.shown_url}: {status}, {explanation or response.reason}"
        if status < 400:
            target = masked(response.headers.get("Location", "nowhere"))
            raise errors.ApiRefused(f"{shown}: it leads to {target}; use that address", status)
        # Too many requests, or the queue is full: a retry may succeed, as after a server error.
        if status >= 500 or status == HTTPStatus.TOO_MANY_REQUESTS:
            request_id = response.headers.get(REQUEST_ID)
            shown += f" ({request_id})" if request_id else ""
            raise errors.ApiUnavailable(shown, str(status))
        # What faafo refuses it explains; any other refusal is that of a proxy, or of another site.
        raise errors.ApiRefused(explanation or shown, status)


def _kind(error: Exception) -> str:
    if isinstance(error, requests.exceptions.SSLError):
        return "TLS"
    return "timeout" if isinstance(error, requests.Timeout) else "connection"


def _explanation(response: requests.Response) -> str | None:
    try:
        answer = response.json()
    except ValueError:
        return None
    return message(answer) if isinstance(answer, dict) and "message" in answer else None


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

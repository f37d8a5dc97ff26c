# SPDX-License-Identifier: Apache-2.0
"""The public client of faafo: post, find, wait for and download fractals."""

from typing import Self, Unpack

from requests.auth import AuthBase

from faafo.client.backlog import BacklogCalls
from faafo.client.collections import CollectionCalls
from faafo.client.downloads import DownloadCalls
from faafo.client.events import EventCalls
from faafo.client.locks import LockCalls
from faafo.client.maintenance import MaintenanceCalls
from faafo.client.parameters import Parameters
from faafo.client.posting import PostCalls
from faafo.client.quotas import QuotaCalls
from faafo.client.results import Fractal
from faafo.client.services import ServiceCalls
from faafo.client.session import Session
from faafo.client.settings import SettingCalls
from faafo.client.tokens import TokenCalls
from faafo.client.waiting import WAIT_TIMEOUT, WaitCalls
from faafo.client.webhooks import WebhookCalls

DEFAULT_URL = "http://127.0.0.1:5000"
# Seconds that a request waits for the next byte of its answer.
TIMEOUT = 60.0


class Client(
    PostCalls,
    WaitCalls,
    DownloadCalls,
    EventCalls,
    CollectionCalls,
    WebhookCalls,
    QuotaCalls,
    TokenCalls,
    LockCalls,
    ServiceCalls,
    BacklogCalls,
    SettingCalls,
    MaintenanceCalls,
):
    """Talks to the API at ``url``; may be shared by threads, and used in a ``with`` block.

    Every method raises ``faafo.errors.ApiUnavailable`` when a retry may succeed, and
    ``faafo.errors.ApiRefused``, whose ``status`` is the HTTP status, when it cannot. All errors are
    subclasses of ``faafo.errors.FaafoError``, and their messages are written for people.

    :param auth: authenticates every request; by default the login in the URL, if it has one.
    :param cacert: path of the certificates that are trusted, PEM; by default those of certifi.
    :param timeout: seconds that a request waits for the next byte of its answer.
    :param connections: number of connections that are kept open; for threads that share a client.
    :raises faafo.errors.ConfigurationError: when ``url`` is not the URL of a server.
    """

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        auth: AuthBase | None = None,
        cacert: str | None = None,
        timeout: float = TIMEOUT,
        connections: int = 8,
    ) -> None:
        self._session = Session(url, auth, cacert, timeout, connections)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._session.close()

    def delete(self, uuid: str) -> None:
        """Delete a fractal and its image; a render under way is cancelled."""
        self._session.json("DELETE", f"/api/fractal/{uuid}")

    def share(self, uuid: str, shared: bool = True) -> Fractal:
        """Let all projects see a fractal, or no longer."""
        body = {"shared": shared}
        return self._fractal(self._session.json("PUT", f"/api/fractal/{uuid}/shared", body))

    def retry(self, uuid: str) -> Fractal:
        """Queue a fractal in error again."""
        return self._fractal(self._session.json("POST", f"/api/fractal/{uuid}/retry"))

    def render(self, timeout: float = WAIT_TIMEOUT, **parameters: Unpack[Parameters]) -> bytes:
        """Post a fractal, wait until it is complete, and return its image, a PNG file."""
        return self.image(self.wait(self.create(**parameters), timeout).uuid)

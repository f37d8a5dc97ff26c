# SPDX-License-Identifier: Apache-2.0
"""The settings of the API, as a service follows them."""

import logging
import threading
import time
from collections.abc import Callable, Mapping

from faafo import errors
from faafo.client.service import CONNECT_TIMEOUT, ServiceClient
from faafo.outage import Outage

LOG = logging.getLogger(__name__)

# Seconds that one request waits at the API.
WAIT_SECONDS = 20.0
# Seconds between two requests while the API lets none wait, or does not answer.
PAUSE_SECONDS = 1.0
# Seconds after a refusal: the API is too old, or knows this service by another role.
REFUSED_SECONDS = 30.0
READ_TIMEOUT = 10.0

Apply = Callable[[int, Mapping[str, str]], None]


class SettingClient(ServiceClient):
    """The API for services that follow settings."""

    def settings(self, after: int, seconds: float) -> tuple[int, dict[str, str]]:
        """Return the number of changes, and the settings by name.

        It waits up to ``seconds`` for another number than ``after``; the API may answer earlier.
        """
        parameters = {"after": after, "wait": f"{seconds:g}"}
        timeout = (CONNECT_TIMEOUT, self._read_timeout + seconds)
        answer = self._request("GET", "/api/setting", parameters=parameters, timeout=timeout)
        return int(answer["version"]), {
            str(one["name"]): str(one["value"]) for one in answer["settings"]
        }


class SettingWatch:
    """Has ``apply`` follow the settings; while the API is unavailable those before hold."""

    def __init__(self, client: SettingClient, apply: Apply) -> None:
        self._client = client
        self._apply = apply
        self._version = -1
        self._outage = Outage(LOG)

    def start(self, stop: threading.Event) -> None:
        """Begin, and go on until ``stop`` is set; returns at once."""
        threading.Thread(target=self._run, args=(stop,), name="settings", daemon=True).start()

    def _run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            stop.wait(self.look())

    def look(self) -> float:
        """Ask once, and apply the answer; return the seconds until the next question."""
        begun_at = time.monotonic()
        seconds = WAIT_SECONDS if self._version >= 0 else 0.0
        try:
            version, values = self._client.settings(max(0, self._version), seconds)
            self._apply(version, values)
        except errors.FaafoError as error:
            self._warn(str(error))
            refused = isinstance(error, errors.ApiRefused)
            return REFUSED_SECONDS if refused else PAUSE_SECONDS
        # The answer comes from another process, and the next one may be better.
        except Exception as error:
            self._warn(f"{type(error).__name__}: {error}")
            return PAUSE_SECONDS
        self._outage.succeeded()
        is_new, self._version = version != self._version, version
        has_waited = time.monotonic() - begun_at > PAUSE_SECONDS
        return 0.0 if is_new or has_waited else PAUSE_SECONDS

    def _warn(self, problem: str) -> None:
        """Log the first of several problems in a row."""
        self._outage.failed("could not ask the API for settings: %s", problem)

# SPDX-License-Identifier: Apache-2.0
"""The liveness check: a service calls itself through the broker and touches a file."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import oslo_messaging
from oslo_messaging.transport import RPCTransport

from faafo import errors
from faafo.rpc import contract
from faafo.rpc.server import Server
from faafo.vital import VitalThreads

LOG = logging.getLogger(__name__)

# Seconds that an answer may take, at least, on a machine that does much else.
SHORTEST_TIMEOUT = 2.0
# The broker hands messages to the processes of one name in turn: two calls reach two processes.
PINGS = 2
# Seconds that another process of the same name has to answer when a service starts.
TAKEN_SECONDS = 1.0


class LivenessCheck:
    """Calls ``server`` through the broker, and touches a file when it and its threads are well.

    A health check takes the service for unhealthy when the file has not been touched for several
    intervals. A server whose calls are accepted and not answered listens again: the broker may have
    lost an exchange or a binding. If the name must be unique, a service that finds it taken ends.

    :param interval: seconds between two checks, and the timeout of a call, which is 2 s at least.
    :param file: touched after each check that succeeds, None for no file.
    :param option: the option that holds the name, None if several processes may share it.
    :param is_busy: returns whether all threads of the server may be busy, so that it cannot answer.
    """

    def __init__(
        self,
        transport: RPCTransport,
        server: Server,
        vital: VitalThreads,
        interval: float,
        file: str | None = None,
        option: str | None = None,
        is_busy: Callable[[], bool] = lambda: False,
    ) -> None:
        own = server.target(
            namespace=contract.LIVENESS.namespace, version=contract.LIVENESS.version
        )
        self._client = oslo_messaging.get_rpc_client(
            transport, own, timeout=max(interval, SHORTEST_TIMEOUT), retry=1
        )
        self._server = server
        self._vital = vital
        self._interval = interval
        self._file = Path(file) if file else None
        self._option = option
        self._is_busy = is_busy
        self._failing = False

    def start(self, stop: threading.Event) -> None:
        """Check until ``stop`` is set; returns at once."""
        threading.Thread(target=self._run, args=(stop,), name="liveness", daemon=True).start()

    def ask_for_name(self) -> threading.Thread:
        """Ask whether another process has the name of this one, in the thread that is returned.

        It ends with ``faafo.errors.ConfigurationError`` when one answers. Without an answer the
        thread may wait for the broker for long: join it for TAKEN_SECONDS.
        """
        asking = threading.Thread(target=self._ask, name="name", daemon=True)
        asking.start()
        return asking

    def _ask(self) -> None:
        try:
            answer = self._client.prepare(timeout=TAKEN_SECONDS).call({}, "ping")
        # Whatever a driver or its library raises, there is no answer; the check asks again later.
        except Exception as error:
            LOG.debug("no other process answers under this name: %s", error)
        else:
            self._compare([answer])

    def _run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            if self._server.wait_until_listening(self._interval):
                self._check()
                stop.wait(self._interval)

    def _check(self) -> None:
        try:
            answers = [self._client.call({}, "ping") for _ in range(PINGS)]
            if stuck := self._vital.stuck():
                self._warn(f"stuck thread(s): {', '.join(stuck)}")
                return
            if self._file is not None:
                self._file.touch()
        except OSError as error:
            self._warn(f"[rpc] pulse_file = {self._file}: {error.strerror or error}")
        except oslo_messaging.MessagingTimeout:
            if self._is_busy():
                return
            self._warn("the broker does not deliver the messages of this service; it listens again")
            self._server.listen_again()
        # Whatever a driver or its library raises, the next call may succeed.
        except Exception as error:
            self._warn(f"the call to this service through the broker failed: {error}")
        else:
            self._failing = False
            self._compare(answers)

    def _compare(self, answers: list[Any]) -> None:
        """End this service if an older one has answered under its name."""
        for answer in answers:
            if self._option is not None and self._server.is_younger_than(answer):
                self._refuse(answer)

    def _refuse(self, answer: Any) -> None:
        other = answer.get("instance") if isinstance(answer, dict) else None
        raise errors.ConfigurationError(
            f"{self._option} = {self._server.target.server}: this name is taken by another process "
            f"on the same broker ({other or 'of an earlier version'}); give each its own name"
        )

    def _warn(self, problem: str) -> None:
        """Log the first of several problems in a row."""
        if not self._failing:
            LOG.warning("%s", problem)
        self._failing = True

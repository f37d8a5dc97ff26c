# SPDX-License-Identifier: Apache-2.0
"""A link between two services that a test can cut."""

import contextlib
import selectors
import socket
import threading
from typing import Any, Self

CHUNK = 65536
LOOK_SECONDS = 0.05


class Link:
    """Forwards TCP connections to ``(host, port)`` of the loopback, until it is told otherwise.

    ``cut`` resets every connection and refuses new ones; ``silence`` holds back every byte without
    a word, like packets that are dropped, and lets them go on when it is healed, as TCP would.
    """

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self._target = (host, port)
        self._listener = socket.create_server((host, 0))
        self.port: int = self._listener.getsockname()[1]
        self._silent = threading.Event()
        self._closing = threading.Event()
        self._cut = False
        self._peers: dict[socket.socket, socket.socket] = {}
        self._lock = threading.RLock()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, name="link")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._closing.set()
        self._thread.join()
        self._reset_all()
        # While it is cut, the listener is neither known nor open.
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(self._listener)
        self._listener.close()
        self._selector.close()

    def cut(self) -> None:
        """Reset all connections, and refuse new ones."""
        with self._lock:
            self._cut = True
            self._selector.unregister(self._listener)
            self._listener.close()
            self._reset_all()

    def silence(self) -> None:
        """Say nothing any more, to anybody."""
        self._silent.set()

    def heal(self) -> None:
        """Be a link again."""
        self._silent.clear()
        with self._lock:
            if self._cut:
                self._listener = socket.create_server((self._target[0], self.port))
                self._selector.register(self._listener, selectors.EVENT_READ)
                self._cut = False

    def _run(self) -> None:
        pause = threading.Event()
        while not self._closing.is_set():
            if self._silent.is_set():
                pause.wait(LOOK_SECONDS)
                continue
            for key, _events in self._selector.select(LOOK_SECONDS):
                with self._lock:
                    self._serve(key.fileobj)

    def _serve(self, ready: Any) -> None:
        if ready is self._listener:
            # It may have been closed since it was found ready.
            if not self._cut:
                self._connect()
        elif ready in self._peers and not self._silent.is_set():
            self._forward(ready)

    def _connect(self) -> None:
        near, _address = self._listener.accept()
        try:
            far = socket.create_connection(self._target, timeout=5)
        except OSError:
            _reset(near)
            return
        far.settimeout(None)
        self._peers[near], self._peers[far] = far, near
        for one in (near, far):
            self._selector.register(one, selectors.EVENT_READ)

    def _forward(self, source: socket.socket) -> None:
        try:
            data = source.recv(CHUNK)
            if data:
                self._pass_on(self._peers[source], data)
                return
        except OSError:
            pass
        self._end(source, _close)

    def _pass_on(self, target: socket.socket, data: bytes) -> None:
        target.sendall(data)

    def _end(self, one: socket.socket, how: Any) -> None:
        other = self._peers.pop(one)
        del self._peers[other]
        for half in (one, other):
            self._selector.unregister(half)
            how(half)

    def _reset_all(self) -> None:
        with self._lock:
            while self._peers:
                self._end(next(iter(self._peers)), _reset)


def _close(one: socket.socket) -> None:
    one.close()


def _reset(one: socket.socket) -> None:
    """Close a connection with RST instead of FIN."""
    with contextlib.suppress(OSError):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    one.close()

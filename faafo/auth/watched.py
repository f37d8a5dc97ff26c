# SPDX-License-Identifier: Apache-2.0
"""A file that operators change while the API runs; what is broken is not taken over."""

import logging
import os
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from faafo import errors

LOG = logging.getLogger(__name__)

LOOK_AGAIN_SECONDS = 1.0
# In bytes.
LARGEST = 2**20

Value = TypeVar("Value")
Stamp = tuple[int, int, int]


class WatchedFile(Generic[Value]):
    """What ``parse`` makes of the text of a file; thread-safe.

    :param option: how the configuration calls the file, such as "[oslo_policy] policy_file".
    A file that is emptied or half written is not taken over: what it no longer forbids would be
    allowed.

    :param parse: raises ValueError with a sentence for a text that is not valid.
    :raises faafo.errors.ConfigurationError: when the file cannot be read, or is not valid, now;
        later, a log line says so, and the old value stays.
    """

    def __init__(self, option: str, path: str, parse: Callable[[str], Value]) -> None:
        self._name = f"{option} = {path}"
        self._path = path
        self._parse = parse
        self._lock = threading.Lock()
        self._problem = ""
        self._look_after = 0.0
        self._stamp: Stamp | None = None
        self._changed_to: Stamp | None = None
        try:
            self._stamp, self._value = self._read()
        except ValueError as error:
            raise errors.ConfigurationError(f"{self._name}: {error}") from None

    @property
    def value(self) -> Value:
        """The newest value; the file is looked at once a second."""
        if time.monotonic() >= self._look_after and self._lock.acquire(blocking=False):
            try:
                self._look()
            finally:
                self._look_after = time.monotonic() + LOOK_AGAIN_SECONDS
                self._lock.release()
        return self._value

    def _look(self) -> None:
        try:
            stamp = self._stamp_now()
            if stamp == self._stamp:
                return
            if stamp != self._changed_to:
                # It may be half written: it is read once it has not changed for a second.
                self._changed_to = stamp
                return
            self._stamp, self._value = self._read()
        except ValueError as error:
            problem = str(error)
            if problem != self._problem:
                LOG.error("%s: %s; what was read before stays valid", self._name, problem)
            self._problem = problem
            return
        self._problem = ""
        LOG.info("%s has been read again", self._name)

    def _read(self) -> tuple[Stamp, Value]:
        stamp = self._stamp_now()
        try:
            with open(self._path, "rb") as file:
                content = file.read(LARGEST + 1)
        except OSError as error:
            raise ValueError(error.strerror) from None
        if len(content) > LARGEST:
            raise ValueError(f"is larger than {LARGEST} bytes")
        if not content.strip() and self._stamp is not None:
            raise ValueError("is empty")
        if stamp != self._stamp_now():
            raise ValueError("is being written")
        try:
            text = content.decode()
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            raise ValueError(f"line {line} is not UTF-8") from None
        try:
            return stamp, self._parse(text)
        except RecursionError:
            raise ValueError("is nested too deeply") from None

    def _stamp_now(self) -> Stamp:
        try:
            found = os.stat(self._path)
        except OSError as error:
            raise ValueError(error.strerror) from None
        return found.st_mtime_ns, found.st_size, found.st_ino

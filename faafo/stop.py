# SPDX-License-Identifier: Apache-2.0
"""The end of a service: requested by signals or failed threads, and enforced by a deadline."""

import logging
import os
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable
from types import FrameType

from faafo import errors

LOG = logging.getLogger(__name__)

# SIGHUP: the terminal has gone; without one, the configuration is to be read again.
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
# Seconds that a service has beyond its drain to close connections and end.
GRACE_SECONDS = 4.0
# Seconds that it has after a second signal, to release what it holds.
HURRY_SECONDS = 2.0
# Seconds that the interpreter has to join its threads, some of which may wait for a silent peer.
EXIT_SECONDS = 0.5
# Seconds between two checks whether the deadline has passed.
POLL_SECONDS = 0.1


class Stop:
    """A request to stop, made by signals or by a thread that ends by an error.

    ``requested`` is set by the first SIGTERM, SIGINT or SIGHUP, or by a failed thread;
    ``immediate`` by SIGINT or a second signal, ``forced`` by a second signal. ``failed`` is whether
    a thread has failed. In a process without a controlling terminal, such as a service of systemd
    or one in a container, SIGHUP sets ``reload`` instead.

    :param report: called in a thread of its own at SIGUSR2; it must not raise.
    """

    def __init__(self, report: Callable[[], None] = lambda: None) -> None:
        self._report = report
        self._ignores_hangup = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        self.requested = threading.Event()
        self.immediate = threading.Event()
        self.reload = threading.Event()
        self.failed = False
        self.forced = threading.Event()
        self._finished = threading.Event()
        self._status: int | None = None
        self._has_terminal = True

    def begin(self) -> None:
        """Let no signal end the process, until it listens, that is not to end it later either."""
        # SIG_IGN would be inherited by children, as nohup(1) has it.
        signal.signal(signal.SIGUSR2, _do_nothing)
        if not _has_terminal() and not self._ignores_hangup:
            # The files are watched from then on.
            signal.signal(signal.SIGHUP, _do_nothing)

    def listen(self, drain_timeout: Callable[[], float] = float) -> None:
        """Handle SIGTERM, SIGINT, SIGHUP, SIGUSR2 and errors of threads from now on.

        The interpreter writes the signals' numbers to a socket, and a thread reads them: an Event
        must not be set in a signal handler, which may have interrupted the thread that holds its
        lock.

        :param drain_timeout: returns the seconds that the service may drain. The process ends at
            most GRACE_SECONDS later, whatever its threads wait for.
        """
        # Later it may have gone.
        self._has_terminal = _has_terminal()
        received, sent = socket.socketpair()
        sent.setblocking(False)
        signal.set_wakeup_fd(sent.detach())
        for number in (*SIGNALS, signal.SIGUSR2):
            # nohup(1) ignores SIGHUP for a process that is to outlive its terminal.
            if number == signal.SIGHUP and self._ignores_hangup:
                continue
            signal.signal(number, _do_nothing)
        threading.excepthook = self._fail
        for name, target, argument in (
            ("signals", self._wait_for_signals, received),
            ("deadline", self._enforce_deadline, drain_timeout),
        ):
            threading.Thread(target=target, args=(argument,), name=name, daemon=True).start()

    def finish(self, status: int) -> int:
        """Return the exit status of a command that returned ``status``: 1 if a thread has failed.

        The process ends soon, even if a thread does not.
        """
        self._status = 1 if self.failed else status
        self._finished.set()
        self.requested.set()
        return self._status

    def _wait_for_signals(self, source: socket.socket) -> None:
        is_first = True
        while received := source.recv(1):
            if received[0] == signal.SIGHUP and not self._has_terminal:
                self.reload.set()
                continue
            if received[0] == signal.SIGUSR2:
                _start(self._report)
                continue
            _call_briefly(LOG.info, "stopping: %s received", signal.Signals(received[0]).name)
            if received[0] == signal.SIGINT or not is_first:
                self.immediate.set()
            if not is_first:
                self.forced.set()
            self.requested.set()
            is_first = False

    def _fail(self, failure: threading.ExceptHookArgs) -> None:
        """Log in one line the error by which a thread has ended, and request a stop."""
        if failure.exc_type is SystemExit:
            return
        name = failure.thread.name if failure.thread else "unknown"
        if isinstance(failure.exc_value, errors.FaafoError):
            LOG.error("%s", failure.exc_value)
        else:
            LOG.error("thread %s has ended: %s", name, _sentence(failure))
            LOG.debug("thread %s", name, exc_info=failure.exc_value)
        self.failed = True
        self.requested.set()

    def _enforce_deadline(self, drain_timeout: Callable[[], float]) -> None:
        """End the process when it has not ended in time: what it holds expires with its leases."""
        self.requested.wait()
        if self._finishes_in_time(time.monotonic() + drain_timeout() + GRACE_SECONDS):
            # Nothing sets it: this thread ends with the interpreter, when all others have ended.
            threading.Event().wait(EXIT_SECONDS)
        try:
            _call_briefly(self._write_the_last)
        finally:
            status = self._status
            os._exit((1 if self.failed else 0) if status is None else status)

    def _write_the_last(self) -> None:
        if not self._finished.is_set():
            LOG.warning("the process ends, though some of its threads still wait for a peer")
        sys.stdout.flush()

    def _finishes_in_time(self, deadline: float) -> bool:
        """Return whether the command returns before ``deadline``, or soon after a second signal."""
        is_hurried = False
        while not self._finished.wait(POLL_SECONDS):
            if self.forced.is_set() and not is_hurried:
                is_hurried = True
                deadline = min(deadline, time.monotonic() + HURRY_SECONDS)
            if time.monotonic() > deadline:
                return False
        return True


def _do_nothing(_number: int, _frame: FrameType | None) -> None:
    """Handle a signal whose number is read elsewhere, or is of no interest."""


def _has_terminal() -> bool:
    """Return whether this process has a controlling terminal, whose end SIGHUP tells."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def _call_briefly(write: Callable[..., None], *arguments: str) -> None:
    """Write in a thread of its own, which is waited for briefly: log and output may block."""
    if thread := _start(write, *arguments):
        thread.join(EXIT_SECONDS)


def _start(write: Callable[..., None], *arguments: str) -> threading.Thread | None:
    try:
        thread = threading.Thread(target=write, args=arguments, name="writer", daemon=True)
        thread.start()
        return thread
    # The system may refuse another thread; to stop counts more than to say so.
    except RuntimeError as error:
        sys.stderr.write(f"{error}\n")
        return None


def _sentence(failure: threading.ExceptHookArgs) -> str:
    """Return the error by which a thread has ended, and the line that raised it."""
    frames = traceback.extract_tb(failure.exc_traceback)
    place = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    return f"{failure.exc_type.__name__}: {failure.exc_value}{place}"

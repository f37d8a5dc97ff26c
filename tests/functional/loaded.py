# SPDX-License-Identifier: Apache-2.0
"""Processes of console scripts that need not load faafo: they are forked from one that has.

To load a command takes most of what its start costs, half a second of the processor and more. What
is forked is in all else a process like any other: it has its own id, session, environment, working
directory and output, runs the same entry point with its command line, and ends as interpreters do.
"""

import atexit
import functools
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

FORKER = Path(__file__).with_name("forker.py")
SCRIPTS = {
    *("faafo", "faafo-all", "faafo-api", "faafo-manage", "faafo-notifier", "faafo-producer"),
    *("faafo-reader", "faafo-status", "faafo-worker"),
}


class Forker:
    """A process that has loaded ``script``; it ends when this one does."""

    def __init__(self, script: str, environment: dict[str, str]) -> None:
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, FORKER, script],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        atexit.register(self.close)

    def close(self) -> None:
        """End it; what it has started goes on."""
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def ask(self, **question: Any) -> int | None:
        """Return the answer to a request."""
        with self._lock:
            print(json.dumps(question), file=self._process.stdin, flush=True)
            return json.loads(self._process.stdout.readline())


class Loaded:
    """What ``subprocess.Popen`` is for a process that is started by itself, as far as it is used.

    :param script: one of ``SCRIPTS``.
    :param arguments: its command line.
    :param output: the file that its standard output is appended to.
    :param errors: the file for its standard error; by default the same one.
    """

    def __init__(
        self,
        script: Path,
        arguments: list[str],
        directory: Path,
        environment: dict[str, str],
        output: Path,
        errors: Path | None = None,
    ) -> None:
        self.returncode: int | None = None
        self._forker = _forker(script.name, environment["XDG_CACHE_HOME"])
        self.pid = self._forker.ask(
            argv=[str(script), *arguments],
            directory=str(directory),
            environment=environment,
            output=str(output),
            errors=str(errors or output),
        )

    def poll(self) -> int | None:
        """Return the exit status; None while the process runs."""
        if self.returncode is None:
            self.returncode = self._forker.ask(pid=self.pid)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit status, once the process has ended.

        :raises subprocess.TimeoutExpired: when it has not after ``timeout`` seconds.
        """
        begun_at, pause = time.monotonic(), threading.Event()
        while self.poll() is None:
            if timeout is not None and time.monotonic() - begun_at > timeout:
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
            pause.wait(0.01)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal to the process, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)


@functools.cache
def _forker(script: str, cache: str) -> Forker:
    return Forker(script, {"PATH": os.defpath, "LANG": "C.UTF-8", "XDG_CACHE_HOME": cache})


def finished(
    script: Path,
    arguments: list[str],
    directory: Path,
    environment: dict[str, str],
    timeout: float,
) -> subprocess.CompletedProcess[str]:
    """Run a command as ``subprocess.run`` does; after ``timeout`` seconds it is killed."""
    with tempfile.TemporaryDirectory() as name:
        output, errors = Path(name) / "output", Path(name) / "errors"
        process = Loaded(script, arguments, directory, environment, output, errors)
        try:
            status = process.wait(timeout)
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGKILL)
                process.wait()
        command = [str(script), *arguments]
        return subprocess.CompletedProcess(command, status, output.read_text(), errors.read_text())

# SPDX-License-Identifier: Apache-2.0
"""The CPU time of processes, from /proc: user and system time, in seconds."""

import contextlib
from collections.abc import Mapping

import psutil

BROKER = "beam.smp"
DATABASE = "mariadbd"


def server(program: str) -> psutil.Process:
    """Return the child process of ``program``.

    :raises LookupError: when there is none.
    """
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.name() == program:
                return process
    raise LookupError(f"no process {program}")


def spent(root: psutil.Process) -> float:
    """Return the CPU seconds of a process and of all its descendants, also of ended ones."""
    seconds = 0.0
    for process in [root, *root.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            seconds += times.user + times.system + times.children_user + times.children_system
    return seconds


class Meter:
    """Measures the CPU seconds of several process trees since the previous lap."""

    def __init__(self, roots: Mapping[str, psutil.Process]) -> None:
        self._roots = roots
        self._before = self._read()

    def lap(self) -> dict[str, float]:
        """Return the CPU seconds by name since the last lap, or since the meter was made."""
        now = self._read()
        before, self._before = self._before, now
        return {name: now[name] - before[name] for name in now}

    def _read(self) -> dict[str, float]:
        return {name: spent(root) for name, root in self._roots.items()}


class Neighbours:
    """Measures the CPU share of other processes on the machine since its construction.

    Own processes are counted while they run, and after they have been waited for.
    """

    def __init__(self) -> None:
        self._before = self._read()

    def share(self) -> float:
        """Return the share of all CPU time, from 0 to 1, that other processes used."""
        (busy, all_, ours), (busy_now, all_now, ours_now) = self._before, self._read()
        return max(0.0, (busy_now - busy - ours_now + ours) / max(all_now - all_, 1e-9))

    def _read(self) -> tuple[float, float, float]:
        times = psutil.cpu_times()
        # Linux includes the time of guests in user time.
        all_ = sum(times[:8])
        return all_ - times.idle - times.iowait, all_, spent(psutil.Process())

# SPDX-License-Identifier: Apache-2.0
"""What processes have spent, from /proc: CPU seconds, user and system together."""

import contextlib
from collections.abc import Mapping

import psutil

BROKER = "beam.smp"
DATABASE = "mariadbd"


def server(program: str) -> psutil.Process:
    """Return the process of ``program`` that we have started.

    :raises LookupError: when there is none.
    """
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.name() == program:
                return process
    raise LookupError(f"no process {program}")


def spent(root: psutil.Process) -> float:
    """Return the CPU seconds of a process and of all below it, those that have ended included."""
    seconds = 0.0
    for process in [root, *root.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            seconds += times.user + times.system + times.children_user + times.children_system
    return seconds


class Meter:
    """Reads how much each of several process trees has spent since the last look."""

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
    """Tells how much of the machine others have used since it was made: a busy one measures badly.

    What ours used is counted once a process has been waited for, or is still there.
    """

    def __init__(self) -> None:
        self._before = self._read()

    def share(self) -> float:
        """Return the share of all CPU time, from 0 to 1, that was spent by others."""
        (busy, all_, ours), (busy_now, all_now, ours_now) = self._before, self._read()
        return max(0.0, (busy_now - busy - ours_now + ours) / max(all_now - all_, 1e-9))

    def _read(self) -> tuple[float, float, float]:
        times = psutil.cpu_times()
        # Linux counts the time of guests as the user's, too.
        all_ = sum(times[:8])
        return all_ - times.idle - times.iowait, all_, spent(psutil.Process())

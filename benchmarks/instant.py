# SPDX-License-Identifier: Apache-2.0
"""Starts a worker whose kernel returns at once, to measure the control path without rendering.

``launch.py benchmarks.instant --config-file worker.conf``. Later releases start that of this one in
the same way, see ``before.py``.
"""

from benchmarks import paused


def main() -> int:
    """Work as ``faafo-worker`` does, with the same tiny picture for every task."""
    return paused.run(0.0, "faafo.cmd.worker")

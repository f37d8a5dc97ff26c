# SPDX-License-Identifier: Apache-2.0
"""Starts a module of this checkout from anywhere: ``launch.py benchmarks.peers.bare_api ...``.

The processes that are measured run in temporary directories, where no module of ours is found.
"""

import importlib
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    sys.exit(importlib.import_module(sys.argv.pop(1)).main())

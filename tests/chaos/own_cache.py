# SPDX-License-Identifier: Apache-2.0
"""Starts a command of faafo with a cache of compiled code in the working directory.

``python own_cache.py faafo.cmd.worker --config-file worker.conf``
"""

import importlib
import os
import sys
from pathlib import Path

if __name__ == "__main__":
    os.environ["NUMBA_CACHE_DIR"] = str(Path("code").resolve())
    sys.exit(importlib.import_module(sys.argv.pop(1)).main())

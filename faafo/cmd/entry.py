# SPDX-License-Identifier: Apache-2.0
"""The console scripts: each loads its command, unless it is asked for its version or help only.

To load a service takes about a second.
"""

import importlib
import sys
from importlib import metadata

HELP = {"-h", "--help"}
INTERRUPTED_STATUS = 130


def api() -> int:
    """``faafo-api``."""
    return _serve("api")


def notifier() -> int:
    """``faafo-notifier``."""
    return _serve("notifier")


def producer() -> int:
    """``faafo-producer``."""
    return _serve("producer")


def reader() -> int:
    """``faafo-reader``."""
    return _serve("reader")


def worker() -> int:
    """``faafo-worker``."""
    return _serve("worker")


def all_in_one() -> int:
    """``faafo-all``."""
    return _serve("all")


def manage() -> int:
    """``faafo-manage``."""
    return _start("manage")


def status() -> int:
    """``faafo-status``."""
    return _start("status")


def user() -> int:
    """``faafo``."""
    try:
        return _start("faafo")
    except KeyboardInterrupt:
        # Before the command has begun; a service would have its own handler.
        return INTERRUPTED_STATUS


def _serve(name: str) -> int:
    if HELP.intersection(sys.argv):
        importlib.import_module("faafo.cmd.usage").show(f"faafo-{name}")
        return 0
    return _start(name)


def _start(name: str) -> int:
    if sys.argv[1:] == ["--version"]:
        print(metadata.version("faafo"))
        return 0
    return importlib.import_module(f"faafo.cmd.{name}").main()

# SPDX-License-Identifier: Apache-2.0
"""``faafo``: the command line of a user."""

import os
import sys

from faafo.cli.app import FaafoApp

# What cliff returns when its output is no longer read.
SIGPIPE_STATUS = 141


def main() -> int:
    """Run the command line; return the exit status."""
    if sys.stdout is None:
        # The shell has closed it: >&-
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - for as long as the process runs
    try:
        status = FaafoApp().run(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:
        status = SIGPIPE_STATUS
    except OSError as error:
        print(f"faafo: standard output: {error.strerror}", file=sys.stderr)
        _discard_output()
        return 1
    if status == SIGPIPE_STATUS:
        _discard_output()
        return 0
    return status


def _discard_output() -> None:
    """Keep the interpreter from one more flush at its exit, which would fail, too."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())

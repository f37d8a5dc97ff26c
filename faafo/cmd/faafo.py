# SPDX-License-Identifier: Apache-2.0
"""``faafo``: the command line of a user."""

import os
import sys

from faafo.cli.app import FaafoApp

# What cliff returns when nobody reads the output any more.
SIGPIPE_STATUS = 141


def main() -> int:
    """Run the command line; return the exit status."""
    try:
        status = FaafoApp().run(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:
        status = SIGPIPE_STATUS
    if status == SIGPIPE_STATUS:
        # The interpreter flushes once more when it exits, and would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return status


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
"""The options --wait, --timeout and --output of commands that post a picture of many parts."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from faafo import errors
from faafo.cli.images import download
from faafo.cli.output import Progress, check_target
from faafo.cli.service import ServiceApp
from faafo.cli.waiting import add_timeout, shown_on
from faafo.client import Fractal

WAIT_SECONDS = 3600.0


def add_options(parser: argparse.ArgumentParser, metavar: str) -> None:
    """Add the options."""
    parser.add_argument("--wait", action="store_true", help="wait until it is complete")
    add_timeout(parser, WAIT_SECONDS)
    parser.add_argument(
        "--output",
        metavar=metavar,
        type=Path,
        help="wait, and save it there; a file that exists is replaced",
    )


class Finished:
    """Waits for a picture as far as the options ask for it, and saves it."""

    def __init__(self, app: ServiceApp, options: argparse.Namespace) -> None:
        self._app = app
        self._options = options
        if options.output is not None:
            check_target(options.output)

    @contextmanager
    def naming(self, uuid: str) -> Iterator[None]:
        """Say what remains with the service if the block ends early."""
        try:
            yield
        except (KeyboardInterrupt, errors.WaitTimeout):
            self._app.LOG.warning("fractal %s remains with the service", uuid)
            raise

    def wait_for(self, posted: Fractal) -> Fractal:
        """Return the record once it is complete; at once if nobody has asked to wait."""
        if not self._options.wait and self._options.output is None:
            return posted
        with Progress(self._app.stderr) as progress:
            show = shown_on(progress)
            return self._app.client.wait(posted, self._options.timeout, show)

    def save(self, uuid: str) -> None:
        """Save the file of a picture that is complete."""
        download(self._app.client, uuid, self._options.output, self._app.stderr)

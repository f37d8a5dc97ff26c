# SPDX-License-Identifier: Apache-2.0
"""``faafo fractal get`` and ``faafo render``: images in files."""

import argparse
import sys
import uuid as uuidlib
from pathlib import Path
from typing import TextIO

from faafo import errors
from faafo.cli import picture, scheduling, values
from faafo.cli.base import PlainCommand
from faafo.cli.output import OutputRefused, Progress, check_target, replacing, resuming
from faafo.cli.waiting import add_timeout, shown_on
from faafo.client import Client, Fractal

STANDARD_OUTPUT = "-"
MEGABYTE = 1_000_000


class _SaveImage(PlainCommand):
    """Base class of a command that saves an image."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the path."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "-o",
            "--output",
            metavar="PATH",
            help="file to write, which is replaced if it exists; - is standard output "
            "(default: UUID.png, or that of the format of a film)",
        )
        return parser

    def check(self, path: str | None) -> None:
        """Check that the file can be written, before anything is done for it."""
        if path == STANDARD_OUTPUT and self.app.stdout.isatty():
            raise OutputRefused("-: is a terminal, which shows no images; name a file")
        if path is not None and path != STANDARD_OUTPUT:
            check_target(Path(path))

    def save(self, uuid: str, path: str | None) -> None:
        """Save the image of a complete fractal."""
        if path == STANDARD_OUTPUT:
            self.client.save_image(uuid, sys.stdout.buffer)
            return
        target = Path(path or f"{uuid}{self.client.get(uuid).suffix}")
        fractal = download(self.client, uuid, target, self.app.stderr)
        self.print(
            f"saved fractal {uuid} as {target}: {fractal.width} x {fractal.height} pixels, "
            f"{fractal.size} bytes"
        )


def download(client: Client, uuid: str, target: Path, stream: TextIO) -> Fractal:
    """Save the image of a complete fractal, with progress on ``stream``; return its record.

    What an earlier download has left is not downloaded again.
    """
    with Progress(stream) as progress:

        def show(count: int, size: int | None) -> None:
            of = "" if size is None else f" of {size / MEGABYTE:.1f}"
            progress.show(f"{count / MEGABYTE:.1f}{of} MB")

        if target.exists() and not target.is_file():
            with replacing(target) as file:
                return client.save_image(uuid, file, on_chunk=show)
        with resuming(target, uuid) as file:
            return client.save_image(uuid, file, resume=True, on_chunk=show)


class GetImage(_SaveImage):
    """Download the image of a fractal, a PNG file, or a film.

    The file is the one that the worker has stored; it is checked against the
    checksum of the record, and appears under its name only when it is whole.
    A download that broke off goes on when the command is repeated.
    """

    operands = "UUID"
    examples = (
        "faafo fractal get 12345678-9abc-4def-8123-456789abcdef -o julia.png",
        "faafo fractal get 12345678-9abc-4def-8123-456789abcdef -o - | display",
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the uuid."""
        parser = super().get_parser(prog_name)
        parser.add_argument("uuid", type=values.uuid, metavar="UUID", help="uuid of the fractal")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Download it."""
        self.check(parsed_args.output)
        self.save(parsed_args.uuid, parsed_args.output)


class Render(_SaveImage):
    """Render a fractal: post it, wait for it, and save its image.

    After Ctrl-C, or when the time is over, the fractal remains with the
    service, and "faafo fractal get" saves its image later.
    """

    examples = (
        "faafo render -o julia.png",
        "faafo render --width 800 --height 600 --c -0.8+0.156i -o x.png",
        "faafo render --c -0.7269+0.1889i --palette ember --xa -0.5 --xb 0.5 --ya -0.4 --yb 0.4",
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the parameters of the fractal, and the timeout."""
        parser = super().get_parser(prog_name)
        add_timeout(parser)
        picture.add_options(parser)
        return scheduling.add_options(parser)

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Render it."""
        given = picture.checked_parameters(self, parsed_args)
        schedule = scheduling.given(parsed_args)
        self.check(parsed_args.output)
        # Chosen here: after Ctrl-C the answer to the POST may not have been read.
        uuid = given["uuid"] = str(uuidlib.uuid4())
        try:
            with Progress(self.app.stderr) as progress:
                fractal = self.client.create(**schedule, **given)
                self.client.wait(fractal, parsed_args.timeout, shown_on(progress))
        except (KeyboardInterrupt, errors.WaitTimeout):
            self.app.LOG.warning("fractal %s remains with the service", uuid)
            raise
        self.save(uuid, parsed_args.output)

# SPDX-License-Identifier: Apache-2.0
"""``faafo poster create``."""

import argparse
import uuid as uuidlib
from pathlib import Path

from faafo.cli import cells, picture, scheduling, values
from faafo.cli.base import Result, ShowCommand
from faafo.cli.finished import Finished, add_options
from faafo.cli.sizes import SIZES, size
from faafo.fractal.parts import MOST_PARTS

SIZE = "16k"


class CreatePoster(ShowCommand):
    """Post a poster, a picture that many workers share, and show its record.

    Without --split the service divides it if it is large. With --wait the
    record is that of the complete poster. After Ctrl-C, or when the time is
    over, the poster remains with the service; "faafo fractal get" saves it
    later, and goes on with a download that broke off.
    """

    examples = (
        "faafo poster create --size a1 --split 60",
        "faafo poster create --size 20000x15000 --c -0.7269+0.1889i --palette ember --wait",
        "faafo poster create --size a2-landscape --output poster.png --timeout 2h",
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add size, parts, parameters, schedule, and what is waited for."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "--size",
            type=size,
            default=SIZE,
            metavar="SIZE",
            help=f"WIDTHxHEIGHT in pixels, or {', '.join(SIZES)}; paper is at 300 dots an inch "
            "(default: %(default)s)",
        )
        parser.add_argument(
            "--split",
            type=values.whole(1, MOST_PARTS),
            metavar="COUNT",
            help="number of bands of rows, each for a worker (default: it depends on the size)",
        )
        add_options(parser, "FILE.png")
        picture.add_options_but_size(parser)
        return scheduling.add_options(parser)

    def take_action(self, parsed_args: argparse.Namespace) -> Result:
        """Post it; wait for it, and save it, if asked to."""
        parsed_args.width, parsed_args.height = parsed_args.size
        given = picture.checked_parameters(self, parsed_args)
        schedule = scheduling.given(parsed_args)
        # Chosen here: after Ctrl-C the answer to the POST may not have been read.
        uuid = given["uuid"] = str(uuidlib.uuid4())
        finished = Finished(self.app, parsed_args)
        with finished.naming(uuid):
            poster = finished.wait_for(
                self.client.create(split=parsed_args.split, **schedule, **given)
            )
        names, shown = cells.fields(poster)
        if parsed_args.output is None:
            return names, shown
        finished.save(uuid)
        return (*names, "file"), (*shown, str(Path(parsed_args.output)))

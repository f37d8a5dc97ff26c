# SPDX-License-Identifier: Apache-2.0
"""``faafo film create``."""

import argparse
import uuid as uuidlib
from pathlib import Path
from typing import Any

from faafo.cli import cells, film_paths, picture, scheduling, values
from faafo.cli.base import Result, ShowCommand
from faafo.cli.finished import Finished, add_options
from faafo.cli.sizes import SIZES, size
from faafo.client.parameters import Parameters, make_task
from faafo.client.posting import FPS, Posting
from faafo.fractal.film import LEAST_FRAMES
from faafo.fractal.parts import MOST_FPS, MOST_PARTS, FilmFormat

SIZE, FRAMES = "720p", 120


class CreateFilm(ShowCommand):
    """Post a film, whose frames many workers render, and show its record.

    One of --circle, --points, --walk and --zoom says where c leads. With
    --wait the record is that of the complete film. After Ctrl-C, or when the
    time is over, the film remains with the service; "faafo fractal get" saves
    it later.
    """

    examples = (
        "faafo film create --circle 0,0.7885 --output circle.webp",
        "faafo film create --points -0.8+0.156i,-0.7269+0.1889i,0.285+0.01i --frames 240 --wait",
        "faafo film create --walk 7 --size 1080p --fps 30 --frames 600 --output walk.webm",
        "faafo film create --zoom -0.8+0.156i --to 0.1+0.2i,0.01 --palette ember",
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the path, frames, parameters, schedule, and what is waited for."""
        parser = super().get_parser(prog_name)
        film_paths.add_options(parser)
        parser.add_argument(
            "--frames",
            type=values.whole(LEAST_FRAMES, MOST_PARTS),
            default=FRAMES,
            metavar="COUNT",
            help=f"number of frames, {LEAST_FRAMES} to {MOST_PARTS} (default: %(default)s)",
        )
        parser.add_argument(
            "--fps",
            type=values.whole(1, MOST_FPS),
            default=FPS,
            metavar="COUNT",
            help=f"number of frames in a second, 1 to {MOST_FPS} (default: %(default)s)",
        )
        parser.add_argument(
            "--file-format",
            choices=[one.value for one in FilmFormat],
            help="animated WebP, or WebM, which needs workers that can make it (default: webp, "
            "unless --output ends with .webm)",
        )
        parser.add_argument(
            "--size",
            type=size,
            default=SIZE,
            metavar="SIZE",
            help=f"WIDTHxHEIGHT in pixels, or {', '.join(SIZES)} (default: %(default)s)",
        )
        add_options(parser, "FILE")
        picture.add_options_but_size(parser, has_c=False)
        return scheduling.add_options(parser)

    def take_action(self, parsed_args: argparse.Namespace) -> Result:
        """Post it; wait for it, and save it, if asked to."""
        parsed_args.width, parsed_args.height = parsed_args.size
        given = picture.checked_parameters(self, parsed_args)
        path = self._path(parsed_args, given)
        schedule = scheduling.given(parsed_args)
        uuid = given["uuid"] = str(uuidlib.uuid4())
        finished = Finished(self.app, parsed_args)
        with finished.naming(uuid):
            posted = self.client.create_film(
                path,
                parsed_args.frames,
                fps=parsed_args.fps,
                file_format=parsed_args.file_format or _format_of(parsed_args.output),
                posting=Posting(**schedule),
                **given,
            )
            film = finished.wait_for(posted)
        names, shown = cells.fields(film)
        if parsed_args.output is None:
            return names, shown
        finished.save(uuid)
        return (*names, "file"), (*shown, str(parsed_args.output))

    def _path(self, parsed_args: argparse.Namespace, given: Parameters) -> dict[str, Any]:
        """Return the path that the options describe; end the process if there is none."""
        if (parsed_args.zoom is None) != (parsed_args.to is None):
            self.usage_error("arguments --zoom and --to: must be given together")
        return film_paths.given(parsed_args, make_task(given))


def _format_of(path: Path | None) -> str:
    """Return the format of a film that is saved there."""
    is_webm = path is not None and path.suffix.lower() == ".webm"
    return (FilmFormat.WEBM if is_webm else FilmFormat.WEBP).value

# SPDX-License-Identifier: Apache-2.0
"""The join of a film: its frames are read one at a time, and encoded one behind the other."""

import importlib.util
import io
import logging
import threading
from collections.abc import Callable, Iterator
from typing import IO, Any

from PIL import Image, PngImagePlugin

from faafo import errors
from faafo.fractal.drawing import FILM_PARAMETERS
from faafo.fractal.parts import FilmFormat, FilmJoin
from faafo.fractal.task import FractalTask
from faafo.render import webp
from faafo.store.base import ImageWriter

LOG = logging.getLogger(__name__)

# What a PNG file raises that is cut off or damaged.
BROKEN = (OSError, SyntaxError, ValueError)
WITHOUT_WEBM = "films in WebM need PyAV; install it with: pip install 'faafo[film]'"

# Calls a store, with retries.
Call = Callable[..., Any]


def can_join_webm() -> bool:
    """Tell whether PyAV is installed; to load it would take 30 MB."""
    return importlib.util.find_spec("av") is not None


def known_parameters() -> int:
    """Return the latest version of the drawing parameters that this worker knows.

    Log why it is not that of films in WebM: those wait for other workers.
    """
    if can_join_webm():
        return FILM_PARAMETERS[FilmFormat.WEBM]
    LOG.info("%s: this worker joins none", WITHOUT_WEBM)
    return FILM_PARAMETERS[FilmFormat.WEBP]


def write(
    task: FractalTask,
    join: FilmJoin,
    store: ImageWriter,
    call: Call,
    cancelled: threading.Event,
    progress: Callable[[int], None],
    file: IO[bytes],
) -> None:
    """Write the film of ``task`` to a seekable, empty ``file``, with one frame in memory.

    :param store: has the frames.
    :param progress: is called with the number of rows of a picture that correspond to the frames
        that have been encoded.
    :raises faafo.errors.RenderCancelled: between two frames, when it was cancelled.
    :raises faafo.errors.RenderFailed: when a frame is missing, or not what it should be, or when
        this worker cannot encode the format.
    """
    count = len(join.frames)

    def pictures() -> Iterator[Image.Image]:
        for number, frame in enumerate(join.frames):
            if cancelled.is_set():
                raise errors.RenderCancelled(f"the join of task {task.uuid} was cancelled")
            progress(number * task.height // count)
            try:
                content = call(_load, store, frame.uuid, frame.token)
            except errors.ImageNotFound:
                raise errors.RenderFailed(
                    f"frame {number}: the image of {frame.uuid} is lost"
                ) from None
            yield _decoded(content, task, number)

    _writer_of(join.format)(pictures(), task.width, task.height, count, join.fps, file)


def _writer_of(kind: FilmFormat) -> Callable[..., None]:
    if kind is FilmFormat.WEBP:
        return webp.write
    if not can_join_webm():
        raise errors.RenderFailed(f"format: {WITHOUT_WEBM}")
    from faafo.render import webm  # noqa: PLC0415

    return webm.write


def _load(store: ImageWriter, uuid: str, token: str | None) -> bytes:
    with store.open(uuid, token) as file:
        return file.read()


def _decoded(content: bytes, task: FractalTask, number: int) -> Image.Image:
    try:
        with PngImagePlugin.PngImageFile(io.BytesIO(content)) as image:
            if image.size == (task.width, task.height):
                return image.convert("RGB")
    except BROKEN as error:
        raise errors.RenderFailed(f"frame {number}: cannot be read: {error}") from None
    raise errors.RenderFailed(f"frame {number}: has {image.width} x {image.height} pixels")

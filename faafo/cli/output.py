# SPDX-License-Identifier: Apache-2.0
"""Files that appear under their name only when they are whole, and progress on a terminal."""

import fcntl
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, TextIO
from uuid import uuid4

from faafo import errors

LOG = logging.getLogger("faafo.cli")

# What is downloaded again when it has broken off before: bytes.
LEAST_KEPT = 2**20
ERASE_TO_END_OF_LINE = "\x1b[K"


class OutputRefused(errors.FaafoError):
    """Raised when a file cannot be written that a user has asked for; names it."""


def check_target(path: Path) -> None:
    """Check that a file can be written there, before anything is done for it.

    :raises faafo.cli.output.OutputRefused: when it cannot.
    """
    if path.is_dir():
        raise OutputRefused(f"{path}: is a directory; name a file")
    if not path.parent.is_dir():
        raise OutputRefused(f"{path}: there is no directory {path.parent}")


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Give a file that takes the place of ``path`` when the block ends without an error.

    A device or a pipe is written directly.

    :raises faafo.cli.output.OutputRefused: when the system refuses it.
    """
    is_replaceable = path.is_file() or not path.exists()
    partial = path.with_name(f".{path.name:.200}.{uuid4().hex}.part") if is_replaceable else path
    try:
        with partial.open("xb" if is_replaceable else "wb") as file:
            yield file
        if is_replaceable:
            partial.replace(path)
    except OSError as error:
        raise OutputRefused(f"{path}: {error.strerror}") from None
    finally:
        if is_replaceable:
            partial.unlink(missing_ok=True)


@contextmanager
def resuming(path: Path, name: str) -> Iterator[BinaryIO]:
    """Give a file that has what an earlier download of ``name`` to ``path`` has left.

    It takes the place of ``path`` when the block ends without an error. If it breaks off, what has
    come is kept beside ``path`` for the next time, unless it is little, or is no image.

    :raises faafo.cli.output.OutputRefused: when the system refuses it, or another process
        downloads the same.
    """
    partial = path.with_name(f".{path.name:.150}.{name}.part")
    is_kept = True
    try:
        with partial.open("a+b") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise OutputRefused(f"{path}: another command downloads it") from None
            try:
                yield file
                file.flush()
                partial.replace(path)
            except errors.InvalidImage:
                is_kept = False
                raise
            finally:
                # While it is locked: afterwards it may be that of another process.
                with suppress(OSError):
                    file.flush()
                _keep(partial, is_kept)
    except OSError as error:
        raise OutputRefused(f"{path}: {error.strerror}") from None


def _keep(partial: Path, is_kept: bool) -> None:
    """Delete what is not worth to be kept, and say what is."""
    if not partial.exists():
        return
    size = partial.stat().st_size
    if is_kept and size >= LEAST_KEPT:
        LOG.warning("%d bytes are kept in %s, where the same command goes on", size, partial)
    else:
        partial.unlink()


class Progress:
    """A line on a terminal that shows how far something is; nothing where ``stream`` is a file."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_shown = stream.isatty()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        self.show("")

    def show(self, line: str) -> None:
        """Replace the line."""
        if self._is_shown:
            # A longer line would be wrapped, and could not be replaced.
            columns = shutil.get_terminal_size().columns
            print(f"\r{line[: columns - 1]}{ERASE_TO_END_OF_LINE}", end="", file=self._stream)
            self._stream.flush()

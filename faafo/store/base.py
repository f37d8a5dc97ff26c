# SPDX-License-Identifier: Apache-2.0
"""The interfaces of an image store: ``ImageWriter`` for workers, ``ImageStore`` for the API."""

import hashlib
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import IO, BinaryIO, NamedTuple, Self

from faafo import errors
from faafo.fractal.media import SEGMENT, Medium

# Bytes of an image in memory while it is written or verified piece by piece.
PIECE = 2**20


class Saved(NamedTuple):
    """An image that was stored: its location, for the log, its checksum, and its size in bytes."""

    location: str
    checksum: str
    size: int


class ImageWriter(ABC):
    """Stores PNG files by the uuid of a fractal and the token of the lease that rendered it.

    The token is None for what a release before 1.0 has stored.

    Every method of a store takes a canonical uuid (the routes and the task model accept no other)
    and raises ``faafo.errors.StoreUnavailable`` when the store cannot be used, or its subclass
    ``StoreUnreachable`` when a retry may succeed.
    """

    @abstractmethod
    def check(self) -> None:
        """Check that images can be written, before a worker accepts tasks.

        After a failed write, check that there is room for that image.
        """

    @abstractmethod
    def save(
        self, uuid: str, png: bytes, attempt: int | None = None, token: str | None = None
    ) -> str:
        """Store an image atomically; return its location, for the log, once it is published.

        The image is read back and verified. It survives a power failure once ``sync`` has returned.

        :param attempt: the attempt that rendered it; only ``ApiStore`` uses it.
        :raises faafo.errors.ImageRefused: when the image will not be accepted later either.
        """

    @abstractmethod
    def save_pieces(
        self, uuid: str, pieces: Iterable[bytes], attempt: int | None, token: str | None
    ) -> Saved:
        """Store an image that comes piece by piece, as ``save`` does, in memory for one of them."""

    @abstractmethod
    def of(self, medium: Medium) -> Self:
        """Return the store of another kind of files, beside the images in the same place.

        Those keep the names with their tokens.
        """

    def segments(self) -> Self:
        """Return the store of the segments of posters: uuid and token are those of a band."""
        return self.of(SEGMENT)

    @abstractmethod
    def open(self, uuid: str, token: str | None = None) -> BinaryIO:
        """Return an image as a file, which the caller closes.

        :raises faafo.errors.ImageNotFound: when there is none.
        """

    @abstractmethod
    def sync(self) -> None:
        """Make all saved images survive a power failure; does nothing where ``save`` has done so.

        It takes as long for one image as for many.
        """

    # Whether ``find`` can find anything.
    finds = False

    def find(self, uuid: str, token: str) -> bytes | None:
        """Return an image; None when there is none, or when the store cannot be read."""
        return None

    @abstractmethod
    def remove_partial(self) -> int:
        """Remove partial files of this store's owner, left by a crash; return their number."""


class ImageStore(ImageWriter):
    """A store that can also be read, listed and cleaned."""

    finds = True

    @abstractmethod
    def open(self, uuid: str, token: str | None = None) -> BinaryIO:
        """Return an image as a seekable file, as ``ImageWriter.open`` does."""

    def load(self, uuid: str, token: str | None = None) -> bytes:
        """Return an image; raise ``faafo.errors.ImageNotFound`` when there is none."""
        with self.open(uuid, token) as file:
            return file.read()

    # Whether ``publish`` and ``unpublish`` do something.
    renames = False

    def publish(self, uuid: str, token: str) -> None:
        """Give an image the name without a token, if the store does that.

        ``open`` finds it under either name. Does nothing when there is no image with that token.
        """

    def unpublish(self, uuid: str, token: str) -> None:
        """Give a published image the name with the token back; does nothing when there is none."""

    def find(self, uuid: str, token: str) -> bytes | None:
        try:
            return self.load(uuid, token)
        except errors.ImageNotFound:
            return None

    def public_url(self, uuid: str, token: str | None = None) -> str | None:
        """Return a URL that serves an image without the API for some minutes, or None."""
        return None

    @property
    def public_origin(self) -> str | None:
        """The scheme and host of what ``public_url`` returns."""
        return None

    @abstractmethod
    def delete(self, uuid: str, token: str | None = None) -> None:
        """Delete an image; does nothing when there is none."""

    @abstractmethod
    def images(self, age: float) -> Iterator[tuple[str, str | None]]:
        """Return uuid and token of images older than ``age`` seconds, in any order."""

    @abstractmethod
    def remove_all_partial(self, age: float) -> int:
        """Remove partial files of all owners older than ``age`` seconds; return their number."""


def checksum(png: bytes) -> str:
    """Return the SHA-256 of an image file in hexadecimal, as records contain it."""
    return hashlib.sha256(png).hexdigest()


def written(pieces: Iterable[bytes], file: IO[bytes]) -> tuple[str, int]:
    """Write ``pieces`` to ``file``; return their checksum, and the number of bytes."""
    digest, size = hashlib.sha256(), 0
    for piece in pieces:
        digest.update(piece)
        size += file.write(piece)
    file.flush()
    return digest.hexdigest(), size


def spooled() -> IO[bytes]:
    """Return a temporary file for an image that is sent once it is whole."""
    return tempfile.TemporaryFile()


def pieces_of(file: IO[bytes]) -> Iterator[bytes]:
    """Yield what a file has, PIECE bytes at a time."""
    while piece := file.read(PIECE):
        yield piece


def verify_pieces(where: str, expected: str, size: int, file: BinaryIO) -> None:
    """Compare an image that is read back with the checksum and the size of what was written.

    :raises faafo.errors.StoreUnavailable: when they differ.
    """
    digest, count = hashlib.sha256(), 0
    for piece in pieces_of(file):
        digest.update(piece)
        count += len(piece)
    if digest.hexdigest() != expected:
        raise errors.StoreUnavailable(
            f"{where}: {size} bytes were written, {count} different ones were read back"
        )

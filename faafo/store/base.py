# SPDX-License-Identifier: Apache-2.0
"""The interfaces of an image store: ``ImageWriter`` for workers, ``ImageStore`` for the API."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import BinaryIO

from faafo import errors

IMAGE = ".png"
MIMETYPE = "image/png"


class ImageWriter(ABC):
    """Stores PNG files by the uuid of a fractal and the token of the lease that rendered it.

    The token is None for what a release before 1.1 has stored.

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
        """Return an image as a seekable file, which the caller closes.

        :raises faafo.errors.ImageNotFound: when there is none.
        """

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


def verify(where: str, written: bytes, read: bytes) -> None:
    """Compare an image that was read back with the one that was written.

    :raises faafo.errors.StoreUnavailable: when they differ.
    """
    if checksum(read) != checksum(written):
        raise errors.StoreUnavailable(
            f"{where}: {len(written)} bytes were written, {len(read)} different ones were read back"
        )

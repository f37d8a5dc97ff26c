# SPDX-License-Identifier: Apache-2.0
"""The interfaces of an image store: what a worker needs of it, and what all others do."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import BinaryIO

from faafo import errors

IMAGE = ".png"
MIMETYPE = "image/png"


class ImageWriter(ABC):
    """Takes one PNG file for each uuid.

    Every method of a store takes a canonical uuid (the routes and the task model accept no other)
    and raises ``faafo.errors.StoreUnavailable`` when the store cannot be used, or its subclass
    ``StoreAway`` when that is because nobody answers.
    """

    @abstractmethod
    def check(self) -> None:
        """Make sure that images can be written, before a worker takes any work.

        After an image did not fit, there must be room for it.
        """

    @abstractmethod
    def save(self, uuid: str, png: bytes, attempt: int | None = None) -> str:
        """Store an image, whole or not at all; return where it went, for the log.

        What was written has been read again, and is what was to be written.

        :param attempt: what it is the result of; only stores that ask the API mind.
        :raises faafo.errors.ImageRefused: when it is not wanted, and will not be.
        """

    def find(self, uuid: str) -> bytes | None:
        """Return an image that is there, None when there is none or a writer cannot tell."""
        return None

    @abstractmethod
    def remove_partial(self) -> int:
        """Remove what an earlier life of this store's owner wrote half; return how many files."""


class ImageStore(ImageWriter):
    """Keeps one PNG file for each uuid."""

    @abstractmethod
    def open(self, uuid: str) -> BinaryIO:
        """Return an image as a file to read and seek in, which the caller closes.

        :raises faafo.errors.ImageNotFound: when there is none.
        """

    def load(self, uuid: str) -> bytes:
        """Return an image; raise ``faafo.errors.ImageNotFound`` when there is none."""
        with self.open(uuid) as file:
            return file.read()

    def find(self, uuid: str) -> bytes | None:
        try:
            return self.load(uuid)
        except errors.ImageNotFound:
            return None

    def public_url(self, uuid: str) -> str | None:
        """Return where everybody can get an image without us, for some minutes, or None."""
        return None

    @property
    def public_origin(self) -> str | None:
        """The scheme and host of what ``public_url`` returns."""
        return None

    @abstractmethod
    def delete(self, uuid: str) -> None:
        """Forget an image; harmless when there is none."""

    @abstractmethod
    def uuids(self, age: float) -> Iterator[str]:
        """Return whose images have been here for more than ``age`` seconds, in any order."""

    @abstractmethod
    def remove_all_partial(self, age: float) -> int:
        """Remove what anybody wrote half, and not in the last ``age`` seconds; return how many."""


def checksum(png: bytes) -> str:
    """Return the SHA-256 of an image file, in hexadecimal: what records know it by."""
    return hashlib.sha256(png).hexdigest()


def verify(where: str, written: bytes, read: bytes) -> None:
    """Make sure that what was read is what was written.

    :raises faafo.errors.StoreUnavailable: when it is not.
    """
    if checksum(read) != checksum(written):
        raise errors.StoreUnavailable(
            f"{where}: {len(written)} bytes were written, and {len(read)} others were read again"
        )

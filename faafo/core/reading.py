# SPDX-License-Identifier: Apache-2.0
"""Reads an image for a response: chunk by chunk, each within a place for reads of images."""

from typing import BinaryIO, Self

from werkzeug.wsgi import FileWrapper

from faafo.core.bulkhead import Bulkhead
from faafo.store.base import ImageStore

CHUNK_BYTES = 2**16


class ImageReader(FileWrapper):
    """The chunks of an image, which the response closes.

    A place is held for the read of a chunk only, since a client may take the chunks slowly. A read
    that gets no place raises ``faafo.errors.Overloaded`` and can be repeated.
    """

    def __init__(self, file: BinaryIO, size: int, bulkhead: Bulkhead) -> None:
        super().__init__(file, CHUNK_BYTES)
        self.size = size
        self._bulkhead = bulkhead

    @classmethod
    def open(cls, store: ImageStore, uuid: str, token: str | None, bulkhead: Bulkhead) -> Self:
        """Open the image of a fractal that was stored under ``token``.

        :raises faafo.errors.ImageNotFound: when there is none.
        :raises faafo.errors.Overloaded: when too many images are being read.
        """
        with bulkhead.place():
            file = store.open(uuid, token)
            size = file.seek(0, 2)
            file.seek(0)
        return cls(file, size, bulkhead)

    def read(self, count: int) -> bytes:
        """Return the next ``count`` bytes; fewer at the end of the image."""
        with self._bulkhead.place():
            return self.file.read(count)

    def __next__(self) -> bytes:
        with self._bulkhead.place():
            return super().__next__()

# SPDX-License-Identifier: Apache-2.0
"""Reads an image for a response: chunk by chunk, each within a place for reads of images."""

from collections.abc import Iterable
from typing import BinaryIO, Self

from flask import has_request_context, request
from werkzeug.wsgi import FileWrapper

from faafo.core.bulkhead import Bulkhead
from faafo.store.base import ImageStore

CHUNK_BYTES = 2**16
# In the WSGI environment of our own server, which can pause a response.
CHANNEL = "faafo.channel"


class ImageReader(FileWrapper):
    """The chunks of an image, which the response closes.

    A place is held for the read of a chunk only, since a client may take the chunks slowly. Under
    our own server, a chunk that gets no place raises ``faafo.errors.Overloaded`` and can be asked
    for again. Other servers would cut the response off: there it waits for a place.
    """

    def __init__(self, file: BinaryIO, size: int, bulkhead: Bulkhead) -> None:
        super().__init__(file, CHUNK_BYTES)
        self.size = size
        self._bulkhead = bulkhead
        self._can_pause = has_request_context() and CHANNEL in request.environ

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
        with self._bulkhead.place(patient=not self._can_pause):
            return super().__next__()


class Begun:
    """The chunk ``first``, which has been read already, then the other ``chunks``.

    A store that fails at once can be told by the status then. A chunk for whose read there was no
    place can be asked for again; a generator would have ended.
    """

    def __init__(self, first: bytes, chunks: Iterable[bytes]) -> None:
        self._first = first
        self._chunks = chunks
        self._iterator = iter(chunks)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        first, self._first = self._first, b""
        return first or next(self._iterator)

    def close(self) -> None:
        """Close the image."""
        if hasattr(self._chunks, "close"):
            self._chunks.close()

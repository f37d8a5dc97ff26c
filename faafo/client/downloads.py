# SPDX-License-Identifier: Apache-2.0
"""The calls of the public client that download images, and go on where a connection broke off."""

import hashlib
import logging
import threading
from collections.abc import Callable
from io import BytesIO
from typing import BinaryIO

from faafo import errors
from faafo.client.reading import ReadCalls
from faafo.client.results import Fractal
from faafo.fractal.task import CHECKSUM_DIGITS
from faafo.retry import with_backoff

LOG = logging.getLogger(__name__)

# Seconds that a download is tried again for, after each byte that has come.
RESUME_SECONDS = 60.0
CHUNK = 2**20


class DownloadCalls(ReadCalls):
    """Base class of ``Client``."""

    def image(self, uuid: str) -> bytes:
        """Return the image of a complete fractal, a PNG file, or the file of a film.

        :raises faafo.errors.InvalidImage: when it does not match the checksum of its record.
        """
        content = BytesIO()
        self.save_image(uuid, content)
        return content.getvalue()

    def save_image(
        self,
        uuid: str,
        file: BinaryIO,
        *,
        resume: bool = False,
        on_chunk: Callable[[int, int | None], object] | None = None,
    ) -> Fractal:
        """Write the image of a complete fractal to ``file``; return its record.

        If the connection breaks off, or the service goes away, after the first bytes have come, the
        rest is asked for by ``Range``.

        :param resume: ``file`` has the beginning of the image, and can be read as well: only the
            rest is downloaded.
        :param on_chunk: is called with the number of bytes that are there, and that of the image,
            None if that is not known.
        :raises faafo.errors.InvalidImage: when it does not match the checksum of its record.
        """
        fractal = self.get(uuid)
        saved = _Saved(file, fractal.size, on_chunk)
        if resume:
            saved.read()
        never = threading.Event()
        while not saved.is_whole:
            if not saved.count:
                self._fetch(uuid, saved)
            else:
                with_backoff(errors.ApiUnavailable, never, RESUME_SECONDS)(self._fetch, uuid, saved)
        known = fractal.checksum or ""
        if len(known) == CHECKSUM_DIGITS and known != saved.digest.hexdigest():
            raise errors.InvalidImage(f"the image of fractal {uuid}: does not match its checksum")
        return fractal

    def _fetch(self, uuid: str, saved: "_Saved") -> None:
        """Write what comes in one answer; raise what it ends with unless something has come."""
        begin = saved.count
        try:
            for chunk in self._session.chunks(f"/api/fractal/{uuid}/image", begin):
                saved.write(chunk)
            saved.is_whole = True
        except errors.ApiUnavailable as error:
            if saved.count == begin:
                raise
            LOG.warning("%s; going on after %d bytes", error, saved.count)


class _Saved:
    """What is in the file.

    :param size: of the image, in bytes, if it is known.
    """

    def __init__(
        self,
        file: BinaryIO,
        size: int | None,
        on_chunk: Callable[[int, int | None], object] | None,
    ) -> None:
        self._file = file
        self._size = size
        self._on_chunk = on_chunk
        self.count = 0
        self.digest = hashlib.sha256()
        self.is_whole = False

    def read(self) -> None:
        """Read what is there already; what is longer than the image is no beginning of it."""
        self._file.seek(0)
        while chunk := self._file.read(CHUNK):
            self._add(chunk)
        if self._size is None or self.count > self._size:
            self._file.seek(0)
            self._file.truncate()
            self.count, self.digest = 0, hashlib.sha256()
        self.is_whole = self._size is not None and self.count == self._size

    def write(self, chunk: bytes) -> None:
        """Add what follows."""
        if chunk:
            self._file.write(chunk)
            self._add(chunk)

    def _add(self, chunk: bytes) -> None:
        self.digest.update(chunk)
        self.count += len(chunk)
        if self._on_chunk is not None:
            self._on_chunk(self.count, self._size)

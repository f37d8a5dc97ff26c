# SPDX-License-Identifier: Apache-2.0
"""An object of an object store as a file: read block by block, one range request each."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BLOCK_BYTES = 2**20


@dataclass(frozen=True)
class Block:
    """Bytes of an object from ``start`` on, the size of the object, and its ETag."""

    start: int
    content: bytes
    size: int
    etag: str

    @property
    def end(self) -> int:
        """The start of the next block."""
        return self.start + len(self.content)


# Takes the start, the maximum number of bytes, and the ETag that the object must have or None.
Fetch = Callable[[int, int, str | None], Block]


class RangedFile(io.RawIOBase):
    """A seekable file that holds one block; the first one is fetched when it is opened."""

    def __init__(self, fetch: Fetch) -> None:
        super().__init__()
        self._fetch = fetch
        self._block = fetch(0, BLOCK_BYTES, None)
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origins = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._block.size}
        self._position = max(0, origins[whence] + offset)
        return self._position

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Fill ``buffer`` from the current block; return 0 at the end of the object."""
        if self._position >= self._block.size:
            return 0
        if not self._block.start <= self._position < self._block.end:
            self._block = self._fetch(self._position, BLOCK_BYTES, self._block.etag)
        view = memoryview(buffer).cast("B")
        begin = self._position - self._block.start
        part = self._block.content[begin : begin + len(view)]
        view[: len(part)] = part
        self._position += len(part)
        return len(part)

# SPDX-License-Identifier: Apache-2.0
"""A stored file that is read piece by piece, and must have the checksum that was reported of it."""

import hashlib
from typing import BinaryIO

from faafo import errors


class Checked:
    """Reads ``file`` once, from its begin to its end.

    :param checksum: SHA-256, in hexadecimal digits; None: of any content.
    :param place: what the error begins with.
    """

    def __init__(self, file: BinaryIO, checksum: str | None, place: str) -> None:
        self._file = file
        self._checksum = checksum
        self._place = place
        self._digest = hashlib.sha256()

    def read(self, size: int) -> bytes:
        """Return at most ``size`` bytes, none at the end.

        :raises faafo.errors.InvalidImage: at the end of a file with another checksum.
        """
        piece = self._file.read(size)
        self._digest.update(piece)
        if not piece and self._checksum not in (None, self._digest.hexdigest()):
            raise errors.InvalidImage(f"{self._place}: is not what was stored, it is damaged")
        return piece

    def close(self) -> None:
        """Close the file."""
        self._file.close()

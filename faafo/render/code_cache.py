# SPDX-License-Identifier: Apache-2.0
"""The cache of compiled functions on disk, which survives a power cut or a full disk."""

import hashlib
import io
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from numba.core.caching import FunctionCache, IndexDataCacheFile

LOG = logging.getLogger(__name__)

DIGEST_BYTES = hashlib.sha256().digest_size
# A part of the names of our files: those that numba has written have no digest.
MARK = "sha256"


@cache
def sources_digest(directory: Path = Path(__file__).parent) -> str:
    """Return a digest of the modules in ``directory``.

    numba compiles a function anew when its own file has changed. What it compiles depends on
    others as well: those that say what lanes are, and which shape suits which processor.
    """
    digest = hashlib.sha256()
    for path in sorted(directory.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


class Damaged(Exception):
    """Raised when a file of the cache is not what was written; names the file."""


class CodeCache(FunctionCache):
    """Keeps what numba has compiled of one function, and compiles it anew when that is damaged.

    numba would end the process by an error, or run what damaged code says.

    Of several damaged files of one process the first is a warning.

    :raises RuntimeError: when there is no directory that can be written to.
    """

    _level = logging.WARNING

    def __init__(self, function: Callable) -> None:
        super().__init__(function)
        locator = self._impl.locator
        self._base = f"{self._impl.filename_base}.{MARK}"
        stamp = (locator.get_source_stamp(), sources_digest())
        self._cache_file = CheckedFiles(locator.get_cache_path(), self._base, stamp)

    def load_overload(self, signature: Any, target_context: Any) -> Any:
        """Return the compiled function, None when it must be compiled."""
        try:
            return super().load_overload(signature, target_context)
        # Whatever unpickling and loading raise, the cache is the cause.
        except Exception as error:
            reason = (
                str(error) if isinstance(error, Damaged) else f"{type(error).__name__}: {error}"
            )
            LOG.log(self._level, "the cache of compiled code is damaged and removed: %s", reason)
            CodeCache._level = logging.INFO
            self._remove()
            return None

    def save_overload(self, signature: Any, compiled: Any) -> None:
        """Write the compiled function to disk; without room it is compiled at the next start."""
        try:
            super().save_overload(signature, compiled)
        except OSError as error:
            LOG.warning("compiled code is not cached in %s: %s", self.cache_path, error)

    def _remove(self) -> None:
        for path in Path(self.cache_path).glob(f"{self._base}.*"):
            try:
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
            except OSError as error:
                LOG.warning("%s cannot be removed: %s", path, error.strerror)


class CheckedFiles(IndexDataCacheFile):
    """The files of one function, each with a digest at its end, which unpickling ignores."""

    def _load_index(self) -> Any:
        _check(self._index_path)
        return super()._load_index()

    def _load_data(self, name: str) -> Any:
        _check(self._data_path(name))
        return super()._load_data(name)

    @contextmanager
    def _open_for_write(self, path: str) -> Iterator[io.BytesIO]:
        with super()._open_for_write(path) as file:
            buffer = io.BytesIO()
            yield buffer
            content = buffer.getvalue()
            file.write(content + hashlib.sha256(content).digest())
            file.flush()
            # It is renamed next: the name must not survive a power cut without the content.
            os.fsync(file.fileno())


def _check(path: str) -> None:
    """Raise ``Damaged`` unless the file is missing or as it was written."""
    try:
        content = Path(path).read_bytes()
    except FileNotFoundError:
        return
    except OSError as error:
        raise Damaged(f"{path}: {error.strerror}") from None
    if hashlib.sha256(content[:-DIGEST_BYTES]).digest() != content[-DIGEST_BYTES:]:
        raise Damaged(f"{path}: its digest differs")

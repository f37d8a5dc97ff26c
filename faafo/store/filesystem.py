# SPDX-License-Identifier: Apache-2.0
"""Images as files in one directory, that of a complete fractal as ``<uuid>.png``."""

import copy
import errno
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Self
from urllib.parse import unquote, urlsplit

from oslo_config import cfg

from faafo import errors
from faafo.fractal.media import IMAGE, Medium
from faafo.store import naming
from faafo.store.base import ImageStore, Saved, verify_pieces, written
from faafo.urls import masked

# Room for a typical image; a disk with less free space is full.
TYPICAL_SIZE = 2**20
CANNOT_RESERVE = (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS)


class FilesystemStore(ImageStore):
    """Keeps images in ``datadir``, which is created when it is missing.

    :param owner: name of the writer; no two processes may write under one name at a time.
    :param option: the option that sets ``datadir``, and its value, for messages.
    """

    renames = True

    def __init__(self, datadir: str, owner: str = "", option: str = "") -> None:
        self._datadir = Path(datadir).expanduser()
        self._option = option or f"filesystem_store_datadir = {self._datadir}"
        self._prefix = naming.partial_prefix(owner)
        self._needed = TYPICAL_SIZE
        self._suffix = IMAGE.suffix

    def of(self, medium: Medium) -> Self:
        other = copy.copy(self)
        other._suffix, other.renames = medium.suffix, medium is IMAGE
        return other

    def check(self) -> None:
        try:
            self._datadir.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._datadir) as file:
                _reserve(file.fileno(), self._needed)
        except OSError as error:
            raise self._unavailable(error) from None

    def save(
        self, uuid: str, png: bytes, attempt: int | None = None, token: str | None = None
    ) -> str:
        try:
            return self.save_pieces(uuid, [png], attempt, token).location
        except errors.StoreUnavailable:
            self._needed = max(self._needed, len(png))
            raise

    def save_pieces(
        self, uuid: str, pieces: Iterable[bytes], attempt: int | None, token: str | None
    ) -> Saved:
        path = self._path(uuid, token)
        partial = None
        try:
            # Readers see a file that is renamed into place whole or not at all.
            with tempfile.NamedTemporaryFile(
                dir=self._datadir,
                prefix=f"{self._prefix}{uuid}.",
                suffix=naming.PARTIAL,
                delete=False,
            ) as file:
                partial = file.name
                checksum, size = written(pieces, file)
                os.fsync(file.fileno())
            with Path(partial).open("rb") as reread:
                verify_pieces(self._option, checksum, size, reread)
            os.chmod(partial, 0o644)
            os.replace(partial, path)
        # Where the pieces come from may fail, too.
        except (OSError, errors.FaafoError) as error:
            if partial is not None:
                Path(partial).unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise self._unavailable(error) from None
            raise
        self._needed = TYPICAL_SIZE
        return Saved(str(self._path(uuid)), checksum, size)

    def sync(self) -> None:
        # The content of a file is on the disk before it gets its name: only the names may be lost.
        try:
            _sync_directory(self._datadir)
        except OSError as error:
            raise self._unavailable(error) from None

    def open(self, uuid: str, token: str | None = None) -> BinaryIO:
        try:
            return self._open(uuid, token)
        except FileNotFoundError:
            raise errors.ImageNotFound(f"there is no image of fractal {uuid}") from None
        except OSError as error:
            raise self._unavailable(error) from None

    def _open(self, uuid: str, token: str | None) -> BinaryIO:
        if token is not None:
            with suppress(FileNotFoundError):
                return self._path(uuid, token).open("rb")
        return self._path(uuid).open("rb")

    def find(self, uuid: str, token: str) -> bytes | None:
        # Not the published image: it may be of another record that had the same uuid.
        try:
            return self._path(uuid, token).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unavailable(error) from None

    def publish(self, uuid: str, token: str) -> None:
        self._rename(self._path(uuid, token), self._path(uuid))

    def unpublish(self, uuid: str, token: str) -> None:
        self._rename(self._path(uuid), self._path(uuid, token))

    def _rename(self, old: Path, new: Path) -> None:
        try:
            with suppress(FileNotFoundError):
                os.replace(old, new)
        except OSError as error:
            raise self._unavailable(error) from None

    def delete(self, uuid: str, token: str | None = None) -> None:
        try:
            self._path(uuid, token).unlink(missing_ok=True)
        except OSError as error:
            raise self._unavailable(error) from None

    def images(self, age: float) -> Iterator[tuple[str, str | None]]:
        for path in self._files(lambda name: name.endswith(self._suffix), age):
            if image := naming.parse_image_name(path.name, self._suffix):
                yield image

    def remove_partial(self) -> int:
        return self._remove(lambda name: naming.is_partial(name, self._prefix), age=0.0)

    def remove_all_partial(self, age: float) -> int:
        return self._remove(naming.is_partial, age)

    def _remove(self, wanted: Callable[[str], bool], age: float) -> int:
        found = list(self._files(wanted, age))
        try:
            for path in found:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise self._unavailable(error) from None
        return len(found)

    def _files(self, wanted: Callable[[str], bool], age: float) -> Iterator[Path]:
        """Yield files with a wanted name that were not written in the last ``age`` seconds."""
        newest = time.time() - age
        try:
            with os.scandir(self._datadir) as entries:
                for entry in entries:
                    if wanted(entry.name) and _modified_at(entry) <= newest:
                        yield Path(entry.path)
        except OSError as error:
            raise self._unavailable(error) from None

    def _path(self, uuid: str, token: str | None = None) -> Path:
        return self._datadir / naming.image_name(uuid, token, self._suffix)

    def _unavailable(self, error: OSError) -> errors.StoreUnavailable:
        return errors.StoreUnavailable(f"{self._option}: {error.strerror or error}")


def from_conf(conf: cfg.ConfigOpts, owner: str) -> FilesystemStore:
    """Return the store for a ``file://`` URL.

    :raises ValueError: when the URL is invalid; says why.
    """
    url = urlsplit(conf.store.url)
    if url.netloc or not url.path.startswith("/") or url.query or url.fragment:
        raise ValueError("must look like file:///directory, with an absolute path")
    return FilesystemStore(unquote(url.path), owner, f"[store] url = {masked(conf.store.url)}")


def _modified_at(entry: os.DirEntry) -> float:
    try:
        return entry.stat(follow_symlinks=False).st_mtime
    except FileNotFoundError:
        # Deleted since it was listed: never old enough.
        return float("inf")


def _reserve(descriptor: int, size: int) -> None:
    """Reserve ``size`` bytes, where the file system supports it."""
    try:
        os.posix_fallocate(descriptor, 0, size)
    except OSError as error:
        if error.errno not in CANNOT_RESERVE:
            raise


def _sync_directory(directory: Path) -> None:
    """Make the entries of a directory survive a power failure."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""Images as files ``<uuid>.png`` in one directory."""

import errno
import os
import tempfile
import time
import uuid as uuidlib
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

from faafo import errors
from faafo.store.base import ImageStore

IMAGE = ".png"
PARTIAL = ".part"
# Room for a usual image; a disk that has less than that is full.
USUAL_SIZE = 2**20
CANNOT_RESERVE = (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS)


class FilesystemStore(ImageStore):
    """Keeps images below ``datadir``, which is made when it is missing.

    :param owner: who writes; no two processes may write under one name at the same time.
    """

    def __init__(self, datadir: str, owner: str = "") -> None:
        self._datadir = Path(datadir).expanduser()
        self._prefix = f".{quote(owner, safe='')}."
        self._needed = USUAL_SIZE

    def check(self) -> None:
        try:
            self._datadir.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._datadir) as file:
                _reserve(file.fileno(), self._needed)
        except OSError as error:
            raise self._unavailable(error) from None

    def save(self, uuid: str, png: bytes) -> str:
        path = self._path(uuid)
        partial = None
        try:
            # A file that is renamed into place is seen whole or not at all.
            with tempfile.NamedTemporaryFile(
                dir=self._datadir, prefix=f"{self._prefix}{uuid}.", suffix=PARTIAL, delete=False
            ) as file:
                partial = file.name
                file.write(png)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(partial, 0o644)
            os.replace(partial, path)
            _sync_directory(self._datadir)
        except OSError as error:
            if partial is not None:
                Path(partial).unlink(missing_ok=True)
            self._needed = max(self._needed, len(png))
            raise self._unavailable(error) from None
        self._needed = USUAL_SIZE
        return str(path)

    def load(self, uuid: str) -> bytes:
        try:
            return self._path(uuid).read_bytes()
        except FileNotFoundError:
            raise errors.ImageNotFound(f"there is no image of fractal {uuid}") from None
        except OSError as error:
            raise self._unavailable(error) from None

    def delete(self, uuid: str) -> None:
        try:
            self._path(uuid).unlink(missing_ok=True)
        except OSError as error:
            raise self._unavailable(error) from None

    def uuids(self, age: float) -> Iterator[str]:
        for path in self._files(_is_image, age):
            yield path.stem

    def remove_partial(self) -> int:
        return self._remove(
            lambda name: name.startswith(self._prefix) and name.endswith(PARTIAL), age=0.0
        )

    def remove_all_partial(self, age: float) -> int:
        return self._remove(lambda name: name.startswith(".") and name.endswith(PARTIAL), age)

    def _remove(self, wanted: Callable[[str], bool], age: float) -> int:
        found = list(self._files(wanted, age))
        for path in found:
            path.unlink(missing_ok=True)
        return len(found)

    def _files(self, wanted: Callable[[str], bool], age: float) -> Iterator[Path]:
        """Give the files with a wanted name that were not written in the last ``age`` seconds."""
        newest = time.time() - age
        try:
            with os.scandir(self._datadir) as entries:
                for entry in entries:
                    if wanted(entry.name) and _modified_at(entry) <= newest:
                        yield Path(entry.path)
        except OSError as error:
            raise self._unavailable(error) from None

    def _path(self, uuid: str) -> Path:
        return self._datadir / f"{uuid}{IMAGE}"

    def _unavailable(self, error: OSError) -> errors.StoreUnavailable:
        return errors.StoreUnavailable(
            f"filesystem_store_datadir = {self._datadir}: {error.strerror or error}"
        )


def _is_image(name: str) -> bool:
    stem, suffix = os.path.splitext(name)
    try:
        return suffix == IMAGE and str(uuidlib.UUID(stem)) == stem
    except ValueError:
        return False


def _modified_at(entry: os.DirEntry) -> float:
    try:
        return entry.stat(follow_symlinks=False).st_mtime
    except FileNotFoundError:
        # Gone since it was listed: as good as not old enough.
        return float("inf")


def _reserve(descriptor: int, size: int) -> None:
    """Make the file system find room for ``size`` bytes, where it can tell."""
    try:
        os.posix_fallocate(descriptor, 0, size)
    except OSError as error:
        if error.errno not in CANNOT_RESERVE:
            raise


def _sync_directory(directory: Path) -> None:
    """Make a new name survive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

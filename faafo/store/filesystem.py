"""Images as files ``<uuid>.png`` in one directory."""

import os
import tempfile
from pathlib import Path

from faafo import errors
from faafo.store.base import ImageStore


class FilesystemStore(ImageStore):
    """Keeps images below ``datadir``, which is made when it is missing."""

    def __init__(self, datadir: str) -> None:
        self._datadir = Path(datadir).expanduser()

    def check(self) -> None:
        try:
            self._datadir.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._datadir):
                pass
        except OSError as error:
            raise self._unavailable(error) from None

    def save(self, uuid: str, png: bytes) -> str:
        path = self._path(uuid)
        partial = None
        try:
            # A file that is renamed into place is seen whole or not at all.
            with tempfile.NamedTemporaryFile(
                dir=self._datadir, prefix=f".{uuid}.", suffix=".part", delete=False
            ) as file:
                partial = file.name
                file.write(png)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(partial, 0o644)
            os.replace(partial, path)
        except OSError as error:
            if partial is not None:
                Path(partial).unlink(missing_ok=True)
            raise self._unavailable(error) from None
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

    def _path(self, uuid: str) -> Path:
        return self._datadir / f"{uuid}.png"

    def _unavailable(self, error: OSError) -> errors.StoreUnavailable:
        return errors.StoreUnavailable(
            f"filesystem_store_datadir = {self._datadir}: {error.strerror or error}"
        )

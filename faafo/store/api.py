# SPDX-License-Identifier: Apache-2.0
"""Images sent to the API over HTTP, for workers that share no directory and no object store."""

import copy
import io
from collections.abc import Iterable
from typing import IO, BinaryIO, Self

from oslo_config import cfg

from faafo import errors
from faafo.client import service_auth
from faafo.client.http import Client
from faafo.fractal.lease import Lease
from faafo.fractal.media import IMAGE, Medium
from faafo.store.base import ImageWriter, Saved, checksum, spooled, written
from faafo.urls import masked

MISSING = 404
# Never accepted later: the fractal is deleted, the attempt is stale, the image is too large.
PERMANENT = (MISSING, 409, 413)


class ApiStore(ImageWriter):
    """Sends images to the API, which keeps them in its own store.

    The API writes atomically, verifies what it has written and answers with its checksum.
    """

    def __init__(self, client: Client, endpoint_url: str) -> None:
        self._client = client
        self._where = f"[store] url = api://, endpoint_url = {masked(endpoint_url)}"
        self._mimetype = IMAGE.mimetype

    def of(self, medium: Medium) -> Self:
        other = copy.copy(self)
        other._mimetype = medium.mimetype
        return other

    def check(self) -> None:
        try:
            self._client.check_store()
        except errors.ApiUnavailable as error:
            raise errors.StoreUnreachable(f"[store] url = api://, {error}") from None
        except errors.ApiRefused as error:
            raise errors.StoreUnavailable(f"{self._where}: {error.status}, {error}") from None

    def save(
        self, uuid: str, png: bytes, attempt: int | None = None, token: str | None = None
    ) -> str:
        return self._save(uuid, io.BytesIO(png), checksum(png), attempt, token)

    def save_pieces(
        self, uuid: str, pieces: Iterable[bytes], attempt: int | None, token: str | None
    ) -> Saved:
        with spooled() as file:
            expected, size = written(pieces, file)
            return Saved(self._save(uuid, file, expected, attempt, token), expected, size)

    def open(self, uuid: str, token: str | None = None) -> BinaryIO:
        try:
            return io.BytesIO(self._client.image(uuid))
        except errors.ApiUnavailable as error:
            raise errors.StoreUnreachable(f"[store] url = api://, {error}") from None
        except errors.ApiRefused as error:
            if error.status == MISSING:
                raise errors.ImageNotFound(f"there is no image of fractal {uuid}") from None
            raise errors.StoreUnavailable(f"{self._where}: {error.status}, {error}") from None

    def _save(
        self, uuid: str, file: IO[bytes], expected: str, attempt: int | None, token: str | None
    ) -> str:
        if attempt is None:
            raise errors.ImageRefused(
                f"{self._where}: an image can be uploaded for an attempt only"
            )
        try:
            lease = Lease(uuid, attempt, token)
            stored = self._client.upload(lease, file, expected, self._mimetype)
        except errors.ApiUnavailable as error:
            raise errors.StoreUnreachable(f"[store] url = api://, {error}") from None
        except errors.ApiRefused as error:
            kind = errors.ImageRefused if error.status in PERMANENT else errors.StoreUnavailable
            raise kind(f"{self._where}: {error.status}, {error}") from None
        if stored != expected:
            raise errors.StoreUnavailable(
                f"{self._where}: it stored an image with another checksum, {stored}"
            )
        return self._client.image_url(uuid)

    def sync(self) -> None:
        # A request that was answered has stored its image for good.
        return

    def remove_partial(self) -> int:
        # The API writes nothing before it has received the whole image.
        return 0


def from_conf(conf: cfg.ConfigOpts, owner: str) -> ApiStore:
    """Return the store for ``api://``: the API at ``endpoint_url``.

    :raises ValueError: when the URL is not exactly ``api://``.
    """
    if conf.store.url != "api://":
        raise ValueError("must be api:// and nothing else; endpoint_url says where the API is")
    client = Client(conf.endpoint_url, auth=service_auth.from_conf(conf))
    return ApiStore(client, conf.endpoint_url)

# SPDX-License-Identifier: Apache-2.0
"""Images as objects ``<prefix>/<uuid>-<token>.png`` of a bucket: AWS, Swift, Ceph, MinIO."""

import base64
import copy
import hashlib
import io
import math
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from functools import partial
from typing import IO, Any, BinaryIO, Self
from urllib.parse import urlsplit

from oslo_config import cfg

from faafo import errors
from faafo.fractal.media import IMAGE, Medium
from faafo.store import naming
from faafo.store.base import (
    ImageStore,
    Saved,
    checksum,
    pieces_of,
    spooled,
    verify_pieces,
    written,
)
from faafo.store.location import Location, parse_url
from faafo.store.ranged import Block, RangedFile
from faafo.store.s3_client import make_client
from faafo.store.s3_errors import Explanations
from faafo.urls import masked

PUBLIC_SECONDS = 300


class S3Store(ImageStore):
    """Keeps images in a bucket, which must exist.

    :param owner: name of the writer; no two processes may write under one name at a time.
    :param public: whether ``public_url`` returns URLs.
    """

    def __init__(
        self,
        location: Location,
        owner: str = "",
        *,
        endpoint_url: str | None = None,
        region: str | None = None,
        public: bool = False,
    ) -> None:
        self._location = location
        self._prefix = naming.partial_prefix(owner)
        self._public = public
        self._where = f"[store] url = {location}"
        if endpoint_url:
            self._where += f", s3_endpoint_url = {masked(endpoint_url)}"
        # Bytes that the next check writes: the size of an image that failed; 0 after a success.
        self._probe_size = 1
        self._explained = Explanations(self._where).explained
        self._client = make_client(location, endpoint_url, region)
        self._suffix, self._mimetype = IMAGE

    def of(self, medium: Medium) -> Self:
        other = copy.copy(self)
        other._suffix, other._mimetype = medium
        return other

    def check(self) -> None:
        if not self._probe_size:
            with self._explained():
                self._client.head_bucket(Bucket=self._location.bucket)
            return
        probe = f"{self._prefix}part"
        self._put(probe, io.BytesIO(bytes(self._probe_size)), "application/octet-stream")
        self._delete(probe)
        self._probe_size = 0

    def save(
        self, uuid: str, png: bytes, attempt: int | None = None, token: str | None = None
    ) -> str:
        try:
            return self._save(uuid, token, io.BytesIO(png), checksum(png), len(png)).location
        except errors.StoreUnavailable:
            self._probe_size = max(self._probe_size, len(png))
            raise

    def save_pieces(
        self, uuid: str, pieces: Iterable[bytes], attempt: int | None, token: str | None
    ) -> Saved:
        with spooled() as file:
            return self._save(uuid, token, file, *written(pieces, file))

    def _save(
        self, uuid: str, token: str | None, file: IO[bytes], expected: str, size: int
    ) -> Saved:
        name = self._name(uuid, token)
        self._put(name, file, self._mimetype)
        self._verify(name, expected, size)
        self._probe_size = 0
        return Saved(f"s3://{self._location.path_of(name)}", expected, size)

    def _name(self, uuid: str, token: str | None) -> str:
        return naming.image_name(uuid, token, self._suffix)

    def sync(self) -> None:
        # A request that was answered has stored its image for good.
        return

    def _put(self, name: str, file: IO[bytes], mimetype: str) -> None:
        """Write an object with a single PUT, which is atomic."""
        # The store compares it with what has arrived, and stores nothing when it differs.
        file.seek(0)
        md5 = hashlib.md5(usedforsecurity=False)
        for piece in pieces_of(file):
            md5.update(piece)
        file.seek(0)
        digest = base64.b64encode(md5.digest()).decode()
        with self._explained():
            self._client.put_object(
                **self._location.key_of(name),
                Body=file,
                ContentType=mimetype,
                ContentMD5=digest,
            )

    def _verify(self, name: str, expected: str, size: int) -> None:
        try:
            with self._explained(), closing(self._get(name)) as body:
                verify_pieces(self._where, expected, size, body)
        except errors.StoreUnavailable:
            self._delete(name)
            raise

    def open(self, uuid: str, token: str | None = None) -> BinaryIO:
        name = self._name(uuid, token)
        return io.BufferedReader(RangedFile(partial(self._fetch, name, uuid)))

    def _fetch(self, name: str, uuid: str, start: int, count: int, etag: str | None) -> Block:
        wanted = {"Range": f"bytes={start}-{start + count - 1}"}
        if etag:
            wanted["IfMatch"] = etag
        key = self._location.key_of(name)
        with self._explained(uuid):
            answer = self._client.get_object(**key, **wanted)
            content = answer["Body"].read()
        size = int(answer["ContentRange"].rpartition("/")[2])
        return Block(start, content, size, answer["ETag"])

    def load(self, uuid: str, token: str | None = None) -> bytes:
        with self._explained(uuid), closing(self._get(self._name(uuid, token))) as body:
            return body.read()

    def _get(self, name: str) -> BinaryIO:
        return self._client.get_object(**self._location.key_of(name))["Body"]

    def public_url(self, uuid: str, token: str | None = None) -> str | None:
        return self._sign(self._name(uuid, token)) if self._public else None

    @property
    def public_origin(self) -> str | None:
        if not self._public:
            return None
        url = urlsplit(self._sign("any"))
        return f"{url.scheme}://{url.netloc}"

    def _sign(self, name: str) -> str:
        with self._explained():
            key = self._location.key_of(name)
            return self._client.generate_presigned_url("get_object", key, PUBLIC_SECONDS)

    def delete(self, uuid: str, token: str | None = None) -> None:
        self._delete(self._name(uuid, token))

    def images(self, age: float) -> Iterator[tuple[str, str | None]]:
        for name in self._names(age):
            if image := naming.parse_image_name(name, self._suffix):
                yield image

    def remove_partial(self) -> int:
        return self._remove_partial(self._prefix, age=0.0)

    def remove_all_partial(self, age: float) -> int:
        return self._remove_partial(".", age)

    def _remove_partial(self, prefix: str, age: float) -> int:
        found = [name for name in self._names(age, prefix) if naming.is_partial(name)]
        for name in found:
            self._delete(name)
        return len(found)

    def _delete(self, name: str) -> None:
        with self._explained():
            self._client.delete_object(**self._location.key_of(name))

    def _names(self, age: float, prefix: str = "") -> Iterator[str]:
        """Yield names that begin with ``prefix``, not written in the last ``age`` seconds."""
        # The store's clock may differ from ours, and some count whole seconds.
        newest = time.time() - age if age else math.inf
        begin = self._location.prefix
        wanted = {"Bucket": self._location.bucket, "Prefix": begin + prefix, "Delimiter": "/"}
        more: dict[str, Any] = {}
        while True:
            with self._explained():
                page = self._client.list_objects_v2(**wanted, **more)
            for found in page.get("Contents", ()):
                if found["LastModified"].timestamp() <= newest:
                    yield found["Key"].removeprefix(begin)
            if not page.get("IsTruncated"):
                return
            more = {"ContinuationToken": page["NextContinuationToken"]}


def from_conf(conf: cfg.ConfigOpts, owner: str) -> S3Store:
    """Return the store for an ``s3://`` URL.

    :raises ValueError: when the URL is invalid; says why.
    """
    options = conf.store
    return S3Store(
        parse_url(options.url),
        owner,
        endpoint_url=options.s3_endpoint_url,
        region=options.s3_region,
        public=options.s3_redirect,
    )

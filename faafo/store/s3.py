# SPDX-License-Identifier: Apache-2.0
"""Images as objects ``<prefix>/<uuid>.png`` of a bucket: AWS, Swift's s3api, Ceph, MinIO."""

import base64
import errno
import functools
import hashlib
import io
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import fsspec.asyn
from aiohttp import ClientError as AiohttpError
from botocore import exceptions as botocore
from oslo_config import cfg
from s3fs import S3FileSystem

from faafo import errors
from faafo.store import naming
from faafo.store.base import MIMETYPE, ImageStore, verify
from faafo.store.location import Location, parse_url
from faafo.store.ranged import Block, RangedFile

PUBLIC_SECONDS = 300
CONFIGURATION = {
    "signature_version": "s3v4",
    "connect_timeout": 5,
    "read_timeout": 20,
    "retries": {"total_max_attempts": 1},
    # Stores other than AWS refuse botocore's new checksums; each PUT carries Content-MD5 instead.
    "request_checksum_calculation": "when_required",
    "response_checksum_validation": "when_required",
}
TRIES = 2

# No answer, or an incomplete one.
UNREACHABLE = (
    botocore.ConnectionError,
    botocore.HTTPClientError,
    AiohttpError,
    ConnectionError,
    TimeoutError,
)
# What s3fs raises for answers with status 500 and 503.
SERVER_ERRORS = (errno.EREMOTEIO, errno.EBUSY)


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
            self._where += f", s3_endpoint_url = {endpoint_url}"
        # Bytes that the next check writes: the size of an image that failed; 0 after a success.
        self._probe_size = 1
        self._files = S3FileSystem(
            key=location.key,
            secret=location.secret,
            endpoint_url=endpoint_url,
            client_kwargs={"region_name": region} if region else {},
            config_kwargs=CONFIGURATION,
            max_concurrency=1,
            use_listings_cache=False,
            skip_instance_cache=True,
        )
        self._files.retries = TRIES

    def check(self) -> None:
        if not self._probe_size:
            with self._explained():
                self._files.call_s3("head_bucket", Bucket=self._location.bucket)
            return
        probe = f"{self._prefix}part"
        self._put(probe, bytes(self._probe_size), "application/octet-stream")
        self._delete(probe)
        self._probe_size = 0

    def save(self, uuid: str, png: bytes, attempt: int | None = None) -> str:
        name = naming.image_name(uuid)
        try:
            self._put(name, png, MIMETYPE)
            self._verify(name, png)
        except errors.StoreUnavailable:
            self._probe_size = max(self._probe_size, len(png))
            raise
        self._probe_size = 0
        return f"s3://{self._location.path_of(name)}"

    def _put(self, name: str, content: bytes, mimetype: str) -> None:
        """Write an object with a single PUT, which is atomic."""
        # The store compares it with what has arrived, and stores nothing when it differs.
        digest = base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
        with self._explained():
            self._files.call_s3(
                "put_object",
                **self._location.key_of(name),
                Body=content,
                ContentType=mimetype,
                ContentMD5=digest,
            )

    def _verify(self, name: str, written: bytes) -> None:
        with self._explained():
            read = self._files.cat_file(self._location.path_of(name))
        try:
            verify(self._where, written, read)
        except errors.StoreUnavailable:
            self._delete(name)
            raise

    def open(self, uuid: str) -> BinaryIO:
        # Not s3fs's own file: it sends a HEAD first, and Swift's answer to a HEAD for a missing
        # object breaks the connection.
        return io.BufferedReader(RangedFile(functools.partial(self._fetch, uuid)))

    def _fetch(self, uuid: str, start: int, count: int, etag: str | None) -> Block:
        wanted = {"Range": f"bytes={start}-{start + count - 1}"}
        if etag:
            wanted["IfMatch"] = etag
        name = naming.image_name(uuid)
        with self._explained(uuid):
            answer = self._files.call_s3("get_object", **self._location.key_of(name), **wanted)
            content = fsspec.asyn.sync(self._files.loop, answer["Body"].read)
        size = int(answer["ContentRange"].rpartition("/")[2])
        return Block(start, content, size, answer["ETag"])

    def load(self, uuid: str) -> bytes:
        with self._explained(uuid):
            return self._files.cat_file(self._location.path_of(naming.image_name(uuid)))

    def public_url(self, uuid: str) -> str | None:
        return self._sign(naming.image_name(uuid)) if self._public else None

    @property
    def public_origin(self) -> str | None:
        if not self._public:
            return None
        url = urlsplit(self._sign("any"))
        return f"{url.scheme}://{url.netloc}"

    def _sign(self, name: str) -> str:
        with self._explained():
            return self._files.url(self._location.path_of(name), expires=PUBLIC_SECONDS)

    def delete(self, uuid: str) -> None:
        self._delete(naming.image_name(uuid))

    def uuids(self, age: float) -> Iterator[str]:
        for name in self._names(age):
            if uuid := naming.uuid_of(name):
                yield uuid

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
            self._files.call_s3("delete_object", **self._location.key_of(name))

    def _names(self, age: float, prefix: str = "") -> Iterator[str]:
        """Yield names that begin with ``prefix``, not written in the last ``age`` seconds."""
        # The store's clock may differ from ours, and some count whole seconds.
        newest = time.time() - age if age else math.inf
        begin = self._location.prefix
        wanted = {"Bucket": self._location.bucket, "Prefix": begin + prefix, "Delimiter": "/"}
        more: dict[str, Any] = {}
        while True:
            with self._explained():
                page = self._files.call_s3("list_objects_v2", **wanted, **more)
            for found in page.get("Contents", ()):
                if found["LastModified"].timestamp() <= newest:
                    yield found["Key"].removeprefix(begin)
            if not page.get("IsTruncated"):
                return
            more = {"ContinuationToken": page["NextContinuationToken"]}

    @contextmanager
    def _explained(self, uuid: str | None = None) -> Iterator[None]:
        """Turn exceptions of s3fs and botocore into errors of faafo.

        :param uuid: of the image that is read; a missing one is ``ImageNotFound``.
        """
        try:
            yield
        except FileNotFoundError:
            if uuid:
                raise errors.ImageNotFound(f"there is no image of fractal {uuid}") from None
            raise self._unavailable("there is no such bucket") from None
        except PermissionError as error:
            raise self._unavailable(f"access is denied ({error})") from None
        except UNREACHABLE as error:
            raise errors.StoreAway(f"{self._where}: {error or type(error).__name__}") from None
        except OSError as error:
            kind = errors.StoreAway if error.errno in SERVER_ERRORS else errors.StoreUnavailable
            raise kind(f"{self._where}: {error.strerror or error}") from None
        except botocore.BotoCoreError as error:
            raise self._unavailable(str(error)) from None

    def _unavailable(self, why: str) -> errors.StoreUnavailable:
        return errors.StoreUnavailable(f"{self._where}: {why}")


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

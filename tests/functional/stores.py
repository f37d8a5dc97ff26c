# SPDX-License-Identifier: Apache-2.0
"""Image stores to test, each behind what can break: a link, a server, a disk."""

import contextlib
import io
import os
import random
import socket
import subprocess
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from PIL import Image

from faafo.client.http import Client
from faafo.store.api import ApiStore
from faafo.store.base import ImageStore, ImageWriter
from faafo.store.filesystem import FilesystemStore
from faafo.store.location import Location
from faafo.store.s3 import S3Store
from tests.chaos.proxy import Link
from tests.functional.object_stores import ObjectStore
from tests.functional.processes import Api, Service

PREFIX = "some/prefix/"
TOKEN = "0123456789abcdef-1"
# Noise cannot be compressed: an image of so many pixels is a file of about as many bytes.
SMALL, LARGE = (40, 30), (1500, 1000)
# In the middle of a large image, and far from its ends.
HALF_WAY = 750_000


class Saboteur(Link):
    """A link that does something when so many bytes have passed."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self._left = 0
        self._act: Callable[[bytes], bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def lead_to(self, port: int) -> None:
        """Forward new connections to another port."""
        self._target = (self._target[0], port)

    def after(self, count: int, act: Callable[[bytes], bytes]) -> None:
        """Let ``act`` change the bytes that come when ``count`` others have passed."""
        self._left, self._act = count, act

    def cut_after(self, count: int) -> None:
        """Cut the link when ``count`` bytes have passed."""

        def act(_data: bytes) -> bytes:
            self.cut()
            return b""

        self.after(count, act)

    def spoil_after(self, count: int) -> None:
        """Change one byte when ``count`` have passed."""
        self.after(count, lambda data: bytes([data[0] ^ 1]) + data[1:])

    def _pass_on(self, target: socket.socket, data: bytes) -> None:
        self._left -= len(data)
        if self._act is not None and self._left <= 0:
            act, self._act = self._act, None
            data = act(data)
        if data:
            target.sendall(data)


@dataclass(frozen=True)
class Picture:
    """An image to store, and the attempt and the token of the lease whose result it is."""

    uuid: str
    attempt: int | None
    png: bytes
    token: str = TOKEN


def noise(sides: tuple[int, int] = SMALL, seed: int = 0) -> bytes:
    """Return a PNG file."""
    width, height = sides
    pixels = random.Random(seed).randbytes(width * height)
    file = io.BytesIO()
    Image.frombytes("L", sides, pixels).save(file, "PNG", compress_level=0)
    return file.getvalue()


class Backend(ABC):
    """A kind of image store, with nothing in it."""

    link: Saboteur

    @abstractmethod
    def writer(self, owner: str = "worker-1") -> ImageWriter:
        """Return the store as a worker has it."""

    @abstractmethod
    def store(self) -> ImageStore:
        """Return the store as the API has it, past the link."""

    @abstractmethod
    def put(self, name: str, content: bytes) -> None:
        """Put something there, past faafo."""

    def picture(self, sides: tuple[int, int] = SMALL) -> Picture:
        """Return a picture that the store takes."""
        return Picture(str(uuid.uuid4()), None, noise(sides))


class FileBackend(Backend):
    """A directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def writer(self, owner: str = "worker-1") -> FilesystemStore:
        return FilesystemStore(str(self.directory), owner)

    def store(self) -> FilesystemStore:
        return FilesystemStore(str(self.directory))

    def put(self, name: str, content: bytes) -> None:
        self.directory.mkdir(exist_ok=True)
        (self.directory / name).write_bytes(content)


class ApiBackend(FileBackend):
    """An API that is sent images over a link, and keeps them in its directory."""

    def __init__(self, api: Api, link: Saboteur) -> None:
        super().__init__(api.datadir)
        self.api = api
        self.link = link

    def writer(self, owner: str = "worker-1") -> ApiStore:
        return ApiStore(Client(self.link.url), self.link.url)

    def picture(self, sides: tuple[int, int] = SMALL) -> Picture:
        width, height = sides
        posted = self.api.post_fractal(width=width, height=height)["uuid"]
        (claimed,) = self.api.claim()
        assert claimed["uuid"] == posted
        return Picture(posted, claimed["attempt"], noise(sides), claimed["token"])


class S3Backend(Backend):
    """A bucket of an object store behind a link."""

    def __init__(self, server: ObjectStore, bucket: str, link: Saboteur) -> None:
        self.server = server
        self.bucket = bucket
        self.link = link

    def writer(self, owner: str = "worker-1") -> S3Store:
        return self._store(owner, self.link.url)

    def store(self) -> S3Store:
        return self._store("", self.server.url)

    def _store(self, owner: str, url: str) -> S3Store:
        server = self.server
        location = Location(self.bucket, PREFIX, server.key, server.secret)
        return S3Store(location, owner, endpoint_url=url, region=server.region, public=True)

    def options(self) -> dict[str, str]:
        """Return the options of group ``[store]`` that mean this bucket."""
        server = self.server
        credentials = f"{quote(server.key, safe='')}:{quote(server.secret, safe='')}"
        return {
            "url": f"s3://{credentials}@{self.bucket}/{PREFIX}",
            "s3_endpoint_url": server.url,
            "s3_region": server.region,
        }

    def put(self, name: str, content: bytes) -> None:
        with contextlib.closing(self.server.client) as client:
            client.put_object(Bucket=self.bucket, Key=PREFIX + name, Body=content)


@contextlib.contextmanager
def linked_api(api: Api) -> Iterator[ApiBackend]:
    """Give the block a link to an API."""
    with Saboteur(int(api.url.rpartition(":")[2])) as link:
        yield ApiBackend(api, link)


@contextlib.contextmanager
def linked_bucket(server: ObjectStore) -> Iterator[S3Backend]:
    """Give the block a link to an object store and an empty bucket in it."""
    with server.bucket() as bucket, Saboteur(server.port) as link:
        yield S3Backend(server, bucket, link)


@contextlib.contextmanager
def restarted(api: Api) -> Iterator[int]:
    """Start a killed API again; give the block its port."""
    directory = api.config.parent
    with Service(directory, "faafo-api", "--config-file", api.config, name="again") as service:
        yield int(service.wait_for_url().rpartition(":")[2])


@contextlib.contextmanager
def small_disk(directory: Path, size: int) -> Iterator[None]:
    """Mount a file system of ``size`` bytes at ``directory``."""
    if os.geteuid() != 0:
        refuse = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        refuse("a small disk is mounted by root only")
    directory.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", directory], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", directory], check=True)

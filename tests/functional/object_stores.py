# SPDX-License-Identifier: Apache-2.0
"""Real object stores for the tests, Swift with s3api and moto: started like the other servers."""

import contextlib
import getpass
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP
from typing import Any

import boto3
import psutil
import requests
from botocore.config import Config

from tests.functional.servers import ADDRESS, Family, free_ports, unique

KEY = "test:faafo"
SECRET = "secret/sec+ret"  # as awkward as those that AWS hands out
REGION = "us-east-1"


class ObjectStore(Family):
    """A server that speaks S3 at ``url`` and knows one user."""

    PROGRAMS: Sequence[str] = ()
    PACKAGE = ""
    PATH = ("/usr/bin", "/usr/sbin")

    key = KEY
    secret = SECRET
    region = REGION

    def __init__(self) -> None:
        super().__init__()
        (self.port,) = free_ports(1)
        self.url = f"http://{ADDRESS}:{self.port}"
        self._processes: list[psutil.Popen] = []

    def start(self) -> None:
        """Start the server, again on its old port and data."""
        raise NotImplementedError

    def kill(self) -> None:
        """End the server at once, as a crash does."""
        while self._processes:
            self._kill(self._processes.pop(), SIGKILL)

    def freeze(self) -> None:
        """Let it say nothing any more."""
        for process in self._processes:
            process.send_signal(SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        for process in self._processes:
            process.send_signal(SIGCONT)

    @property
    def client(self) -> Any:
        """A client that is not faafo's."""
        return boto3.client(
            "s3",
            endpoint_url=self.url,
            aws_access_key_id=self.key,
            aws_secret_access_key=self.secret,
            region_name=self.region,
            config=Config(
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    @contextlib.contextmanager
    def bucket(self) -> Iterator[str]:
        """Give the name of a new, empty bucket."""
        name = unique("faafo-")
        client = self.client
        try:
            client.create_bucket(Bucket=name)
            yield name
        finally:
            client.close()


class Moto(ObjectStore):
    """moto, which keeps everything in memory: a restart forgets it."""

    PROGRAMS = (sys.executable,)
    PACKAGE = "python3"

    def _setUp(self) -> None:  # noqa: N802 - the name is pifpaf's
        super()._setUp()
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "moto.server", "-H", ADDRESS, "-p", self.port]
        self._processes.append(self._run_server(*command))
        self._wait_for_ports(self.port)


class Swift(ObjectStore):
    """Swift with one replica, its four servers, memcached, and tempauth in front."""

    PROGRAMS = (
        "swift-proxy-server",
        "swift-account-server",
        "swift-container-server",
        "swift-object-server",
        "memcached",
    )
    PACKAGE = "swift-proxy swift-account swift-container swift-object memcached"

    def __init__(self) -> None:
        super().__init__()
        self._cache_port, *ports = free_ports(4)
        self._ports = dict(zip(("account", "container", "object"), ports, strict=True))

    def _setUp(self) -> None:  # noqa: N802 - the name is pifpaf's
        super()._setUp()
        directory = Path(self.tempdir)
        (directory / "devices" / "disk").mkdir(parents=True)
        (directory / "swift.conf").write_text(SWIFT_CONF.format(name=unique("")))
        for kind, port in self._ports.items():
            self._write(f"{kind}-server", SERVER_CONF, kind=kind, port=port)
        servers = [f"{kind}={port}" for kind, port in self._ports.items()]
        self._exec(
            ["python3", "-c", MAKE_RINGS, self.tempdir, ADDRESS, *servers], path=list(self.PATH)
        )
        self._write(
            "proxy-server", PROXY_CONF, port=self.port, cache=f"{ADDRESS}:{self._cache_port}"
        )
        self.start()

    def start(self) -> None:
        memcached = ["memcached", "-l", ADDRESS, "-p", self._cache_port, "-u", getpass.getuser()]
        self._processes.append(self._run_server(*memcached))
        for kind in (*self._ports, "proxy"):
            command = [f"swift-{kind}-server", f"{self.tempdir}/{kind}-server.conf"]
            started = self._run_server(*command, env={"EVENTLET_NO_GREENDNS": "yes"})
            self._processes.append(started)
        self._wait_for_ports(self._cache_port, *self._ports.values(), self.port)

    def set_quota(self, bucket: str, size: int) -> None:
        """Let a bucket hold so many bytes and no more."""
        login = {"X-Auth-User": KEY, "X-Auth-Key": SECRET}
        answer = requests.get(f"{self.url}/auth/v1.0", headers=login, timeout=120)
        headers = {
            "X-Auth-Token": answer.headers["X-Auth-Token"],
            "X-Container-Meta-Quota-Bytes": str(size),
        }
        url = f"{answer.headers['X-Storage-Url']}/{bucket}"
        requests.post(url, headers=headers, timeout=120).raise_for_status()

    def _write(self, name: str, template: str, **values: Any) -> None:
        common = COMMON_CONF.format(
            address=ADDRESS, user=getpass.getuser(), directory=self.tempdir, port=values["port"]
        )
        text = template.format(common=common, key=KEY, secret=SECRET, region=REGION, **values)
        Path(self.tempdir, f"{name}.conf").write_text(text)


# A program for the Python that Swift belongs to: it makes a ring of one device for each KIND=PORT.
MAKE_RINGS = """
import sys
from swift.common.ring import RingBuilder
directory, address, *servers = sys.argv[1:]
for kind, _, port in (server.partition("=") for server in servers):
    ring = RingBuilder(1, 1, 0)
    ring.add_dev(
        {"region": 1, "zone": 1, "ip": address, "port": int(port), "device": "disk", "weight": 1.0,
         "replication_ip": address, "replication_port": int(port), "meta": ""}
    )
    ring.rebalance()
    ring.get_ring().save(f"{directory}/{kind}.ring.gz")
"""

COMMON_CONF = """\
[DEFAULT]
bind_ip = {address}
bind_port = {port}
user = {user}
swift_dir = {directory}
devices = {directory}/devices
mount_check = false
workers = 0
"""

SWIFT_CONF = """\
[swift-hash]
swift_hash_path_prefix = {name}
swift_hash_path_suffix = {name}

[storage-policy:0]
name = one
default = yes
"""

SERVER_CONF = """\
{common}
[pipeline:main]
pipeline = {kind}-server

[app:{kind}-server]
use = egg:swift#{kind}
"""

PROXY_CONF = """\
{common}
[pipeline:main]
pipeline = catch_errors cache listing_formats s3api tempauth container_quotas slo dlo proxy-server

[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true

[filter:catch_errors]
use = egg:swift#catch_errors

[filter:cache]
use = egg:swift#memcache
memcache_servers = {cache}

[filter:listing_formats]
use = egg:swift#listing_formats

[filter:s3api]
use = egg:swift#s3api
location = {region}

[filter:tempauth]
use = egg:swift#tempauth
user_test_faafo = {secret} .admin

[filter:container_quotas]
use = egg:swift#container_quotas

[filter:slo]
use = egg:swift#slo

[filter:dlo]
use = egg:swift#dlo
"""

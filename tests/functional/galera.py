# SPDX-License-Identifier: Apache-2.0
"""A Galera cluster of three MariaDB nodes, each of which can be killed and cut off."""

import contextlib
import os
import shutil
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil
import pymysql

from tests.functional.processes import wait_until
from tests.functional.servers import ADDRESS, PASSWORD, USER, MariaDB, free_ports, started

PROVIDER = "/usr/lib/galera/libgalera_smm.so"
# rsync copies the data of a node to others, and gives up the rights of root: the servers do, too.
UNPRIVILEGED = "mysql"
SIZE = 3
JOIN_SECONDS = 180.0
# Nodes that cannot agree who is part of the cluster have taken gigabytes within minutes.
MOST_MEMORY = 2 * 2**30
WATCH_SECONDS = 1.0


class GaleraNode(MariaDB):
    """A node of a cluster; until ``join`` is called it is a server of its own.

    :param number: from 0.
    :param ports: the ports for replication of all nodes.
    """

    PROGRAMS = (*MariaDB.PROGRAMS, "wsrep_sst_rsync", "rsync", "ss")
    PACKAGE = "mariadb-server"

    def __init__(self, number: int, ports: Sequence[int]) -> None:
        super().__init__()
        self._number = number
        self._ports = ports
        self._incremental_port, self._copy_port = free_ports(2)

    def _setUp(self) -> None:  # noqa: N802 - the name is pifpaf's
        super()._setUp()
        self.stop()

    @property
    def url(self) -> str:
        """What the URL of a database on this node begins with."""
        return f"mysql://{USER}:{PASSWORD}@{ADDRESS}:{self.port}"

    @property
    def _user(self) -> str:
        if os.geteuid() != 0:
            return super()._user
        root = Path(self.tempdir)
        root.chmod(0o755)
        shutil.chown(root, UNPRIVILEGED)
        return UNPRIVILEGED

    def join(self, begins: bool = False) -> None:
        """Start the node as a member of the cluster, which it ``begins`` or joins.

        A node that has crashed gets all data from another one.
        """
        members = "" if begins else ",".join(f"{ADDRESS}:{port}" for port in self._ports)
        own = f"{ADDRESS}:{self._ports[self._number]}"
        provider = (
            *(f"gmcast.listen_addr=tcp://{own}", f"base_port={self._ports[self._number]}"),
            *(f"ist.recv_addr={ADDRESS}:{self._incremental_port}", "gcache.size=64M"),
        )
        self.start(
            "--binlog-format=ROW",
            "--innodb-autoinc-lock-mode=2",
            "--wsrep-on=ON",
            f"--wsrep-provider={PROVIDER}",
            f"--wsrep-cluster-address=gcomm://{members}",
            f"--wsrep-node-name=node-{self._number + 1}",
            f"--wsrep-node-address={ADDRESS}",
            f"--wsrep-node-incoming-address={ADDRESS}:{self.port}",
            "--wsrep-sst-method=rsync",
            f"--wsrep-sst-receive-address={ADDRESS}:{self._copy_port}",
            f"--wsrep-provider-options={';'.join(provider)}",
        )
        wait_until(lambda: self.state() == "Synced", "a node to join", JOIN_SECONDS)

    def end_if_large(self) -> None:
        """End the node before it takes the memory of the machine."""
        with contextlib.suppress(psutil.NoSuchProcess):
            if self._process and self._process.memory_info().rss > MOST_MEMORY:
                self._process.kill()

    def state(self) -> str:
        """Return what the node says of itself: Synced when it is part of the cluster."""
        with contextlib.suppress(pymysql.Error):
            return self._as_root("SHOW STATUS LIKE 'wsrep_local_state_comment'")[0][1]
        return ""

    def cut_off(self) -> None:
        """Let no message between this node and the others pass; wait until it has noticed."""
        self._isolate(1)
        wait_until(lambda: self.state() not in ("", "Synced"), "the node to notice", JOIN_SECONDS)

    def reconnect(self) -> None:
        """Let messages pass again; wait until the node has caught up."""
        self._isolate(0)
        wait_until(lambda: self.state() == "Synced", "the node to join again", JOIN_SECONDS)

    def _isolate(self, value: int) -> None:
        self._as_root(f"SET GLOBAL wsrep_provider_options = 'gmcast.isolate={value}'")


class GaleraCluster:
    """Three nodes; what is asked of a server of its own is asked of the first."""

    def __init__(self, nodes: Sequence[GaleraNode]) -> None:
        self.nodes = nodes

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """Give the URL of a new, empty database on the first node; it is dropped afterwards."""
        with self.nodes[0].database() as url:
            yield url


@contextlib.contextmanager
def galera_cluster() -> Iterator[GaleraCluster]:
    """Run a cluster of three nodes."""
    ports = free_ports(SIZE)
    with contextlib.ExitStack() as stack:
        nodes = [
            stack.enter_context(started(GaleraNode, number=number, ports=ports))
            for number in range(SIZE)
        ]
        stack.enter_context(_watched(nodes))
        for number, node in enumerate(nodes):
            node.join(begins=number == 0)
        yield GaleraCluster(nodes)


@contextlib.contextmanager
def _watched(nodes: Sequence[GaleraNode]) -> Iterator[None]:
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(WATCH_SECONDS):
            for node in nodes:
                node.end_if_large()

    watcher = threading.Thread(target=watch, name="memory of nodes")
    watcher.start()
    try:
        yield
    finally:
        stop.set()
        watcher.join()

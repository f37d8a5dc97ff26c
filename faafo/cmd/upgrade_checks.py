# SPDX-License-Identifier: Apache-2.0
"""The checks of ``faafo-status upgrade check``: database, image store, files, old processes."""

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from oslo_config import cfg
from oslo_log import log as logging
from oslo_upgradecheck.upgradecheck import Code, Result, UpgradeCommands
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from faafo import conf as options
from faafo import errors, process
from faafo.cmd.administration import open_database
from faafo.conf import cli
from faafo.conf.load import check_values, load
from faafo.db import schema, services
from faafo.db.engine import is_new_sqlite
from faafo.db.url import configured_url
from faafo.fractal.service import State
from faafo.rpc.transport import register_opts
from faafo.store.factory import open_store

# Each reads /etc/faafo/<role>.conf, or the one in ~/.faafo.
ROLES = ("all", "api", "notifier", "producer", "reader", "worker")
# What is stored to see whether that is possible.
PROBE = b"faafo-status"
UPGRADE = "run 'faafo-manage db upgrade' before services of this version start"


class UpgradeChecks(UpgradeCommands):
    """Checks what ``conf`` names; nothing is changed but a probe in the image store.

    :param given: the files that ``conf`` was read from.
    """

    def __init__(self, conf: cfg.ConfigOpts, given: Sequence[str]) -> None:
        self._conf = conf
        self._given = list(given)

    def files(self) -> Result:
        """Find values that are not valid, in the files of any role on this host."""
        for command, paths in self._files():
            try:
                _read(command, paths)
            except errors.ConfigurationError as error:
                return Result(Code.FAILURE, f"{command}: {error}")
        return Result(Code.SUCCESS)

    def old_options(self) -> Result:
        """Find options that this version does not know: they have been renamed, or misspelt."""
        found = []
        for command, paths in self._files():
            try:
                unknown = process.unknown_options(_read(command, paths))
            except errors.ConfigurationError:
                # ``files`` tells of it.
                continue
            found += [f"[{group}] {name} in {path}" for path, group, name in unknown]
        if not found:
            return Result(Code.SUCCESS)
        return Result(Code.WARNING, f"unknown, and so ignored: {', '.join(sorted(set(found)))}")

    def database(self) -> Result:
        """Compare the revision of the schema with the one that this version needs."""
        needed = schema.head()
        try:
            with self._opened() as opened:
                found = None if opened is None else schema.current(opened)
                if opened is not None and found == needed:
                    schema.check_fitness(opened)
        except errors.FaafoError as error:
            return Result(Code.FAILURE, str(error))
        if found == needed:
            return Result(Code.SUCCESS)
        if found is None or found in schema.revisions():
            return Result(Code.WARNING, f"it is {found or 'none'}, needed is {needed}: {UPGRADE}")
        return Result(Code.FAILURE, f"it is {found}, of a later version of faafo than this one")

    def store(self) -> Result:
        """Store a probe, read it, and delete it again."""
        try:
            store = open_store(self._conf, owner="status")
            store.check()
            name = str(uuid.uuid4())
            store.save(name, PROBE)
            try:
                found = store.load(name)
            finally:
                store.delete(name)
        except errors.FaafoError as error:
            return Result(Code.FAILURE, str(error))
        if found != PROBE:
            return Result(Code.FAILURE, "what it returns is not what was stored")
        return Result(Code.SUCCESS)

    def old_processes(self) -> Result:
        """Find services of other versions that are running still."""
        try:
            with self._opened() as opened:
                if opened is None or schema.current(opened) != schema.head():
                    return Result(Code.SUCCESS, "not known before the schema is upgraded")
                with Session(opened) as session:
                    found = services.listed(session, self._conf.api.service_down_time)
        except errors.FaafoError as error:
            return Result(Code.FAILURE, str(error))
        ours = process.version()
        others = [one for one in found if one.state != State.DOWN and one.version != ours]
        if not others:
            return Result(Code.SUCCESS)
        named = ", ".join(f"{one.kind} {one.name} ({one.version})" for one in others)
        return Result(Code.WARNING, f"services of other versions than {ours} run: {named}")

    @contextmanager
    def _opened(self) -> Iterator[Engine | None]:
        """Open the database; None if it is a file that is not there, which would be made."""
        if is_new_sqlite(configured_url(self._conf)):
            yield None
            return
        with open_database(self._conf, self._conf.database.timeout) as opened:
            yield opened

    def _files(self) -> Iterator[tuple[str, list[str]]]:
        """Yield each command with its files; those that were given are read as the API's."""
        for role in ROLES:
            found = cfg.find_config_files("faafo", role)
            if role == "api" and self._given:
                found = self._given
            if found:
                yield f"faafo-{role}", found

    _upgrade_checks: tuple[tuple[str, Callable[..., Result]], ...] = (
        ("Configuration files", files),
        ("Options of old releases", old_options),
        ("Schema of the database", database),
        ("Image store", store),
        ("Processes of old releases", old_processes),
    )


def _read(command: str, paths: list[str]) -> cfg.ConfigOpts:
    """Return the configuration of a command as its files are.

    :raises faafo.errors.ConfigurationError: when a value is not valid.
    """
    conf = cfg.ConfigOpts()
    cli.register_opts(conf, command)
    options.register_opts(conf)
    logging.register_options(conf)
    register_opts(conf)
    load(conf, command, process.version(), [], paths)
    check_values(conf)
    return conf

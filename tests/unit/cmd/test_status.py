# SPDX-License-Identifier: Apache-2.0
"""``faafo-status upgrade check``: what each check finds, and the exit status."""

import json
import shutil
import socket
from unittest import mock

import pytest
from oslo_config import cfg
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from faafo import errors, logs, process
from faafo.cmd import status, upgrade_checks
from faafo.db import schema, services
from faafo.db.services import Heartbeat
from faafo.fractal.service import Kind
from faafo.stop import Stop
from faafo.store.filesystem import FilesystemStore

SUCCESS, WARNING, FAILURE = 0, 1, 2
CHECKS = [name for name, _check in upgrade_checks.UpgradeChecks._upgrade_checks]
FILES, OPTIONS, SCHEMA, STORE, PROCESSES = CHECKS


class Deaf(Stop):
    """Leaves the signals to pytest, and does not end the process with the command."""

    def listen(self, drain_timeout=float):
        pass


@pytest.fixture
def database(tmp_path, empty_database):
    """An up-to-date database."""
    path = tmp_path / "faafo.sqlite"
    shutil.copy(empty_database, path)
    engine = create_engine(f"sqlite:///{path}")
    yield engine
    engine.dispose()


@pytest.fixture
def check(tmp_path, database, monkeypatch, capsys):
    """Checks a host with an ``api.conf``; returns the exit status and what is not well."""
    monkeypatch.setattr(logs.logging, "setup", lambda *_arguments: None)
    monkeypatch.setenv("HOME", str(tmp_path))
    home = tmp_path / ".faafo"
    home.mkdir()
    (home / "api.conf").write_text(f"[DEFAULT]\nstate_path = {tmp_path}\n")

    def run(**files):
        for name, content in files.items():
            (home / f"{name}.conf").write_text(content.format(tmp=tmp_path))
        # As each process has.
        monkeypatch.setattr(cfg, "CONF", cfg.ConfigOpts())
        monkeypatch.setattr("sys.argv", ["faafo-status", "upgrade", "check", "--json"])
        code = status.status(Deaf())
        printed = capsys.readouterr()
        if not printed.out:
            return code, printed.err
        checks = json.loads(printed.out)["checks"]
        assert [one["check"] for one in checks] == CHECKS
        assert code == max(one["result"] for one in checks)
        return code, {one["check"]: one["details"] for one in checks if one["result"]}

    return run


def test_a_host_on_which_all_is_well(check, tmp_path):
    worker = "[DEFAULT]\ntransport_url = rabbit://u:p@h/\n[service_auth]\nusername = faafo\n"
    assert check(worker=worker) == (SUCCESS, {})
    # Nothing of the probe is left.
    assert not [*(tmp_path / "images").glob("*")]


def test_a_value_that_is_not_valid_is_a_failure_in_the_file_of_any_role(check):
    code, found = check(worker="[worker]\nslots = many\n")
    assert code == FAILURE
    assert found[FILES].startswith("faafo-worker: [worker] slots: ")


def test_without_a_configuration_of_the_api_nothing_is_checked(check):
    code, sentence = check(api="[api]\nthreads = many\n")
    assert code == FAILURE
    assert "[api] threads" in sentence


def test_an_option_that_is_unknown_is_a_warning_that_names_its_file(check, tmp_path):
    code, found = check(producer="[producer]\nold = 1\n")
    assert (code, [*found]) == (WARNING, [OPTIONS])
    assert f"[producer] old in {tmp_path}/.faafo/producer.conf" in found[OPTIONS]


@pytest.mark.parametrize(
    ("revision", "expected", "part"),
    [("0001", WARNING, "run 'faafo-manage db upgrade'"), ("9999", FAILURE, "a later version")],
)
def test_a_schema_of_another_version(check, database, revision, expected, part):
    with database.begin() as connection:
        connection.execute(text(f"UPDATE {schema.VERSION_TABLE} SET version_num = '{revision}'"))
    code, found = check()
    assert (code, [*found]) == (expected, [SCHEMA])
    assert part in found[SCHEMA]


def test_a_database_and_a_store_that_cannot_be_used_are_failures(check):
    broken = (
        "[DEFAULT]\ndatabase_url = sqlite:////dev/null/f\nfilesystem_store_datadir = /proc/no\n"
    )
    code, found = check(api=broken)
    assert (code, [*found]) == (FAILURE, [SCHEMA, STORE, PROCESSES])
    assert "/proc/no" in found[STORE]


def test_a_store_that_cannot_be_read_keeps_no_probe(check, tmp_path, monkeypatch):
    load = mock.Mock(side_effect=errors.StoreUnavailable("cannot be read"))
    monkeypatch.setattr(FilesystemStore, "load", load)
    assert check() == (FAILURE, {STORE: "cannot be read"})
    assert not [*(tmp_path / "images").glob("*")]


def test_a_database_that_is_not_there_is_a_warning_and_is_not_made(check, tmp_path):
    code, found = check(api="[DEFAULT]\nstate_path = {tmp}/state\n")
    assert (code, [*found]) == (WARNING, [SCHEMA])
    assert found[SCHEMA].startswith("it is none, needed is ")
    assert not (tmp_path / "state" / "faafo.sqlite").exists()


def test_a_database_that_does_not_answer_is_a_failure(check):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"mysql://u:p@127.0.0.1:{silent.getsockname()[1]}/faafo"
        code, found = check(api=f"[DEFAULT]\ndatabase_url = {url}\n[database]\ntimeout = 1\n")
    assert (code, [*found][:1]) == (FAILURE, [SCHEMA])
    assert "timed out" in found[SCHEMA]


def test_processes_of_another_version_are_a_warning_while_they_live(check, database):
    known = [("old", "0.1", 0.0), ("gone", "0.1", 3600.0), ("new", process.version(), 0.0)]
    with Session(database) as session:
        services.store(
            session,
            [
                Heartbeat(Kind.WORKER, name, name, "host", version, age=4000.0, seen=seen)
                for name, version, seen in known
            ],
        )
    code, found = check()
    assert (code, [*found]) == (WARNING, [PROCESSES])
    assert found[PROCESSES].endswith("run: worker old (0.1)")

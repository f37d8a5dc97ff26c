# SPDX-License-Identifier: Apache-2.0
"""Logging in and out on the command line, against the real API with users of a file."""

import json
import shutil
from pathlib import Path

import pytest

from faafo.app.factory import create_app
from faafo.app.server import HttpServer
from faafo.db import db
from tests.htpasswd import user_line

PASSWORD = "S3Cret"


@pytest.fixture
def faafo(command_line, conf, store, empty_database, tmp_path, monkeypatch):
    """Runs a command line against an API with users of a file."""
    (tmp_path / "users").write_text(user_line("ada", PASSWORD))
    conf.set_override("auth_strategy", "http_basic", "api")
    conf.set_override("http_basic_auth_user_file", str(tmp_path / "users"), "api")
    shutil.copy(empty_database, Path(conf.state_path) / "faafo.sqlite")
    app = create_app(conf, store, "1.2.3")
    server = HttpServer(app, "127.0.0.1", 0, threads=4)
    server.start()
    monkeypatch.setenv("FAAFO_URL", server.url)
    monkeypatch.setenv("FAAFO_PASSWORD", PASSWORD)
    yield command_line
    server.stop()
    with app.app_context():
        db.engine.dispose()


def test_a_token_that_was_issued_is_sent_until_it_is_revoked(faafo, monkeypatch):
    assert faafo("fractal", "list")[0] == 1
    status, output, _ = faafo("token", "issue", "--user", "ada", "-f", "json")
    assert status == 0
    issued = json.loads(output)
    assert issued["project_id"] == "default"
    assert issued["roles"] == "member, reader"
    monkeypatch.setenv("FAAFO_TOKEN", issued["token"])
    assert faafo("fractal", "create")[0] == 0
    assert faafo("token", "revoke")[:2] == (0, "revoked the token\n")
    status, _, errors = faafo("fractal", "list")
    assert status == 1
    assert "see faafo token issue" in errors


def test_a_wrong_password_is_refused_and_not_shown(faafo, monkeypatch):
    monkeypatch.setenv("FAAFO_PASSWORD", "wrong-S3Cret")
    status, output, errors = faafo("token", "issue", "--user", "ada")
    assert status == 1
    assert "the user name or the password is wrong" in errors
    assert "S3C" not in output + errors


def test_there_has_to_be_a_token_to_revoke(faafo):
    status, _, errors = faafo("token", "revoke")
    assert status == 2
    assert "FAAFO_TOKEN: is not set" in errors

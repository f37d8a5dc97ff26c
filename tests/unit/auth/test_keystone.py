# SPDX-License-Identifier: Apache-2.0
"""Tokens as keystonemiddleware reads them; the functional tests have a real Keystone."""

import pytest
from flask import Flask, Request
from oslo_config import cfg
from werkzeug.test import EnvironBuilder

from faafo import conf as options
from faafo import errors
from faafo.auth import keystone
from faafo.auth.keystone import Keystone, Middleware

TOKEN = {
    "methods": ["password"],
    "user": {"id": "u-1", "name": "ada", "domain": {"id": "default", "name": "Default"}},
    "project": {"id": "p-1", "name": "alpha", "domain": {"id": "default", "name": "Default"}},
    "roles": [{"id": "1", "name": "member"}, {"id": "2", "name": "reader"}],
    "issued_at": "2026-01-01T00:00:00.000000Z",
    "expires_at": "2999-01-01T00:00:00.000000Z",
    "catalog": [{"type": "rendering", "id": "s", "name": "faafo", "endpoints": []}],
}
LIMITED = {
    "id": "c-1",
    "name": "limited",
    "restricted": True,
    "access_rules": [{"service": "rendering", "method": "GET", "path": "/api/fractal"}],
}


@pytest.fixture
def conf():
    conf = cfg.ConfigOpts()
    options.register_opts(conf)
    conf([], default_config_files=[])
    keystone.register_opts(conf)
    conf.set_override("auth_type", "none", group="keystone_authtoken")
    conf.set_override("service_type", "rendering", group="keystone_authtoken")
    return conf


@pytest.fixture
def asked(monkeypatch):
    """The tokens that Keystone has been asked about; what it answers is in the token's place."""
    asked = []

    def fetch(self, token, **_):
        asked.append(token)
        credential = {"application_credential": LIMITED} if token == "limited" else {}
        return {"token": {**TOKEN, **credential}}

    monkeypatch.setattr(Middleware, "fetch_token", fetch)
    return asked


def request(path="/api/fractal", token="token") -> Request:
    headers = {"X-Auth-Token": token}
    return Flask.request_class(EnvironBuilder(path, headers=headers).get_environ())


def test_a_token_says_who_asks_for_which_project(conf, asked, tokens):
    identity = Keystone(conf, tokens).identify(request())
    assert (identity.user_id, identity.user_name, identity.project_id) == ("u-1", "ada", "p-1")
    assert identity.roles == ("member", "reader")


def test_keystone_is_not_asked_again_at_once(conf, asked, tokens):
    known = Keystone(conf, tokens)
    assert known.identify(request()) is known.identify(request("/api/claim"))
    assert asked == ["token"]


def test_only_a_token_that_was_validated_lately_is_recalled(conf, asked, tokens):
    known = Keystone(conf, tokens)
    assert known.recall(request()) is None
    assert not known.was_valid(request())
    identity = known.identify(request())
    assert known.recall(request("/api/claim")) is identity
    assert known.was_valid(request())
    with pytest.raises(errors.Unauthenticated):
        known.recall(request(token="a b"))
    assert asked == ["token"]


def test_a_token_for_some_paths_is_valid_for_these_whatever_was_asked_before(conf, asked, tokens):
    known = Keystone(conf, tokens)
    for _ in range(2):
        assert known.identify(request(token="limited")).user_id == "u-1"
        with pytest.raises(errors.Unauthenticated):
            known.identify(request("/api/claim", token="limited"))


def test_headers_that_a_client_makes_up_are_ignored(conf, asked, tokens):
    headers = {"X-Auth-Token": "token", "X-Roles": "admin", "X-Project-Id": "p-2"}
    forged = Flask.request_class(EnvironBuilder("/", headers=headers).get_environ())
    identity = Keystone(conf, tokens).identify(forged)
    assert (identity.project_id, identity.roles) == ("p-1", ("member", "reader"))


@pytest.mark.parametrize("token", ["", " ", "a b", "x" * 4097, "\u00e4"])
def test_keystone_is_not_asked_about_what_is_no_token(conf, asked, token, tokens):
    with pytest.raises(errors.Unauthenticated) as refusal:
        Keystone(conf, tokens).identify(request(token=token))
    assert refusal.value.challenge.startswith("Keystone uri=")
    assert asked == []

# SPDX-License-Identifier: Apache-2.0
"""The credentials of a service, and what happens when the API or Keystone refuses them."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from keystoneauth1 import exceptions
from oslo_config import cfg
from requests import Request, Response

from faafo import conf as options
from faafo import errors
from faafo.client import keystone, service_auth
from faafo.client.http import Client
from faafo.client.keystone import ServiceAuth


@pytest.fixture
def conf():
    conf = cfg.ConfigOpts()
    options.register_opts(conf)
    conf([], default_config_files=[])
    return conf


def configured(conf, auth_type, **values):
    conf.set_override("auth_type", auth_type, group="service_auth")
    loader = keystone.loading.get_plugin_loader(auth_type)
    opts = keystone.loading.get_auth_plugin_conf_options(loader)
    conf.register_opts(opts, group="service_auth")
    for name, value in values.items():
        conf.set_override(name, value, group="service_auth")
    return conf


class Plugin:
    """A plugin whose tokens are numbers; ``fault`` is what Keystone does instead."""

    def __init__(self):
        self.number = 1
        self.fault = None
        self.asked = 0

    def get_headers(self, session):
        self.asked += 1
        if self.fault is not None:
            raise self.fault
        return {"X-Auth-Token": str(self.number)}

    def invalidate(self):
        self.number += 1
        return True


@pytest.fixture
def plugin():
    return Plugin()


@pytest.fixture
def auth(plugin):
    return ServiceAuth(plugin, None)


def sent(auth) -> str | None:
    prepared = Request("GET", "http://127.0.0.1/").prepare()
    return auth(prepared).headers.get("X-Auth-Token")


def refused(token) -> Response:
    response = Response()
    response.request = Request("GET", "http://x/", headers={"X-Auth-Token": token}).prepare()
    return response


def test_a_service_has_no_credentials_by_default(conf):
    assert service_auth.from_conf(conf) is None


@pytest.mark.parametrize(
    ("auth_type", "values", "missing"),
    [
        ("http_basic", {}, "username"),
        ("http_basic", {"username": "u"}, "password"),
        ("password", {"username": "u", "password": "S3C"}, "auth_url"),
        ("v3applicationcredential", {"application_credential_id": "x"}, "secret"),
    ],
)
def test_a_missing_option_is_named(conf, auth_type, values, missing):
    with pytest.raises(errors.ConfigurationError, match=missing) as refusal:
        service_auth.from_conf(configured(conf, auth_type, **values))
    assert "[service_auth]" in str(refusal.value)
    assert "S3C" not in str(refusal.value)


def test_a_password_is_sent_as_basic_authentication(conf):
    auth = service_auth.from_conf(
        configured(conf, "http_basic", username="ada", password="S3C\u00e4")
    )
    prepared = auth(Request("GET", "http://127.0.0.1/").prepare())
    assert prepared.headers["Authorization"] == "Basic YWRhOlMzQ8Ok"


def test_a_token_is_kept_while_keystone_cannot_be_asked(auth, plugin, caplog):
    assert sent(auth) == "1"
    plugin.fault = exceptions.ConnectFailure("no route to http://u:S3C@host")
    assert [sent(auth) for _ in range(3)] == ["1", "1", "1"]
    assert plugin.asked == 2
    assert "no new token" in caplog.text
    assert "S3C" not in caplog.text
    auth._ask_after = 0.0
    plugin.fault, plugin.number = None, 2
    assert sent(auth) == "2"


def test_without_a_token_the_api_is_unavailable(auth, plugin):
    plugin.fault = exceptions.Unauthorized("wrong password")
    for _ in range(2):
        with pytest.raises(errors.ApiUnavailable, match="no token: wrong password"):
            sent(auth)


def test_a_thread_does_not_wait_for_the_question_of_another(auth, plugin):
    assert sent(auth) == "1"
    with auth._lock:
        assert sent(auth) == "1"


def test_credentials_that_were_refused_are_renewed_once(auth, plugin):
    assert sent(auth) == "1"
    assert auth.renew(refused("1"))
    assert sent(auth) == "2"
    # The answer to a request that another thread had sent before.
    assert auth.renew(refused("1"))
    assert plugin.number == 2


def test_credentials_are_not_renewed_when_keystone_refuses(auth, plugin):
    assert sent(auth) == "1"
    plugin.fault = exceptions.Unauthorized("wrong password")
    assert not auth.renew(refused("1"))


class Api(BaseHTTPRequestHandler):
    """Accepts token 2 only."""

    def do_GET(self):
        known = self.headers["X-Auth-Token"] == "2"
        body = b'{"uuid": "x"}' if known else b'{"message": "who?"}'
        self.send_response(200 if known else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def url():
    with HTTPServer(("127.0.0.1", 0), Api) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_request_is_sent_again_with_a_new_token(url, auth):
    assert Client(url, auth=auth).get("x") == {"uuid": "x"}


@pytest.fixture
def seen():
    """The headers of the requests to ``refusing``."""
    return []


@pytest.fixture
def refusing(odd_server, seen):
    """A client of an API that refuses every token, and the credentials of that client."""
    plugin = Plugin()
    auth = ServiceAuth(plugin, None)
    url = odd_server(401, b'{"message": "who?"}', seen)
    return Client(url, auth=auth), auth, plugin


def test_a_new_token_that_is_refused_as_well_is_the_error_of_the_request(refusing, seen):
    client, _auth, plugin = refusing
    with pytest.raises(errors.ApiUnavailable, match=r"401, who\?; it refuses new credentials, too"):
        client.get("x")
    assert [headers["X-Auth-Token"] for headers in seen] == ["1", "2"]
    assert plugin.number == 2


def test_keystone_is_asked_for_no_further_token_until_a_pause_is_over(refusing, seen, caplog):
    client, auth, plugin = refusing
    for _ in range(4):
        with pytest.raises(errors.ApiUnavailable, match="401, who?"):
            client.get("x")
    assert [headers["X-Auth-Token"] for headers in seen] == ["1", "2", "2", "2", "2"]
    assert "the API refuses a token that Keystone has just issued" in caplog.text
    auth._renew_after = 0.0
    with pytest.raises(errors.ApiUnavailable, match="401, who?"):
        client.get("x")
    assert plugin.number == 3


def test_a_request_whose_credentials_are_wrong_is_to_be_tried_again_later(url):
    with pytest.raises(errors.ApiUnavailable, match="401, who?"):
        Client(url).get("x")

# SPDX-License-Identifier: Apache-2.0
"""The errors, certificates and proxies of the public client."""

import base64
import socket
import threading

import pytest
from requests.auth import AuthBase

from faafo import errors
from faafo.client import Client


def test_an_unreachable_service_is_named_in_one_line():
    with pytest.raises(errors.ApiUnavailable) as caught:
        Client("http://127.0.0.1:9/").get("x")
    assert str(caught.value) == "http://127.0.0.1:9/: [Errno 111] Connection refused"
    assert caught.value.kind == "connection"


@pytest.mark.parametrize(
    ("status", "body", "message", "kind"),
    [
        (503, b'{"message": "busy"}', "503, busy", "503"),
        (500, b"{}", "500, Internal Server Error", "500"),
        (429, b'{"message": "the queue is full"}', "429, the queue is full", "429"),
        (502, b"<html>", "502, Bad Gateway", "502"),
        (200, b"<html>", "the answer is not JSON; is this the URL of faafo?", "answer"),
        (200, b"[1]", "the answer is not one of faafo", "answer"),
    ],
)
def test_what_a_retry_may_mend_has_its_kind(odd_server, status, body, message, kind):
    url = odd_server(status, body)
    with pytest.raises(errors.ApiUnavailable) as caught:
        Client(url).get("x")
    assert str(caught.value).startswith(f"{url}: {message}")
    assert caught.value.kind == kind


def test_a_refusal_of_faafo_is_its_sentence_and_that_of_another_server_names_the_url(odd_server):
    for body, message in ((b'{"message": "no"}', "no"), (b"<html>", "URL: 403, Forbidden")):
        url = odd_server(403, body)
        with pytest.raises(errors.ApiRefused) as caught:
            Client(url).get("x")
        assert str(caught.value) == message.replace("URL", url)
        assert caught.value.status == 403


def test_a_server_error_has_the_id_of_its_request(odd_server):
    url = odd_server(503, b'{"message": "busy"}', **{"X-Openstack-Request-Id": "req-7"})
    with pytest.raises(errors.ApiUnavailable) as caught:
        Client(url).get("x")
    assert str(caught.value) == f"{url}: 503, busy (req-7)"


def test_a_redirection_is_named_and_not_followed(odd_server):
    url = odd_server(301, b"", Location="https://me:S3C@elsewhere.example/")
    with pytest.raises(errors.ApiRefused) as caught:
        Client(url).get("x")
    assert str(caught.value) == (
        f"{url}: 301, Moved Permanently: it leads to https://me:***@elsewhere.example/; "
        "use that address"
    )


def test_an_image_may_be_elsewhere_where_the_login_is_not_sent(odd_server):
    class Token(AuthBase):
        def __call__(self, request):
            request.headers["X-Auth-Token"] = "S3C"
            return request

    seen = []
    target = odd_server(200, b"image", seen=seen)
    url = odd_server(307, b"", seen=seen, Location=f"{target}/signed?key=1")
    client = Client(url, auth=Token())
    assert b"".join(client._session.chunks("/api/fractal/1/image")) == b"image"
    assert [headers.get("X-Auth-Token") for headers in seen] == ["S3C", None]


def test_a_server_that_never_answers_is_a_timeout():
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(errors.ApiUnavailable, match=url) as caught:
            Client(url, timeout=0.05).get("x")
    assert caught.value.kind == "timeout"


def test_a_server_without_tls_is_told_from_one_that_is_away():
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer():
            connection, _address = server.accept()
            with connection:
                connection.recv(1024)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(errors.ApiUnavailable, match="SSL: WRONG_VERSION_NUMBER") as caught:
            Client(f"https://127.0.0.1:{server.getsockname()[1]}").get("x")
        thread.join()
    assert caught.value.kind == "TLS"


def test_a_body_that_is_cut_short_is_an_error(odd_server):
    url = odd_server(200, b'{"a":', **{"Content-Length": "99"})
    with pytest.raises(errors.ApiUnavailable, match="IncompleteRead|94 more expected") as caught:
        Client(url).get("x")
    assert caught.value.kind == "connection"


@pytest.mark.parametrize("url", ["ftp://me:S3C@host", "127.0.0.1:5000", "http://", "http://h/?q=1"])
def test_what_is_no_url_of_a_server_is_refused_without_its_password(url):
    with pytest.raises(errors.ConfigurationError, match="url = ") as caught:
        Client(url)
    assert "S3C" not in str(caught.value)


def test_a_login_in_the_url_is_sent(odd_server):
    seen = []
    url = odd_server(404, b"{}", seen=seen).replace("http://", "http://me:p%40ss%C3%A9@")
    with pytest.raises(errors.ApiRefused):
        Client(url).get("x")
    sent = seen[0]["Authorization"].removeprefix("Basic ")
    assert base64.b64decode(sent).decode() == "me:p@ssé"


def test_no_password_is_shown():
    with pytest.raises(errors.ApiUnavailable) as caught:
        Client("http://me:S3C@127.0.0.1:9").get("x")
    assert str(caught.value).startswith("http://me:***@127.0.0.1:9: ")


def test_proxies_of_the_environment_are_for_other_hosts_than_this_one(monkeypatch):
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://proxy.example:3128")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "near.example")

    def proxies(url):
        return Client(url)._session._session.proxies

    for url in ("http://127.0.0.1:5000", "http://localhost", "http://[::1]", "http://near.example"):
        assert not proxies(url)
    assert proxies("http://far.example")["http"] == "http://proxy.example:3128"

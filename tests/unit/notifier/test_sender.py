# SPDX-License-Identifier: Apache-2.0
"""Deliveries to real receivers: those that answer, and those that do something else."""

import ipaddress
import socket
import ssl
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import trustme

from faafo.notifier.sender import LONGEST_RETRY_AFTER, Sender, seconds_of
from tests.receivers import Receiver, dead, hanging, talking
from tests.unit.notifier.conftest import SECRET

LOOPBACK = ipaddress.ip_network("127.0.0.0/8")
TIMEOUT = 20.0
# For receivers that do not answer in time.
SHORT = 0.5


@pytest.fixture
def receiver():
    with Receiver() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def send(make_delivery):
    """Sends a delivery to a URL."""

    def send(url, timeout=TIMEOUT, allowed=(LOOPBACK,), secrets=(SECRET,), **collaborators):
        delivery = make_delivery(url, secrets=secrets)
        sender = Sender(allowed, timeout, "faafo/1.2.3", **collaborators)
        return sender.send(delivery, delivery.webhook)

    return send


def resolving_to(address):
    def resolve(host, port, **arguments):
        assert host == "receiver.example"
        return socket.getaddrinfo(address, port, **arguments)

    return resolve


def test_a_delivery_is_posted_and_can_be_verified(receiver, make_delivery):
    delivery = make_delivery(f"{receiver.url}?a=b")
    outcome = Sender([LOOPBACK], TIMEOUT, "faafo/1.2.3").send(delivery, delivery.webhook)
    assert (outcome.http_status, outcome.fault, outcome.gone) == (204, None, False)
    assert outcome.duration > 0
    (request,) = receiver.requests
    assert request.body == delivery.body.encode()
    assert request.verified(SECRET)["data"]["uuid"] == "ä"
    assert request.path == "/hook?a=b"
    assert request.id == delivery.event
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"] == "faafo/1.2.3"
    assert request.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert request.headers["content-length"] == str(len(request.body))


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_each_status_of_success_counts_as_delivered(receiver, send, status):
    receiver.answer = lambda _number: (status, {})
    assert send(receiver.url).fault is None


@pytest.mark.parametrize("status", [300, 400, 404, 429, 500, 503, 999])
def test_any_other_status_is_a_failure(receiver, send, status):
    receiver.answer = lambda _number: (status, {})
    outcome = send(receiver.url)
    assert outcome.http_status == status
    assert outcome.fault.startswith(f"answered {status}")
    assert not outcome.gone


def test_a_receiver_that_is_gone_wants_no_more(receiver, send):
    receiver.answer = lambda _number: (410, {})
    assert send(receiver.url).gone


def test_a_redirection_is_not_followed(receiver, send):
    with Receiver() as other:
        receiver.answer = lambda _number: (307, {"Location": other.url})
        outcome = send(receiver.url)
        assert outcome.fault == "answered 307: redirections are not followed"
        assert not other.requests


def test_no_proxy_of_the_environment_is_used(receiver, send, monkeypatch):
    with dead() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy)
        assert send(receiver.url).fault is None


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f.1", "localhost"])
def test_a_private_address_is_not_dialed(receiver, send, host):
    outcome = send(receiver.url.replace("127.0.0.1", host), allowed=())
    assert outcome.fault.startswith("refused: ")
    assert outcome.fault.endswith(" is a loopback address")
    assert outcome.http_status is None
    assert not receiver.requests


def test_a_name_that_leads_to_a_private_address_is_not_dialed(receiver, send):
    url = receiver.url.replace("127.0.0.1", "receiver.example")
    outcome = send(url, allowed=(), resolve=resolving_to("127.0.0.1"))
    assert outcome.fault == "refused: 127.0.0.1 is a loopback address"
    assert not receiver.requests


def test_the_address_that_was_checked_is_dialed_and_no_name_is_resolved_again(receiver, send):
    answers = iter(["127.0.0.1", "127.0.0.2"])

    def rebinding(_host, port, **arguments):
        return socket.getaddrinfo(next(answers), port, **arguments)

    url = receiver.url.replace("127.0.0.1", "rebind.example")
    allowed = [ipaddress.ip_network("127.0.0.1/32")]
    assert send(url, allowed=allowed, resolve=rebinding).fault is None
    assert receiver.requests[0].headers["host"] == f"rebind.example:{receiver.port}"
    assert next(answers) == "127.0.0.2"


def test_the_next_address_of_a_name_is_dialed_when_one_refuses(receiver, send):
    def resolve(_host, port, **arguments):
        found = [socket.getaddrinfo(one, port, **arguments) for one in ("127.0.0.9", "127.0.0.1")]
        return [*found[0], *found[1]]

    url = receiver.url.replace("127.0.0.1", "receiver.example")
    assert send(url, resolve=resolve).fault is None


def test_a_name_that_does_not_exist_is_a_failure(send):
    def resolve(*_arguments, **_named):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    fault = send("http://nowhere.example/", resolve=resolve).fault
    assert fault == "the name of the host cannot be resolved: Name or service not known"


def test_a_name_that_is_not_resolved_in_time_costs_no_more_than_the_timeout(send, stop):
    outcome = send("http://slow.example/", timeout=SHORT, resolve=lambda *_a, **_n: stop.wait())
    assert outcome.fault == "no answer within 0.5 s"
    assert outcome.timed_out


def test_a_port_that_refuses_connections_is_a_failure(send):
    with dead() as url:
        assert send(url).fault == "connection refused"


def test_a_receiver_that_never_answers_costs_no_more_than_the_timeout(send):
    with hanging() as url:
        outcome = send(url, timeout=SHORT)
    assert outcome.fault == "no answer within 0.5 s"
    assert outcome.timed_out
    assert SHORT <= outcome.duration < TIMEOUT


def test_a_receiver_that_answers_a_byte_at_a_time_costs_no_more_than_the_timeout(send):
    def dribble(connection, over):
        connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        while not over.wait(0.05):
            connection.sendall(b"x")

    with talking(dribble) as url:
        outcome = send(url, timeout=SHORT)
    assert outcome.fault == "no answer within 0.5 s"
    assert outcome.duration < TIMEOUT


def test_a_head_without_an_end_is_not_read_to_its_end(send):
    sent = []

    def flood(connection, over):
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while not over.is_set():
            sent.append(connection.send(b"X-Header: value\r\n" * 1000))

    with talking(flood) as url:
        fault = send(url).fault
    # http.client allows 100 lines, and then refuses.
    assert fault == "answered with something that is not HTTP"
    assert sum(sent) < 50_000_000


def test_a_line_without_an_end_is_not_read_to_its_end(send):
    def flood(connection, over):
        connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        while not over.is_set():
            connection.send(b"x" * 100_000)

    with talking(flood) as url:
        fault = send(url).fault
    assert fault == "answered with more than 16384 bytes of headers"


def test_a_line_whose_parameters_would_take_seconds_to_parse_is_refused(send):
    """What parses a head looks for a quote after each semicolon."""

    def answer(connection, over):
        parameters = b";" * 60_000
        head = b'HTTP/1.1 200 OK\r\nContent-Type: multipart/x; a="%s\r\n\r\n' % parameters
        connection.sendall(head)
        over.wait()

    with talking(answer) as url:
        assert send(url).fault == "answered with more than 16384 bytes of headers"


def test_addresses_of_a_family_that_the_system_does_not_have_are_passed_over(send, receiver):
    def resolve(_host, port, **_arguments):
        unknown = (-2, socket.SOCK_STREAM, 0, "", ("127.0.0.2", port))
        known = (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port))
        return [unknown, known]

    assert send(receiver.url, resolve=resolve).http_status == 204


def test_interim_answers_without_an_end_are_not_read_to_their_end(send):
    def flood(connection, over):
        while not over.is_set():
            connection.send(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)

    with talking(flood) as url:
        # Later versions of Python count interim answers, too.
        assert send(url).fault in (
            "answered with more than 16384 bytes of headers",
            "answered with something that is not HTTP",
        )


def test_a_body_of_gigabytes_is_not_read(send):
    def flood(connection, over):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n")
        while not over.is_set():
            connection.send(b"x" * 100_000)

    with talking(flood) as url:
        outcome = send(url)
    assert (outcome.http_status, outcome.fault) == (200, None)


@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        (b"", "connection closed without an answer"),
        (b"HTTP/1.1 2", "answered with something that is not HTTP"),
        (b"SSH-2.0-OpenSSH_9.2p1\r\n", "answered with something that is not HTTP"),
        (b"HTTP/1.1 abc OK\r\n\r\n", "answered with something that is not HTTP"),
        (b"HTTP/1.1 99999 OK\r\n\r\n", "answered with something that is not HTTP"),
        (b"\xff\xfe\x00", "answered with something that is not HTTP"),
        (b"HTTP/1.1 103 Early Hints\r\n\r\n", "answered 103"),
    ],
)
def test_an_odd_answer_is_a_failure(send, sent, fault):
    with talking(lambda connection, _over: connection.sendall(sent)) as url:
        assert send(url).fault == fault


def test_an_invalid_secret_is_a_failure_and_not_shown(receiver, send):
    fault = send(receiver.url, secrets=["whsec_5ecre7!"]).fault
    assert fault.startswith("refused: ")
    assert "5ecre7" not in fault


class TestTls:
    """A receiver with TLS, under the name receiver.example."""

    @pytest.fixture
    def tls(self, authority):
        def start(*names, **dates):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            authority.issue_cert(*names, **dates).configure_cert(context)
            return Receiver(context=context)

        return start

    @pytest.fixture
    def send_tls(self, send, authority):
        def make_context():
            context = ssl.create_default_context()
            authority.configure_trust(context)
            return context

        def send_tls(url, make_context=make_context, **arguments):
            url = url.replace("127.0.0.1", "receiver.example")
            resolve = resolving_to("127.0.0.1")
            return send(url, resolve=resolve, make_context=make_context, **arguments)

        return send_tls

    def test_a_certificate_for_the_name_in_the_url_is_accepted(self, tls, send_tls):
        with tls("receiver.example") as receiver:
            assert send_tls(receiver.url).fault is None
            assert receiver.requests[0].verified(SECRET)

    def test_a_certificate_of_another_name_is_refused(self, tls, send_tls):
        with tls("other.example", "127.0.0.1") as receiver:
            fault = send_tls(receiver.url).fault
            assert fault.startswith("certificate refused: Hostname mismatch")
            assert not receiver.requests

    def test_an_expired_certificate_is_refused(self, tls, send_tls):
        now = datetime.now(UTC)
        dates = {"not_before": now - timedelta(2), "not_after": now - timedelta(1)}
        with tls("receiver.example", **dates) as receiver:
            assert send_tls(receiver.url).fault == "certificate expired"
            assert not receiver.requests

    def test_a_certificate_of_an_unknown_authority_is_refused(self, tls, send_tls):
        with tls("receiver.example") as receiver:
            fault = send_tls(receiver.url, make_context=ssl.create_default_context).fault
            assert fault.startswith("certificate refused: ")
            assert not receiver.requests

    def test_a_receiver_without_tls_is_a_failure(self, receiver, send_tls):
        fault = send_tls(receiver.url.replace("http:", "https:")).fault
        assert fault.startswith(("TLS failed: ", "connection closed"))

    def test_a_handshake_without_an_end_costs_no_more_than_the_timeout(self, send_tls):
        with hanging() as url:
            outcome = send_tls(url.replace("http:", "https:"), timeout=SHORT)
        assert outcome.fault == "no answer within 0.5 s"


NOW = datetime(2026, 11, 28, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("120", 120.0),
        (" 0 ", 0.0),
        ("9" * 400, None),
        ("99999999999", LONGEST_RETRY_AFTER),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        ("Sat, 28 Nov 2026 18:01:30", 90.0),
        (format_datetime(NOW - timedelta(days=1), usegmt=True), 0.0),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("\u0661", None),
        ("", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(header, seconds):
    assert seconds_of(header, NOW.timestamp()) == seconds


def test_retry_after_of_an_answer_is_reported(receiver, send):
    receiver.answer = lambda _number: (503, {"Retry-After": "7"})
    outcome = send(receiver.url)
    assert outcome.retry_after == 7.0
    assert outcome.as_body() == {
        "http_status": 503,
        "duration": outcome.duration,
        "fault": "answered 503",
        "retry_after": 7.0,
        "gone": False,
    }


def test_the_time_of_an_attempt_is_signed(receiver, send):
    before = int(time.time())
    send(receiver.url)
    assert before <= int(receiver.requests[0].headers["webhook-timestamp"]) <= time.time()

# SPDX-License-Identifier: Apache-2.0
"""URLs that users name: which are valid, and which addresses may be dialed."""

import ipaddress
import socket

import pytest

from faafo.egress import Address, Receiver, addresses, check_url, receiver_of

PRIVATE = ipaddress.ip_network("10.0.0.0/8")
LOOPBACK = ipaddress.ip_network("127.0.0.0/8")

# Hosts that lead to a place that is not public, in every notation that a resolver takes.
NOTATIONS = [
    # of 127.0.0.1
    "127.0.0.1",
    "127.0.0.1.",
    "2130706433",
    "0x7f000001",
    "0x7F.0.0.0x1",
    "017700000001",
    "0177.0.0.1",
    "00000177.0.0.1",
    "127.1",
    "127.0.1",
    "127.255.255.254",
    "localhost",
    "LOCALHOST.",
    "anything.localhost",
    "１２７.０.０.１",
    "127。0。0。1",
    "127．0．0．1",
    "127｡0｡0｡1",
    "①②⑦.0.0.1",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[2002:7f00:1::]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::7f00:1]",
    # Teredo: of server 127.0.0.1, and of client 127.0.0.1
    "[2001:0:7f00:1::f7f7:f7f7]",
    "[2001:0:808:808::80ff:fffe]",
    # unspecified
    "0",
    "0.0.0.0",
    "0.1.2.3",
    "[::]",
    "[::5]",
    # link-local, among them what clouds tell their machines
    "169.254.169.254",
    "2852039166",
    "0251.0376.0251.0376",
    "0xa9.0xfe.43518",
    "[::ffff:a9fe:a9fe]",
    "[64:ff9b::169.254.169.254]",
    "[fe80::1]",
    "[fe80::1%25eth0]",
    "[fe80::1%eth0]",
    "[::1%25lo]",
    "[fd00:ec2::254]",
    "100.100.100.200",
    "192.0.0.192",
    "168.63.129.16",
    # private, shared, for documentation, for benchmarks, multicast, reserved
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "[2002:a00:1::1]",
    "[64:ff9b::10.0.0.1]",
    "[fc00::1]",
    "[fec0::1]",
    "[2001:db8::1]",
    "[3fff::1]",
    "[5f00::1]",
    "[ff02::1]",
    "[ff0e::1]",
]
PUBLIC = [
    "8.8.8.8",
    "134744072",
    "0x08080808",
    "[2606:4700:4700::1111]",
    "[::ffff:8.8.8.8]",
    "[64:ff9b::808:808]",
    "[2002:808:808::1]",
    "example.com",
    "example.com.",
    "a_b.example",
    "bücher.example",
    "localhost.example",
    "127.0.0.1.example",
]
INVALID = [
    "",
    "example.com",
    "//example.com/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "gopher://example.com/",
    "javascript:alert(1)",
    "http:example.com",
    "http:/example.com",
    "http://",
    "http:///path",
    "http://?query",
    "http://:80/",
    "http://user@example.com/",
    "http://user:secret@example.com/",
    "http://@example.com/",
    "http://example.com:secret@127.0.0.1/",
    "http://example.com\\@127.0.0.1/",
    "http:\\\\example.com",
    "http://example.com#@127.0.0.1/",
    "http://example.com/#fragment",
    "http://example.com:0/",
    "http://example.com:65536/",
    "http://example.com:99999999999/",
    "http://example.com:http/",
    "http://example.com:-1/",
    "http://example.com:８０/",
    "http://127.0.0.1:80:80/",
    "http://%31%32%37.0.0.1/",
    "http://127.0.0.1%00.example.com/",
    "http://exa mple.com/",
    " http://example.com/",
    "http://example.com/\n",
    "http://example.com/\r\nHost: other",
    "http://exam\tple.com/",
    "http://example.com/\x00",
    "http://example.com/\x7f",
    "http://example.com/\u2028",
    "http://example.com/\udc80",
    "http://example.com/ü",
    "http://a..b/",
    "http://127.0.0.1../",
    "http://-a.example/",
    f"http://{'a' * 64}.example/",
    f"http://{'a.' * 127}example/",
    "http://1.2.3.4.5/",
    "http://256.0.0.1/",
    "http://4294967296/",
    "http://08.0.0.1/",
    "http://0x1ffffffff/",
    "http://[::1/",
    "http://::1/",
    "http://[8.8.8.8]/",
    "http://[v1.a]/",
    "http://[2606:4700:4700::1111]x/",
    "http://x[2606:4700:4700::1111]/",
    f"http://example.com/{'a' * 1982}",
]


def answers(*hosts, port=443):
    return [
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (host, port, 0, 0))
        if ":" in host
        else (socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))
        for host in hosts
    ]


class Resolver:
    """Gives each of ``replies``, a list of addresses, once."""

    def __init__(self, *replies):
        self.replies = list(replies)
        self.asked = []

    def __call__(self, host, port, **_arguments):
        self.asked.append(host)
        return answers(*self.replies.pop(0), port=port)


@pytest.mark.parametrize("host", NOTATIONS)
def test_an_address_that_is_not_public_is_refused_in_every_notation(host):
    with pytest.raises(ValueError, match=r"is an? \S+ address|without a zone"):
        check_url(f"http://{host}:8080/path", [])


@pytest.mark.parametrize("host", PUBLIC)
@pytest.mark.parametrize("scheme", ["http", "HTTPS"])
def test_a_public_host_is_taken(scheme, host):
    check_url(f"{scheme}://{host}/path?a=b")


@pytest.mark.parametrize("url", INVALID)
def test_an_invalid_url_is_refused_in_one_sentence_without_its_password(url):
    with pytest.raises(ValueError, match=r"^must ") as refused:
        check_url(url)
    assert "secret" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_longest_url_is_taken():
    check_url(f"http://example.com/{'a' * 1981}")


@pytest.mark.parametrize("host", ["10.0.0.1", "[::ffff:10.0.0.1]", "[64:ff9b::a00:1]", "0xa000001"])
def test_an_address_in_an_allowed_network_is_taken(host):
    check_url(f"http://{host}/", [PRIVATE])
    with pytest.raises(ValueError, match="is a private address"):
        check_url(f"http://{host}/", [LOOPBACK, ipaddress.ip_network("fd00::/8")])


def test_localhost_is_taken_where_loopback_addresses_are_allowed():
    check_url("http://localhost:5000/", [LOOPBACK])


def test_a_refusal_names_the_address_inside_another():
    with pytest.raises(ValueError, match=r"^10\.0\.0\.1 inside 64:ff9b::a00:1 is a priv"):
        check_url("http://[64:ff9b::a00:1]/")


@pytest.mark.parametrize(
    ("url", "receiver"),
    [
        ("http://Example.COM", Receiver("http", "example.com", 80, "/")),
        (
            "https://example.com.:8443/a/b?c=d&e",
            Receiver("https", "example.com", 8443, "/a/b?c=d&e"),
        ),
        ("https://example.com?", Receiver("https", "example.com", 443, "/?")),
        ("http://[2606:4700::0:1]:81/", Receiver("http", "2606:4700::1", 81, "/")),
        ("http://bücher.example/%C3%BC", Receiver("http", "xn--bcher-kva.example", 80, "/%C3%BC")),
    ],
)
def test_a_url_leads_to_one_receiver(url, receiver):
    assert receiver_of(url) == receiver


def test_all_addresses_of_a_public_name_may_be_dialed():
    found = addresses("example.com", 443, (), Resolver(["8.8.8.8", "2606:4700:4700::1111"]))
    assert found == [
        Address(socket.AF_INET, ("8.8.8.8", 443)),
        Address(socket.AF_INET6, ("2606:4700:4700::1111", 443, 0, 0)),
    ]


@pytest.mark.parametrize(
    "inside",
    ["127.0.0.1", "10.1.2.3", "169.254.169.254", "0.0.0.0", "::1", "::ffff:10.0.0.1", "fe80::1%lo"],
)
def test_a_name_is_refused_if_any_of_its_addresses_is_not_public(inside):
    with pytest.raises(ValueError, match=r"is an? \S+ address"):
        addresses("example.com", 443, (), Resolver(["8.8.8.8", inside, "8.8.4.4"]))


def test_a_name_is_resolved_once_so_that_a_later_answer_is_never_dialed():
    resolver = Resolver(["8.8.8.8"], ["127.0.0.1"])
    found = addresses("rebind.example", 80, (), resolver)
    assert [address.sockaddr[0] for address in found] == ["8.8.8.8"]
    assert resolver.asked == ["rebind.example"]


def test_a_name_with_an_address_in_an_allowed_network_may_be_dialed():
    assert addresses("inside.example", 80, [PRIVATE], Resolver(["10.0.0.1", "8.8.8.8"]))


def test_a_name_without_an_address_cannot_be_resolved():
    with pytest.raises(OSError, match="no address"):
        addresses("example.com", 80, (), Resolver([]))


@pytest.mark.parametrize("host", ["2130706433", "127.1", "0177.0.0.1", "::ffff:127.0.0.1"])
def test_the_resolver_of_this_machine_takes_notations_that_are_refused(host):
    with pytest.raises(ValueError, match="is a loopback address"):
        addresses(host, 80)
    assert addresses(host, 80, [LOOPBACK])

# SPDX-License-Identifier: Apache-2.0
"""Requests to URLs that users name: what such a URL may be, and which addresses may be dialed.

A user must not reach through faafo what only faafo can reach. So a name is resolved once, every
address it has is checked, and the caller connects to an address that was checked, not to the name.
"""

import ipaddress
import re
import socket
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import SplitResult, urlsplit

IPAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
# What ``socket.getaddrinfo`` does.
Resolve: TypeAlias = Callable[..., Sequence[tuple[Any, ...]]]

LONGEST_URL = 2000
LONGEST_HOST = 253
PORTS = {"http": 80, "https": 443}

_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_NUMBER = re.compile(r"\d+|0[xX][0-9A-Fa-f]*")
_LOOPBACK = ipaddress.IPv4Address("127.0.0.1")
_BRACKETED = re.compile(r"\[[^\[\]]*\](?::\d*)?")
# A translator sends packets to the IPv4 address in the last 32 bits of such a one (RFC 6052).
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# Some versions of Python count these as global.
_REFUSED = {
    ipaddress.ip_network(network): kind
    for network, kind in (
        ("0.0.0.0/8", "an unspecified"),
        ("::/128", "an unspecified"),
        ("100.64.0.0/10", "a shared"),
        ("168.63.129.16/32", "a metadata"),
        ("192.0.0.0/24", "a reserved"),
        ("192.88.99.0/24", "a reserved"),
        ("64:ff9b:1::/48", "a private"),
        ("2001::/23", "a reserved"),
        ("3fff::/20", "a reserved"),
    )
}


class Receiver(NamedTuple):
    """Where a URL leads: ``host`` is in lower-case ASCII, ``target`` is the path and the query."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def url(self) -> str:
        """The URL in ASCII."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.target}"


class Address(NamedTuple):
    """An address that may be dialed, as ``socket.socket`` and its ``connect`` take it."""

    family: int
    sockaddr: tuple[Any, ...]


def check_url(url: str, allowed: Sequence[Network] = ()) -> None:
    """Check a URL that a user names; resolves nothing.

    :param allowed: networks that may be dialed although they are not public.
    :raises ValueError: when it is not valid, or its host is an address that may not be dialed;
        the sentence has no subject, and shows no more of the URL than this address.
    """
    host = receiver_of(url).host
    address = _literal(host)
    if address is not None:
        _check_address(address, allowed)


def receiver_of(url: str) -> Receiver:
    """Return where ``url`` leads.

    :raises ValueError: when it is not valid; the sentence has no subject.
    """
    if len(url) > LONGEST_URL:
        raise ValueError(f"must have at most {LONGEST_URL} characters")
    if "\\" in url or " " in url or not url.isprintable():
        raise ValueError("must not have spaces, control characters or backslashes")
    if not re.match(r"https?://", url, re.IGNORECASE):
        raise ValueError("must begin with http:// or https://")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("must have a valid host, and a port of 1 to 65535") from None
    if "@" in parts.netloc:
        raise ValueError("must not have a user name or a password")
    if port == 0:
        raise ValueError("must have a port of 1 to 65535")
    if "#" in url:
        raise ValueError("must not have a fragment")
    target = (parts.path or "/") + (f"?{parts.query}" if "?" in url else "")
    if not target.isascii():
        raise ValueError("must have a path and a query in ASCII: percent-encode other characters")
    host = _bracketed(parts) if "[" in parts.netloc else _name(parts.hostname or "")
    return Receiver(parts.scheme, host, port or PORTS[parts.scheme], target)


def addresses(
    host: str,
    port: int,
    allowed: Sequence[Network] = (),
    resolve: Resolve = socket.getaddrinfo,
) -> list[Address]:
    """Resolve ``host`` once, and return its addresses, all of which may be dialed.

    :param host: the host of a ``Receiver``.
    :raises ValueError: when it has an address that may not be dialed; the sentence names it.
    :raises OSError: when it cannot be resolved.
    """
    found = resolve(host, port, type=socket.SOCK_STREAM)
    for *_others, sockaddr in found:
        _check_address(ipaddress.ip_address(sockaddr[0]), allowed)
    if not found:
        raise socket.gaierror(socket.EAI_NONAME, "the name has no address")
    return [Address(family, sockaddr) for family, *_others, sockaddr in found]


def _bracketed(parts: SplitResult) -> str:
    """Return the IPv6 address that is the host of a URL.

    :raises ValueError: when it is none, or has a zone.
    """
    try:
        address = ipaddress.IPv6Address(parts.hostname or "")
        if address.scope_id is None and _BRACKETED.fullmatch(parts.netloc):
            return str(address)
    except ValueError:
        pass
    raise ValueError("must have a valid IPv6 address in the brackets, without a zone")


def _name(host: str) -> str:
    """Return a name or an IPv4 address in ASCII, without the dot that may end a name.

    :raises ValueError: when it is neither.
    """
    try:
        # Also turns full-width digits and dots of all scripts into those of ASCII.
        name = host.encode("idna").decode("ascii").lower().removesuffix(".")
    except UnicodeError:
        name = ""
    labels = name.split(".")
    if len(name) > LONGEST_HOST or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError("must have a host: a name or an address")
    if _NUMBER.fullmatch(labels[-1]) and _literal(name) is None:
        raise ValueError("must have a host: a name or a valid IPv4 address")
    return name


def _literal(host: str) -> IPAddress | None:
    """Return the address that a host of a ``Receiver`` is, in any notation; None if it is a name.

    A resolver takes the same notations as ``inet_aton``: octal, hexadecimal, with fewer dots.
    """
    if host == "localhost" or host.endswith(".localhost"):
        return _LOOPBACK
    if ":" in host:
        return ipaddress.IPv6Address(host)
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except OSError:
        return None


def _check_address(address: IPAddress, allowed: Sequence[Network]) -> None:
    """Check an address and those inside it.

    :raises ValueError: when one is neither public nor in ``allowed``.
    """
    for one in (address, *_embedded(address)):
        if kind := _kind(one):
            if any(one in network for network in allowed):
                continue
            inside = "" if one == address else f" inside {address}"
            raise ValueError(f"{one}{inside} is {kind} address")


def _embedded(address: IPAddress) -> list[IPAddress]:
    """Return the IPv4 addresses that packets to an IPv6 address may be sent to."""
    if isinstance(address, ipaddress.IPv4Address):
        return []
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    if address.sixtofour is not None:
        return [address.sixtofour]
    if address.teredo is not None:
        return list(address.teredo)
    if address in _NAT64:
        return [ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)]
    return []


def _kind(address: IPAddress) -> str:
    """Return why an address is not public, as an article and an adjective; "" if it is public."""
    for network, kind in _REFUSED.items():
        if address in network:
            return kind
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped or address.sixtofour or address in _NAT64:
            # The address inside decides; Python 3.14 calls all of 6to4 private.
            return ""
        if address.is_site_local:
            return "a private"
    for is_so, kind in (
        (address.is_loopback, "a loopback"),
        (address.is_link_local, "a link-local"),
        (address.is_multicast, "a multicast"),
        (address.is_reserved, "a reserved"),
        (address.is_private, "a private"),
        (not address.is_global, "a reserved"),
    ):
        if is_so:
            return kind
    return ""

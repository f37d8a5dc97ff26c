# SPDX-License-Identifier: Apache-2.0
"""Types of option values that oslo.config does not have."""

import ipaddress
import os
import re

from oslo_config import types

from faafo import urls
from faafo.fractal.kinds import KINDS, LONGEST_LABEL, MOST_LABELS, is_label

# In bytes: RabbitMQ allows 255 for the name of a queue, which begins with the topic.
LONGEST_NAME = 200
LARGEST_PORT = 65535


class Directory(types.String):
    """The path of a directory; a relative one begins at the working directory."""

    def __init__(self) -> None:
        super().__init__(type_name="directory")

    def __call__(self, value: object) -> str:
        """Return the absolute path, with ``~`` replaced.

        :raises ValueError: when it is empty, or begins with a home directory that does not exist.
        """
        path = super().__call__(value)
        if not path:
            raise ValueError("must not be empty")
        expanded = os.path.expanduser(path)
        if path.startswith("~") and expanded == path:
            raise ValueError(f"there is no home directory for {path}")
        return os.path.abspath(expanded)


class Name(types.String):
    """The name of a service, which becomes a part of the name of a queue."""

    def __init__(self) -> None:
        super().__init__(type_name="string value")

    def __call__(self, value: object) -> str:
        """Return the name.

        :raises ValueError: when it is too long for a queue, or has unprintable characters.
        """
        name = super().__call__(value)
        if len(name.encode(errors="replace")) > LONGEST_NAME:
            raise ValueError(f"must have at most {LONGEST_NAME} bytes")
        if not name.isprintable():
            raise ValueError(f"must have printable characters only, not {name!r}")
        return name


class Kinds(types.List):
    """The kinds of tasks that a worker serves, separated by commas."""

    def __init__(self) -> None:
        super().__init__(types.String(), type_name="list of kinds")

    def __call__(self, value: object) -> list[str]:
        """Return the kinds, each once.

        :raises ValueError: when there is none, or one is unknown.
        """
        names = list(dict.fromkeys(super().__call__(value)))
        unknown = [name for name in names if name not in KINDS]
        if unknown or not names:
            found = f", not {unknown[0]!r:.100}" if unknown else ""
            raise ValueError(f"must be one or more of {', '.join(KINDS)}{found}")
        return names


class Labels(types.List):
    """The labels of a worker, separated by commas."""

    def __init__(self) -> None:
        super().__init__(types.String(), type_name="list of labels")

    def __call__(self, value: object) -> list[str]:
        """Return the labels, each once.

        :raises ValueError: when one is malformed, or there are too many.
        """
        labels = list(dict.fromkeys(super().__call__(value)))
        malformed = [one for one in labels if not is_label(one)]
        if malformed:
            raise ValueError(
                f"must each be 1 to {LONGEST_LABEL} letters of ASCII, digits, dots, underscores or "
                f"hyphens, not {malformed[0]!r:.100}"
            )
        if len(labels) > MOST_LABELS:
            raise ValueError(f"must be at most {MOST_LABELS}, not {len(labels)}")
        return labels


class Network(types.ConfigType):
    """A network in CIDR notation."""

    def __init__(self) -> None:
        super().__init__(type_name="network")

    def __call__(self, value: object) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
        """Return the network; an address stands for itself.

        :raises ValueError: when it is none, or has bits beyond its prefix.
        """
        if isinstance(value, ipaddress.IPv4Network | ipaddress.IPv6Network):
            return value
        try:
            return ipaddress.ip_network(str(value))
        except ValueError as error:
            raise ValueError(f"must be networks like 10.1.0.0/16 or fd00::/64: {error}") from None

    def _formatter(self, value: object) -> str:
        return str(value)


class HttpUrl(types.String):
    """The URL of an HTTP service."""

    def __init__(self, login: bool = False) -> None:
        """Take a URL, with a user name and a password in it if ``login``."""
        super().__init__(type_name="uri value")
        self._login = login

    def __call__(self, value: object) -> str:
        """Return the URL.

        :raises ValueError: when it is not valid; shows no password.
        """
        url = super().__call__(value)
        try:
            urls.check(url, ("http", "https"), plain=True)
            if "@" in url and not self._login:
                raise ValueError("must not have a user name or a password")
        except ValueError as error:
            raise ValueError(f"{urls.masked(url)}: {error}") from None
        return url


class RedisUrl(types.String):
    """The URL of a Redis server."""

    def __init__(self) -> None:
        super().__init__(type_name="uri value")

    def __call__(self, value: object) -> str:
        """Return the URL; nothing may be given in its place.

        :raises ValueError: when it is not valid; shows no password.
        """
        url = super().__call__(value)
        if not url:
            return url
        try:
            urls.check(url, ("redis", "rediss", "unix"))
            if "," in url.partition("?")[0]:
                raise ValueError("must be the URL of one server")
        except ValueError as error:
            raise ValueError(f"{urls.masked(url)}: {error}") from None
        return url


class Address(types.String):
    """An address with a port, on which a server listens."""

    def __init__(self) -> None:
        super().__init__(type_name="host address and port")

    def __call__(self, value: object) -> str:
        """Return the address; empty: none.

        :raises ValueError: when it has no port, or one that there is not.
        """
        address = super().__call__(value).strip()
        found = re.fullmatch(r"([\w.-]+|\[[0-9A-Fa-f:.]+\]):(\d{1,5})", address, re.ASCII)
        if address and (found is None or int(found[2]) > LARGEST_PORT):
            raise ValueError(
                f"must be an address and a port from 0 to {LARGEST_PORT}, such as 127.0.0.1:9464 "
                f"or [::1]:9464, not {address!r}"
            )
        return address

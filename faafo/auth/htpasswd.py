# SPDX-License-Identifier: Apache-2.0
"""Files of user names and bcrypt hashes, as ``htpasswd -B`` of Apache writes them."""

import re
from dataclasses import dataclass

HASH = re.compile(r"\$2[abxy]?\$(\d\d)\$[./A-Za-z0-9]{53}")
# The exponent of the number of rounds: 15 take two seconds, of which a client could ask for many.
COSTS = range(4, 16)
LONGEST_NAME = 255


@dataclass(frozen=True)
class Users:
    """The hash of each user, one of those that take longest to check, and the costs of all."""

    hashes: dict[str, bytes]
    costliest: bytes | None
    costs: frozenset[int]


def parse(text: str) -> Users:
    """Return the users of a file.

    :raises ValueError: when a line is broken, or names a user again; shows no hash.
    """
    hashes: dict[str, bytes] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, _colon, encoded = line.strip().partition(":")
        if problem := _problem(name, encoded):
            raise ValueError(f"line {number}: {problem}")
        if name in hashes:
            raise ValueError(f"line {number}: user {name!r} is in the file already")
        hashes[name] = encoded.encode("ascii")
    costliest = max(hashes.values(), key=_cost, default=None)
    return Users(hashes, costliest, frozenset(map(_cost, hashes.values())))


def _cost(encoded: bytes) -> int:
    return int(encoded.split(b"$")[2])


def _problem(name: str, encoded: str) -> str | None:
    found = HASH.fullmatch(encoded)
    if not encoded or found is None:
        return "must be <user>:<bcrypt hash>, as htpasswd -B writes it"
    if int(found[1]) not in COSTS:
        return f"the cost of the hash must be from {COSTS[0]} to {COSTS[-1]}, not {found[1]}"
    if not name or not name.isprintable() or " " in name or len(name) > LONGEST_NAME:
        return f"the user name must have 1 to {LONGEST_NAME} printable characters and no space"
    return None

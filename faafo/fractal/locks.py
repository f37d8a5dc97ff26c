# SPDX-License-Identifier: Apache-2.0
"""Locks: their bounds, and the fence by which a request proves that its sender holds one."""

import re
from typing import NamedTuple, Self

from faafo import errors

NAME_PATTERN = r"^[A-Za-z0-9._-]{1,64}$"
LONGEST_HOLDER = 255
# Seconds until a lock expires.
SHORTEST_TTL = 1.0
LONGEST_TTL = 3600.0
# Of a lock that was never acquired: nobody holds one under it. The first holder gets 1.
NO_TOKEN = 0
MOST_TOKEN = 2**53
# Of a POST of fractals: it is refused unless the lock is held under the token.
HEADER = "Faafo-Lock"
# Held by the producer that generates.
GENERATOR = "generator"

_FENCE = re.compile(r"([A-Za-z0-9._-]{1,64})=([1-9][0-9]{0,15})")


class Fence(NamedTuple):
    """The name of a lock, and the token under which the sender of a request holds it."""

    name: str
    token: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the fence that the header of a request has.

        :raises faafo.errors.InvalidQuery: when it is malformed.
        """
        found = _FENCE.fullmatch(text)
        if found is None or int(found[2]) > MOST_TOKEN:
            raise errors.InvalidQuery(
                f"{HEADER}: must be the name of a lock and a token from 1 to {MOST_TOKEN}, such as "
                f"{GENERATOR}=7, not {text!r:.100}"
            )
        return cls(found[1], int(found[2]))

    def as_text(self) -> str:
        """Return it as the header has it."""
        return f"{self.name}={self.token}"

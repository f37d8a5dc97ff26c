# SPDX-License-Identifier: Apache-2.0
"""The lease: the claim on one attempt at a fractal, and the token that identifies it."""

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple, Self

from pydantic import Field

from faafo import errors

# The incarnation of the record in hexadecimal digits, a hyphen, and the attempt.
PATTERN = r"^[0-9a-f]{16}-(0|[1-9][0-9]{0,9})$"
Token = Annotated[str, Field(pattern=PATTERN)]


class Lease(NamedTuple):
    """The claim of a producer on one attempt at the fractal ``uuid``.

    ``attempt`` counts the claims of that record from 1. ``token`` is the fencing token: results,
    faults, images, renewals and cancellations name it, so that a late one does not change a later
    attempt. It never repeats, even if the fractal is deleted and its uuid posted again. A release
    before 1.0 sends none: ``token`` is None, and the attempt alone is the fencing token.
    """

    uuid: str
    attempt: int
    token: str | None = None

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Self:
        """Return the lease of a claimed record.

        :raises faafo.errors.InvalidMessage: when it has none: it comes from another process.
        """
        try:
            lease = cls(record["uuid"], record["attempt"], record.get("token"))
        except (AttributeError, LookupError, TypeError):
            raise errors.InvalidMessage(f"a record without a lease: {record!r:.200}") from None
        if not all(map(isinstance, lease, (str, int, str | None))):
            raise errors.InvalidMessage(f"a record with a malformed lease: {lease!r:.200}")
        return lease

    @property
    def incarnation(self) -> str | None:
        """The part of the token that all leases of one record share."""
        return None if self.token is None else incarnation_of(self.token)

    @property
    def is_consistent(self) -> bool:
        """Whether the token, if there is one, is of this attempt."""
        return self.incarnation is None or self.token == make_token(self.incarnation, self.attempt)

    def may_own(self, image_token: str | None) -> bool:
        """Tell whether an image stored under that token can be of the record of this lease."""
        return image_token is None or incarnation_of(image_token) == self.incarnation

    def as_body(self) -> dict[str, Any]:
        """Return the lease as requests to the API contain it."""
        return {name: value for name, value in self._asdict().items() if value is not None}


def incarnation_of(token: str) -> str:
    """Return the part of a token that all leases of one record share."""
    return token.partition("-")[0]


def make_token(incarnation: str, attempt: int) -> str:
    """Return the token of the lease on ``attempt`` at the record with that incarnation."""
    return f"{incarnation}-{attempt}"

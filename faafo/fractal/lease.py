# SPDX-License-Identifier: Apache-2.0
"""The lease: the claim on one attempt at a fractal."""

from typing import NamedTuple


class Lease(NamedTuple):
    """The claim of a producer on one attempt at the fractal ``uuid``.

    ``attempt`` counts the claims of that fractal from 1. It is the fencing token: results, faults
    and renewals name it, so that a late one does not change a later attempt.
    """

    uuid: str
    attempt: int

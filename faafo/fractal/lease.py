# SPDX-License-Identifier: Apache-2.0
"""The lease: what names one attempt at a fractal, in every layer."""

from typing import NamedTuple


class Lease(NamedTuple):
    """The claim of a producer on one attempt at the fractal ``uuid``.

    ``attempt`` counts the claims of that fractal from 1. Results, faults and renewals name it: it
    is the fencing token that keeps a late one from changing a later attempt.
    """

    uuid: str
    attempt: int

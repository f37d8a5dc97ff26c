# SPDX-License-Identifier: Apache-2.0
"""The bodies of requests: items in batches, and the digest of an image."""

import base64
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")


def content_digest(checksum: str) -> str:
    """Return the value of the header Content-Digest (RFC 9530) for a SHA-256 in hexadecimal."""
    digest = base64.b64encode(bytes.fromhex(checksum)).decode()
    return f"sha-256=:{digest}:"


def in_batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield ``items`` in lists of ``size``, the last one of what is left."""
    # itertools.batched needs Python 3.12.
    remaining = iter(items)
    while batch := list(islice(remaining, size)):
        yield batch

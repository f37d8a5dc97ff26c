# SPDX-License-Identifier: Apache-2.0
"""The headers of Standard Webhooks 1.0, by which a receiver knows who has sent a delivery."""

import base64
import hashlib
import hmac
from collections.abc import Iterable

from faafo.fractal.signing import key


def headers(uuid: str, seconds: int, body: bytes, secrets: Iterable[str]) -> dict[str, str]:
    """Return the headers that identify and sign a delivery.

    :param uuid: of the event, the same in each attempt.
    :param seconds: the time of this attempt, since 1970.
    :param secrets: one signature each, so that a receiver may know the old or the new one while a
        secret is rotated.
    :raises ValueError: when a secret is not base64; does not show it.
    """
    content = b"%s.%d.%s" % (uuid.encode(), seconds, body)
    signatures = (hmac.digest(key(secret), content, hashlib.sha256) for secret in secrets)
    return {
        "webhook-id": uuid,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(f"v1,{base64.b64encode(one).decode()}" for one in signatures),
    }

# SPDX-License-Identifier: Apache-2.0
"""The secrets of webhooks, as Standard Webhooks 1.0 writes them: ``whsec_`` and base64."""

import base64
import binascii
import secrets

PREFIX = "whsec_"
# Bytes of a secret: https://www.standardwebhooks.com asks for 24 to 64.
SHORTEST, LONGEST = 24, 64


def new_secret() -> str:
    """Return a random secret of 32 bytes."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def check_secret(text: str) -> None:
    """Check a secret that somebody has chosen.

    :raises ValueError: when it is not valid; does not show it.
    """
    if not text.startswith(PREFIX):
        raise ValueError(f"must be {PREFIX!r} and base64")
    try:
        decoded = key(text)
    except (ValueError, binascii.Error):
        raise ValueError(f"must be {PREFIX!r} and base64") from None
    if not SHORTEST <= len(decoded) <= LONGEST:
        raise ValueError(f"must have {SHORTEST} to {LONGEST} bytes in base64, not {len(decoded)}")


def key(secret: str) -> bytes:
    """Return the bytes of a secret, with which signatures are computed.

    :raises ValueError: when it is not base64.
    """
    return base64.b64decode(secret.removeprefix(PREFIX), validate=True)

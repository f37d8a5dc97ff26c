# SPDX-License-Identifier: Apache-2.0
"""Names of files in an image store: ``<uuid>.png``, and ``.<owner>.….part`` while partial."""

import uuid as uuidlib
from urllib.parse import quote

from faafo.store.base import IMAGE

PARTIAL = ".part"


def image_name(uuid: str) -> str:
    """Return the name of an image."""
    return f"{uuid}{IMAGE}"


def uuid_of(name: str) -> str | None:
    """Return the uuid of the image with that name; None for any other file."""
    stem = name.removesuffix(IMAGE)
    try:
        return stem if stem != name and str(uuidlib.UUID(stem)) == stem else None
    except ValueError:
        return None


def partial_prefix(owner: str) -> str:
    """Return the prefix of the names of the partial files of ``owner``."""
    return f".{quote(owner, safe='')}."


def is_partial(name: str, prefix: str = ".") -> bool:
    """Tell whether a file is partial, and its name begins with ``prefix``."""
    return name.startswith(prefix) and name.endswith(PARTIAL)

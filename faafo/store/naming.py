# SPDX-License-Identifier: Apache-2.0
"""How files in an image store are named: ``<uuid>.png``, and ``.<owner>.….part`` until whole."""

import uuid as uuidlib
from urllib.parse import quote

from faafo.store.base import IMAGE

PARTIAL = ".part"


def image_name(uuid: str) -> str:
    """Return the name of an image."""
    return f"{uuid}{IMAGE}"


def uuid_of(name: str) -> str | None:
    """Return whose image has that name; None when it is no image of ours."""
    stem = name.removesuffix(IMAGE)
    try:
        return stem if stem != name and str(uuidlib.UUID(stem)) == stem else None
    except ValueError:
        return None


def partial_prefix(owner: str) -> str:
    """Return what the name of everything begins with that ``owner`` has not finished."""
    return f".{quote(owner, safe='')}."


def is_partial(name: str, prefix: str = ".") -> bool:
    """Tell whether somebody, or the owner that ``prefix`` is of, has not finished that."""
    return name.startswith(prefix) and name.endswith(PARTIAL)

# SPDX-License-Identifier: Apache-2.0
"""Names of files in an image store.

``<uuid>-<token>.png`` is the image that was rendered on a lease, ``<uuid>.png`` one that is
published or was stored without a token, ``.<owner>.….part`` a partial file. Segments of posters
end with ``.segment``, films with ``.webp`` or ``.webm``.
"""

import re
import uuid as uuidlib
from urllib.parse import quote

from faafo.fractal.lease import PATTERN
from faafo.fractal.media import IMAGE

PARTIAL = ".part"
UUID_LENGTH = 36


def image_name(uuid: str, token: str | None = None, suffix: str = IMAGE.suffix) -> str:
    """Return the name of an image, or of what has another suffix."""
    return f"{uuid}{suffix}" if token is None else f"{uuid}-{token}{suffix}"


def parse_image_name(name: str, suffix: str = IMAGE.suffix) -> tuple[str, str | None] | None:
    """Return uuid and token of the image with that name; None for any other file."""
    stem = name.removesuffix(suffix)
    uuid, token = stem[:UUID_LENGTH], stem[UUID_LENGTH + 1 :]
    try:
        valid = str(uuidlib.UUID(uuid)) == uuid and (not token or re.match(PATTERN, token))
    except ValueError:
        return None
    image = uuid, token or None
    return image if valid and image_name(*image, suffix) == name else None


def partial_prefix(owner: str) -> str:
    """Return the prefix of the names of the partial files of ``owner``."""
    return f".{quote(owner, safe='')}."


def is_partial(name: str, prefix: str = ".") -> bool:
    """Tell whether a file is partial, and its name begins with ``prefix``."""
    return name.startswith(prefix) and name.endswith(PARTIAL)

# SPDX-License-Identifier: Apache-2.0
"""The parameters of a fractal inside its PNG file, in a text chunk."""

import io
import json
import struct
import zlib
from typing import Any

from PIL import PngImagePlugin
from pydantic import ValidationError

from faafo import errors
from faafo.fractal.drawing import without_defaults
from faafo.fractal.png import SIGNATURE
from faafo.fractal.task import PARAMETERS, FractalTask, describe

KEYWORD = "faafo"
# The signature, and IHDR, which comes first: length, type, 13 bytes, checksum.
BEFORE_TEXT = len(SIGNATURE) + 4 + 4 + 13 + 4
# Pillow raises these for files that are broken or not PNG.
BROKEN = (OSError, SyntaxError, ValueError)


def embed(png: bytes, task: FractalTask) -> bytes:
    """Return ``png`` with the parameters of ``task`` added; all other bytes stay the same.

    They are in ``text_chunk`` at BEFORE_TEXT, right after IHDR.
    """
    return png[:BEFORE_TEXT] + text_chunk(task) + png[BEFORE_TEXT:]


def text_chunk(task: FractalTask) -> bytes:
    """Return the parameters of ``task`` as JSON in a tEXt chunk (PNG, 3rd edition, 11.3.3.2)."""
    values = without_defaults(task.model_dump(include=set(PARAMETERS)))
    text = json.dumps({"uuid": task.uuid, **values})
    return _chunk(b"tEXt", KEYWORD.encode("latin-1") + b"\0" + text.encode("latin-1"))


def extract(png: bytes) -> FractalTask:
    """Return the fractal whose parameters are in ``png``.

    :raises faafo.errors.InvalidTask: when it is no PNG file, or its parameters are missing or not
        valid.
    """
    try:
        with PngImagePlugin.PngImageFile(io.BytesIO(png)) as image:
            text = image.info.get(KEYWORD)
    except BROKEN as error:
        raise errors.InvalidTask(f"this is no PNG file: {error}") from None
    if not isinstance(text, str):
        raise errors.InvalidTask(
            "there are no parameters in this file: the download on the page of a fractal has "
            "them, its plain image does not"
        )
    return _parse(text)


def _parse(text: str) -> FractalTask:
    try:
        fields: Any = json.loads(text)
        return FractalTask.model_validate(fields)
    except ValidationError as error:
        raise errors.InvalidTask(f"the parameters in this file: {describe(error)}") from None
    except RecursionError:
        raise errors.InvalidTask("the parameters in this file are nested too deeply") from None
    except ValueError as error:
        raise errors.InvalidTask(f"the parameters in this file are no JSON: {error}") from None


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

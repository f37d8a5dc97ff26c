# SPDX-License-Identifier: Apache-2.0
"""``python -m benchmarks.sheets``: the contact sheet and the palettes, for the user guide."""

import io
import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from benchmarks.pictures import tasteful_tasks
from faafo.fractal import palette as palettes
from faafo.fractal.palette import DEFAULT, NAMES
from faafo.render.image import render

PICTURES, SEED = 30, 2026
# In pixels. Pictures in a row are equally high, so that each row has the same width.
WIDTH, GAP, IN_A_ROW = 1440, 6, 5
BACKGROUND = (255, 255, 255)
LARGEST = 600_000
QUALITIES = range(88, 30, -4)
SWATCH_WIDTH, SWATCH_HEIGHT, LABEL = 560, 26, 100


def main() -> None:
    """Write ``contact-sheet.jpg`` and ``palettes.png`` into the directory that is named."""
    directory = Path(sys.argv[1])
    (directory / "contact-sheet.jpg").write_bytes(contact_sheet())
    swatches().save(directory / "palettes.png", optimize=True)


def contact_sheet() -> bytes:
    """Return thirty pictures of the generator that follow each other, as JPEG."""
    tasks = tasteful_tasks(PICTURES, SEED)
    rows = [
        _row([render(task).convert("RGB") for task in tasks[first : first + IN_A_ROW]])
        for first in range(0, PICTURES, IN_A_ROW)
    ]
    height = sum(row.height + GAP for row in rows) - GAP
    sheet = Image.new("RGB", (WIDTH, height), BACKGROUND)
    y = 0
    for row in rows:
        sheet.paste(row, (0, y))
        y += row.height + GAP
    return _as_jpeg(sheet)


def _row(images: list[Image.Image]) -> Image.Image:
    """Return the images side by side, WIDTH wide in all."""
    free = WIDTH - GAP * (len(images) - 1)
    height = round(free / sum(image.width / image.height for image in images))
    row = Image.new("RGB", (WIDTH, height), BACKGROUND)
    x = 0.0
    for image in images:
        width = free * image.width / image.height / sum(one.width / one.height for one in images)
        size = (round(x + width) - round(x), height)
        row.paste(image.resize(size, Image.Resampling.LANCZOS), (round(x), 0))
        x += width + GAP
    return row


def _as_jpeg(image: Image.Image) -> bytes:
    """Return ``image`` in the best quality that has at most LARGEST bytes."""
    for quality in QUALITIES:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=quality, optimize=True, progressive=True)
        if buffer.tell() <= LARGEST:
            return buffer.getvalue()
    raise ValueError(f"the sheet has more than {LARGEST} bytes in any quality")


def swatches() -> Image.Image:
    """Return a bar of one cycle of each palette, with its name."""
    sheet = Image.new("RGB", (LABEL + SWATCH_WIDTH, SWATCH_HEIGHT * len(NAMES)), BACKGROUND)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(14)
    for number, name in enumerate(NAMES):
        y = number * SWATCH_HEIGHT
        draw.text((0, y + 4), name, fill=(0, 0, 0), font=font)
        colours = palettes.colours(name)[name != DEFAULT :]
        for x in range(SWATCH_WIDTH):
            colour = colours[x * len(colours) // SWATCH_WIDTH]
            draw.line([(LABEL + x, y), (LABEL + x, y + SWATCH_HEIGHT - 4)], fill=colour)
    return sheet


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""Pictures of the release before there were formulas, smooth colours and samples: the same bytes.

``python -m tests.unit.render.test_stored`` printed ``stored.txt`` with that release.
"""

import hashlib
import random
import uuid
from pathlib import Path

from PIL import __version__ as pillow
from PIL import features

from faafo.fractal.task import FractalTask
from faafo.render.image import encode, render

STORED = Path(__file__).with_name("stored.txt")
EXAMPLES = 208
PALETTES = ("original", "cubehelix", "ember", "lagoon", "dawn", "grey", "tides", "spectrum")
# PNG files are as a version of Pillow and its zlib write them; the pixels depend on none.
WRITER = f"Pillow {pillow}, zlib {features.version('zlib')}"


def examples():
    """Return small tasks of all kinds; every fourth gets its c by its uuid."""
    rng = random.Random(19)
    return [_example(rng, number) for number in range(EXAMPLES)]


def _example(rng, number):
    half = rng.choice([0.05, 0.7, 1.5, 2.2, 4.0])
    x, y = rng.uniform(-0.5, 0.5), rng.uniform(-0.5, 0.5)
    constant = {"cx": round(rng.uniform(-1.6, 0.5), 4), "cy": round(rng.uniform(-1.0, 1.0), 4)}
    return FractalTask(
        uuid=str(uuid.UUID(int=rng.getrandbits(128), version=4)),
        width=rng.randint(1, 40),
        height=rng.randint(1, 30),
        iterations=rng.choice([1, 2, 7, 8, 30, 100, 256, 395, 1000]),
        xa=round(x - half, 4),
        xb=round(x + half, 4),
        ya=round(y - half * 0.8, 4),
        yb=round(y + half * 0.8, 4),
        palette=PALETTES[number % len(PALETTES)],
        **(constant if number % 4 else {}),
    )


def checksums(task):
    """Return the checksums of the indexes and the palette, and of the PNG file."""
    image = render(task)
    content = image.tobytes() + bytes(image.getpalette())
    return " ".join(hashlib.sha256(data).hexdigest()[:16] for data in (content, encode(image)))


def test_208_stored_pictures_have_the_checksums_of_the_release_before():
    writer, *stored = STORED.read_text().splitlines()
    drawn = [checksums(task) for task in examples()]
    if writer != WRITER:
        stored, drawn = ([line.split()[0] for line in lines] for lines in (stored, drawn))
    assert drawn == stored


if __name__ == "__main__":
    print(WRITER, *map(checksums, examples()), sep="\n")

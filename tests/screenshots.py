# SPDX-License-Identifier: Apache-2.0
"""The screenshots of the user guide: ``make screenshots`` takes them from a real site."""

import io
import random
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from faafo.fractal import palette
from faafo.fractal.taste import tasteful_task
from tests.functional.cluster import Cluster
from tests.functional.exhibition import Exhibition, open_exhibition
from tests.functional.servers import RabbitMQ
from tests.functional.test_gallery import CHROMIUM_ARGUMENTS

DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
# name: address, viewport, colour scheme
SHOTS = {
    "gallery": ("/", DESK, "dark"),
    "gallery-light": ("/", DESK, "light"),
    "gallery-phone": ("/", PHONE, "dark"),
    "form": ("/new?cx=-0.7269&cy=0.1889&palette=ember&colouring=smooth&samples=2", DESK, "light"),
    "fractal": ("/fractal/{complete}", DESK, "dark"),
    "explorer": ("/explore", DESK, "dark"),
    "explorer-phone": ("/explore", PHONE, "light"),
}
PICTURES = 24
# Any one: pictures are not selected.
SEED = 1
COLOURS = 256


def main(directory: Path) -> int:
    """Write one PNG for each of ``SHOTS`` to ``directory``."""
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary, RabbitMQ() as rabbitmq:
        database, url = f"sqlite:///{temporary}/faafo.sqlite", f"{rabbitmq.url}/"
        with Cluster(Path(temporary), database, url) as cluster:
            site = open_exhibition(cluster, url, width=1280, pictures=PICTURES, make=_tasteful)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=shutil.which("chromium"), args=CHROMIUM_ARGUMENTS
                )
                for name in SHOTS:
                    _take(browser, site, name, directory)
                browser.close()
    return 0


def _tasteful(number: int, _width: int) -> dict[str, Any]:
    """Return what a generator with taste makes, which has sizes of its own."""
    name = palette.NAMES[1 + (number + 3) % (len(palette.NAMES) - 1)]
    return tasteful_task(random.Random(SEED + number), name).model_dump(exclude={"uuid"})


def _take(browser: Browser, site: Exhibition, name: str, directory: Path) -> None:
    address, viewport, scheme = SHOTS[name]
    context = browser.new_context(
        viewport=viewport, color_scheme=scheme, reduced_motion="reduce", device_scale_factor=1
    )
    page: Page = context.new_page()
    newest = {status: uuids[-1] for status, uuids in site.uuids.items()}
    page.goto(site.url + address.format(**newest))
    page.wait_for_load_state("networkidle")
    with Image.open(io.BytesIO(page.screenshot())) as shot:
        # A third of the bytes, and hardly a difference.
        shot.convert("RGB").quantize(COLOURS).save(directory / f"{name}.png", optimize=True)
    context.close()
    print(f"{name}.png")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

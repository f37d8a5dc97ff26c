# SPDX-License-Identifier: Apache-2.0
"""The screenshots of the user guide: ``make screenshots`` takes them from a real site."""

import io
import random
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import requests
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from faafo.fractal import palette
from faafo.fractal.taste import tasteful_task
from tests.functional.cluster import Cluster
from tests.functional.exhibition import open_exhibition
from tests.functional.processes import wait_until
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
# Of what is rendered when the others have been taken.
LATE_SHOTS = {
    "film": ("/fractal/{film}", DESK, "dark"),
    "viewer": ("/fractal/{poster}", DESK, "dark"),
}
STYLE = {"iterations": 400, "palette": "lapis", "colouring": "smooth", "xa": -1.6, "xb": 1.6}
FILM = {
    **STYLE,
    **{"width": 1280, "height": 720, "ya": -0.9, "yb": 0.9},
    "path": {"type": "circle", "centre": [-0.84, 0.15], "radius": 0.05},
    **{"frames": 24, "fps": 24},
}
POSTER = {
    **STYLE,
    **{"width": 8192, "height": 6144, "ya": -1.2, "yb": 1.2},
    **{"cx": -0.7269, "cy": 0.1889},
}
# Whether there are tiles, and all have come.
ALL_TILES = """() => {
  const tiles = [...document.querySelectorAll(".leaflet-tile")];
  return tiles.length && tiles.every((one) => one.classList.contains("leaflet-tile-loaded"));
}"""
PICTURES = 24
# Any one: pictures are not selected.
SEED = 1
COLOURS = 256


def main(directory: Path) -> int:
    """Write one PNG for each of ``SHOTS`` and ``LATE_SHOTS`` to ``directory``."""
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary, RabbitMQ() as rabbitmq:
        database, url = f"sqlite:///{temporary}/faafo.sqlite", f"{rabbitmq.url}/"
        with Cluster(Path(temporary), database, url) as cluster:
            site = open_exhibition(cluster, url, width=1280, pictures=PICTURES, make=_tasteful)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=shutil.which("chromium"), args=CHROMIUM_ARGUMENTS
                )
                newest = {status: uuids[-1] for status, uuids in site.uuids.items()}
                for name, (address, *how) in SHOTS.items():
                    _take(browser, site.url + address.format(**newest), *how, directory / name)
                late = _render_late(cluster)
                for name, (address, *how) in LATE_SHOTS.items():
                    _take(browser, site.url + address.format(**late), *how, directory / name)
                browser.close()
    return 0


def _tasteful(number: int, _width: int) -> dict[str, Any]:
    """Return what a generator with taste makes, which has sizes of its own."""
    name = palette.NAMES[1 + (number + 3) % (len(palette.NAMES) - 1)]
    return tasteful_task(random.Random(SEED + number), name).model_dump(exclude={"uuid"})


def _render_late(cluster: Cluster) -> dict[str, str]:
    """Have a film and a poster rendered; return their uuids."""
    cluster.start_producer(patient=True)
    made = {}
    for name, path, body in (("film", "film", FILM), ("poster", "fractal", POSTER)):
        answer = requests.post(f"{cluster.url}/api/{path}", json=body, timeout=60)
        uuid = made[name] = answer.json()["uuid"]
        wait_until(lambda uuid=uuid: cluster.client.get(uuid)["status"] == "complete", name, 900)
    return made


def _take(browser: Browser, url: str, viewport: Any, scheme: Any, file: Path) -> None:
    context = browser.new_context(
        viewport=viewport, color_scheme=scheme, reduced_motion="reduce", device_scale_factor=1
    )
    page: Page = context.new_page()
    page.goto(url)
    page.wait_for_load_state("networkidle")
    if file.name == "viewer":
        page.get_by_role("application").press("+")
        page.wait_for_function(ALL_TILES)
    with Image.open(io.BytesIO(page.screenshot())) as shot:
        # A third of the bytes, and hardly a difference.
        shot.convert("RGB").quantize(COLOURS).save(file.with_suffix(".png"), optimize=True)
    context.close()
    print(f"{file.name}.png")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

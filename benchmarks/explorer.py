# SPDX-License-Identifier: Apache-2.0
"""The explorer in Chromium without a GPU: frames while c is dragged, and how soon things show."""

import math
import shutil
import statistics
import time
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.report import Report
from benchmarks.tile_site import tile_site
from faafo.fractal.constants import CONSTANTS
from tests.functional.test_gallery import CHROMIUM_ARGUMENTS

VIEWPORT = {"width": 1280, "height": 800}
ZOOMS = (1, 3)
DRAG_SECONDS = 5.0
ROUNDS = 5
LEAST_FRAMES, LEAST_OPACITY = 25.0, 0.95
MOST_SHARP, MOST_PALETTE, MOST_BACK = 600.0, 150.0, 200.0
LEAST_DENSITY = 2.0
HOW = (
    f"A window of {VIEWPORT['width']} x {VIEWPORT['height']} pixels, an API and a worker with two "
    f"slots on the same machine. c is dragged for {DRAG_SECONDS:.0f} s along a circle by moves of "
    "a pointer, each sent when the one before is processed; frames count that show another "
    "picture. Opacity is that of the middle, frame by frame. A picture is sharp when all of its "
    "tiles are complete and the preview is gone. Times are medians, from the event in the page to "
    "the frame after which all is painted; Back is that to the second of three places."
)
# In each frame: the number of the preview's picture, and the opacity in the middle.
WATCH = """() => {
  const preview = document.querySelector(".preview");
  window.pictures = new Set();
  window.opacity = 1;
  const look = () => {
    const box = document.getElementById("plane").getBoundingClientRect();
    const [x, y] = [box.x + box.width / 2 + 1, box.y + box.height / 2 + 1];
    let transparency = preview.hidden ? 1 : 1 - Number(getComputedStyle(preview).opacity);
    for (const tile of document.querySelectorAll(".plane .leaflet-tile-loaded")) {
      const { left, right, top, bottom } = tile.getBoundingClientRect();
      if (left > x || x >= right || top > y || y >= bottom) continue;
      transparency *= 1 - Number(getComputedStyle(tile).opacity);
    }
    window.pictures.add(preview.dataset.frames);
    window.opacity = Math.min(window.opacity, 1 - transparency);
    window.watching = requestAnimationFrame(look);
  };
  look();
}"""
# Resolves to the milliseconds from the next event of a type until what is asked for is painted.
MEASURE = """([type, isDone]) => {
  const preview = document.querySelector(".preview");
  const tiles = () => [...document.querySelectorAll(".plane .leaflet-tile")];
  const isSharp = () => preview.hidden
    && document.querySelectorAll(".plane .leaflet-layer").length === 1
    && tiles().every((tile) => tile.classList.contains("leaflet-tile-loaded"));
  const pixelOf = (tile) => tile.getContext("2d").getImageData(128, 128, 1, 1).data.join();
  const pixels = () => tiles().map(pixelOf).join();
  const before = pixels();
  const checks = { sharp: isSharp, painted: () => pixels() !== before };
  window.measured = new Promise((resolve) => {
    const calledAt = performance.now();
    if (type === "popstate") history.back();
    addEventListener(type, ({ timeStamp }) => {
      const startedAt = type === "popstate" ? calledAt : timeStamp;
      const look = () => {
        if (!checks[isDone]()) requestAnimationFrame(look);
        else requestAnimationFrame(() => resolve(performance.now() - startedAt));
      };
      setTimeout(look);
    }, { capture: true, once: true });
  });
}"""
SHARP = """() => {
  const tiles = [...document.querySelectorAll(".plane .leaflet-tile")];
  return document.querySelector(".preview").hidden && tiles.length > 0
    && tiles.every((tile) => tile.classList.contains("leaflet-tile-loaded"));
}"""


def run(report: Report) -> None:
    """Measure all of it, with a broker, an API and a worker of their own."""
    report.section("The explorer", HOW)
    chromium = shutil.which("chromium")
    if chromium is None:
        report.text("There is no chromium: not measured.")
        return
    with tile_site() as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
        _measure(report, browser, site.url)
        browser.close()


def _measure(report: Report, browser: Browser, url: str) -> None:
    page = browser.new_page(viewport=VIEWPORT)  # type: ignore[arg-type]
    for zoom in ZOOMS:
        report.progress(f"explorer: dragging c at zoom {zoom}")
        frames, opacity, tiles, sharp = _drag(page, f"{url}/explore?zoom={zoom}")
        report.at_least(f"different frames a second, zoom {zoom}", LEAST_FRAMES, frames, "/s")
        report.at_least(f"opacity while c moves, zoom {zoom}", LEAST_OPACITY, opacity)
        report.at_most(f"tiles requested while c moves, zoom {zoom}", 0, tiles)
        report.at_most(f"sharp after the release, zoom {zoom}", MOST_SHARP, sharp, "ms")
    report.progress("explorer: palettes and Back")
    report.at_most("change of the palette", MOST_PALETTE, _palette(page), "ms")
    report.at_most("Back to the second of three places", MOST_BACK, _back(page, url), "ms")
    page.close()
    dense = browser.new_page(viewport=VIEWPORT, device_scale_factor=2)  # type: ignore[arg-type]
    dense.goto(f"{url}/explore")
    dense.wait_for_function(SHARP)
    density = dense.evaluate(
        "() => { const tile = document.querySelector('.plane .leaflet-tile');"
        " return tile.width / tile.getBoundingClientRect().width; }"
    )
    report.at_least("pixels of a tile a CSS pixel, screen with 2", LEAST_DENSITY, density)
    dense.close()


def _drag(page: Page, address: str) -> tuple[float, float, int, float]:
    """Return frames a second, least opacity, requested tiles, and milliseconds until sharp."""
    page.goto(address)
    page.wait_for_function(SHARP)
    box = page.locator("#mandelbrot").bounding_box()
    assert box is not None
    middle = (box["x"] + box["width"] * 0.46, box["y"] + box["height"] / 2)
    requested: list[str] = []
    page.on("request", lambda one: "/tile/" in one.url and requested.append(one.url))
    sharp = []
    frames, opacity, tiles = 0.0, 1.0, 0
    for turn in range(ROUNDS):
        page.mouse.move(middle[0] + 60, middle[1])
        page.mouse.down()
        requested.clear()
        page.evaluate(WATCH)
        begun_at = time.monotonic()
        # The first round is that of the frames, the others are short.
        seconds = DRAG_SECONDS if turn == 0 else 0.5
        while (way := time.monotonic() - begun_at) < seconds:
            page.mouse.move(middle[0] + 60 * math.cos(way), middle[1] + 60 * math.sin(way))
        if turn == 0:
            frames = (page.evaluate("window.pictures.size") - 1) / (time.monotonic() - begun_at)
        tiles += len(requested)
        page.evaluate(MEASURE, ["pointerup", "sharp"])
        page.mouse.up()
        sharp.append(page.evaluate("window.measured"))
        opacity = min(opacity, page.evaluate("window.opacity"))
        page.evaluate("cancelAnimationFrame(window.watching)")
    return frames, opacity, tiles, statistics.median(sharp)


def _palette(page: Page) -> float:
    """Return the milliseconds until the tiles have the colours of another palette."""
    taken: list[float] = []
    for _ in range(ROUNDS):
        page.wait_for_function(SHARP)
        page.evaluate(MEASURE, ["keydown", "painted"])
        page.keyboard.press("n")
        taken.append(page.evaluate("window.measured"))
    return statistics.median(taken)


def _back(page: Page, url: str) -> float:
    """Return the milliseconds until the second of three places is sharp again."""
    page.goto(f"{url}/explore")
    page.wait_for_function(SHARP)
    taken: list[float] = []
    for _ in range(ROUNDS):
        for one in CONSTANTS[:3]:
            page.get_by_role("link", name=one.name).click()
            page.wait_for_function(SHARP)
        page.evaluate(MEASURE, ["popstate", "sharp"])
        taken.append(page.evaluate("window.measured"))
        _check_c(page, CONSTANTS[1].cx)
    return statistics.median(taken)


def _check_c(page: Page, expected: float) -> None:
    shown: Any = page.get_by_label("Real part").input_value()
    if float(shown) != expected:
        raise RuntimeError(f"Back shows c = {shown}, not {expected}")

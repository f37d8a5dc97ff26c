// SPDX-License-Identifier: Apache-2.0
// The viewer of a large picture: a Leaflet map of its pixels. A small copy shows all of it; where that is
// not sharp, tiles are above it, which workers render on request.

import { TileSource, bodyOf } from "../explore/source.js";
import { WheelZoom } from "../explore/wheel.js";
import { Squares } from "./squares.js";

const { L } = window;
// Zooms beyond the pixels of the picture, which are then squares.
const BEYOND = 3;
// Leaflet has tiles at 200, and puts pictures above them.
const BELOW_TILES = 100;
const CRS = L.extend({}, L.CRS.Simple, { transformation: new L.Transformation(1, 0, 1, 0) });

const viewer = document.getElementById("viewer");
const still = document.querySelector(".picture");
const [width, height, zoom] = ["width", "height", "zoom"].map((name) => Number(viewer.dataset[name]));
// The map counts in pixels of zoom 0.
const bounds = L.latLngBounds([0, 0], [height / 2 ** zoom, width / 2 ** zoom]);
const place = viewer.querySelector("[data-place]");
const problem = viewer.querySelector("[data-problem]");

viewer.hidden = false;
const map = mapOf(viewer.querySelector(".plane"));
start();

function mapOf(element) {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const made = L.map(element, {
    crs: CRS,
    maxZoom: zoom + BEYOND,
    maxBounds: bounds,
    maxBoundsViscosity: 1,
    attributionControl: false,
    zoomAnimation: !calm,
    inertia: !calm,
    fadeAnimation: false,
    scrollWheelZoom: false,
  });
  // Before one looks closer the wheel and one finger scroll the page.
  element.addEventListener("wheel", (event) => isWhole() && !event.ctrlKey && event.stopImmediatePropagation());
  new WheelZoom(made);
  return made;
}

async function start() {
  const image = still.querySelector("img");
  await image.decode().catch(() => {});
  still.hidden = true;
  fit();
  map.fitBounds(bounds, { animate: false });
  map.createPane("copy").style.zIndex = BELOW_TILES;
  L.imageOverlay(image.src, bounds, { pane: "copy" }).addTo(map);
  tilesAbove(image).addTo(map);
  map.on("zoomend", show);
  new ResizeObserver(resize).observe(map.getContainer());
  viewer.querySelector("[data-zoom=fit]").addEventListener("click", () => map.fitBounds(bounds));
  viewer.querySelector("[data-zoom=pixels]").addEventListener("click", () => map.setZoom(pixelZoom()));
  show();
}

// Tiles in place of the small copy from the zoom on at which that has fewer pixels than the screen.
function tilesAbove({ naturalWidth }) {
  const { tile, checksum } = viewer.dataset;
  const source = new TileSource(tile, {
    read: (response) => bodyOf(response, "image/png"),
    again: "load the page again",
  });
  source.addEventListener("unavailable", ({ detail }) => tell(`No tiles at the moment: ${detail}. Trying again …`));
  source.addEventListener("available", () => tell(""));
  const addressOf = ({ z, x, y }) => `${tile}/${z}/${x}/${y}.png?checksum=${checksum}`;
  const sharp = zoom + Math.log2(naturalWidth / (width * devicePixelRatio));
  const minZoom = Math.max(0, Math.floor(sharp) + 1);
  const layer = new Squares(source, addressOf, { zoom, isDense: devicePixelRatio > 1, bounds, minZoom });
  layer.on("tileerror", ({ error }) => error.name !== "AbortError" && tell(error.message));
  return layer;
}

// The whole picture is in view at the smallest zoom, which need not be an integer.
function fit() {
  const { x, y } = map.getSize();
  const scale = Math.min(x / width, y / height);
  map.setMinZoom(Math.min(zoom, zoom + Math.log2(scale)));
}

function resize() {
  const wasWhole = isWhole();
  map.invalidateSize({ animate: false });
  fit();
  if (wasWhole) map.fitBounds(bounds, { animate: false });
  show();
}

function isWhole() {
  return map.getZoom() <= map.getMinZoom();
}

// At which a pixel of the picture is one of the screen, as nearly as whole zooms allow.
function pixelZoom() {
  return zoom - Math.round(Math.log2(devicePixelRatio));
}

function show() {
  const scale = 100 * 2 ** (map.getZoom() - zoom) * devicePixelRatio;
  const percent = scale < 10 ? scale.toPrecision(2) : Math.round(scale);
  place.textContent = isWhole() ? "The whole picture" : `At ${percent} % of its size`;
  viewer.classList.toggle("pixels", map.getZoom() > zoom);
  map.dragging[isWhole() ? "disable" : "enable"]();
}

function tell(message) {
  problem.textContent = message;
}

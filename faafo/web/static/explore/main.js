// SPDX-License-Identifier: Apache-2.0
// The explorer: connects the plane, the map of c, the form and the URL.

import { ConstantMap } from "./mandelbrot.js";
import { Plane } from "./plane.js";
import { Rendering } from "./render.js";
import { TileSource } from "./source.js";
import { Trail } from "./trail.js";
import { addressOf, viewAt, viewOf, writeTo, zoomFitting } from "./view.js";

// A change of these needs other tiles; a change of the rest only moves the plane.
const OF_TILES = ["cx", "cy", "iterations", "palette"];

const byId = (id) => document.getElementById(id);
const { maxZoom, maxScale, maxIterations, tile, post, page, width, height } = byId("explorer").dataset;
const limits = {
  maxZoom: Number(maxZoom),
  maxScale: Number(maxScale),
  maxIterations: Number(maxIterations),
};
const form = byId("view");
for (const id of ["plane", "chooser", "render"]) byId(id).hidden = false;

let view = viewOf(form);
const trail = new Trail(comeBack);
const source = new TileSource();
const plane = new Plane(byId("plane"), source, {
  base: tile,
  limits,
  backgroundOf: (palette) =>
    [...form.elements.palette.options].find((option) => option.value === palette)?.dataset.far,
  onMove: (place) => change(place),
  onError: (message) => showProblem(message),
});
const map = new ConstantMap(byId("mandelbrot"), byId("marker"), {
  onChoose: (c, isMoving) => change(c, isMoving),
  onRest: () => plane.rest(),
});
new Rendering(byId("render"), byId("rendered"), {
  post,
  page,
  current: () => ({ view, size: plane.size }),
});

// All changes of the view go through here, so that the URL always has the whole view.
function change(part, isMoving = false) {
  const before = view;
  view = { ...view, ...part };
  writeTo(form, view);
  map.show(view);
  trail.record(addressOf(view));
  showPlace();
  if (OF_TILES.some((name) => view[name] !== before[name])) show(isMoving);
}

// After Back or Forward.
function comeBack() {
  const entry = viewAt(location.search);
  // An entry of a link to a part of the page has the same view.
  if (!entry || addressOf(entry) === addressOf(view)) return;
  change(entry);
  plane.goTo(entry);
}

function show(isMoving = false) {
  showProblem("");
  plane.show(view, isMoving);
}

function showPlace() {
  const end = view.zoom >= limits.maxZoom ? ": the limit of double precision" : "";
  byId("place").textContent = `Zoom ${view.zoom} of ${maxZoom}${end}`;
}

function showProblem(message) {
  byId("problem").textContent = message;
}

function showWorkers() {
  const { workers, duration } = source;
  if (duration === undefined) return;
  const who = workers === 1 ? "1 worker serves" : `${workers} workers serve`;
  byId("workers").textContent = `${who} this page; a tile takes ${Math.round(duration)} ms`;
}

source.addEventListener("tile", showWorkers);
source.addEventListener("unavailable", ({ detail }) => {
  showProblem(`No tiles at the moment: ${detail}. Trying again …`);
});
source.addEventListener("available", () => {
  showProblem("");
  for (const image of document.querySelectorAll(".explorer-constants img")) {
    // Reload thumbnails that failed while no worker answered.
    if (image.complete && !image.naturalWidth) image.src = image.getAttribute("src");
  }
});

form.addEventListener("change", () => {
  if (form.reportValidity()) change(viewOf(form));
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  change(viewOf(form));
  // Also when nothing has changed: tiles that were refused are requested again.
  if (byId("problem").textContent) show();
});
document.querySelector(".explorer-constants").addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const { cx, cy } = link.dataset;
  const whole = { cx: Number(cx), cy: Number(cy), re: 0, im: 0, zoom: 1 };
  change(whole);
  plane.goTo(whole);
});

if (width) {
  const part = { width: Number(width), height: Number(height) };
  view.zoom = zoomFitting(part, plane.size, limits.maxZoom);
}
map.show(view);
plane.goTo(view);
show();
showPlace();

// SPDX-License-Identifier: Apache-2.0
// The explorer: connects the plane, the map of c, the form and the URL.

import { ConstantMap } from "./mandelbrot.js";
import { Plane } from "./plane.js";
import { Rendering } from "./render.js";
import { TileSource } from "./source.js";
import { addressOf, viewOf, writeTo } from "./view.js";

const byId = (id) => document.getElementById(id);
const { maxZoom, tile, post, page } = byId("explorer").dataset;
const form = byId("view");
for (const id of ["plane", "chooser", "render"]) byId(id).hidden = false;

let view = viewOf(form);
const source = new TileSource();
const plane = new Plane(byId("plane"), source, {
  base: tile,
  maxZoom: Number(maxZoom),
  onMove: (place) => change(place),
  onError: (message) => showProblem(message),
});
const map = new ConstantMap(byId("mandelbrot"), byId("marker"), (c) => change(c));
new Rendering(byId("render"), byId("rendered"), {
  post,
  page,
  current: () => ({ view, size: plane.size }),
});

// All changes of the view go through here, so that the URL always has the whole view.
function change(part) {
  const before = view;
  view = { ...view, ...part };
  writeTo(form, view);
  map.show(view);
  history.replaceState(null, "", addressOf(view));
  showPlace();
  if (["cx", "cy", "iterations", "palette"].some((name) => view[name] !== before[name])) {
    showProblem("");
    show();
  }
}

function show() {
  plane.background = form.elements.palette.selectedOptions[0].dataset.far;
  plane.show(view);
}

function showPlace() {
  const end = view.zoom >= Number(maxZoom) ? ": the limit of double precision" : "";
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
  if (byId("problem").textContent) {
    showProblem("");
    show();
  }
});
document.querySelector(".explorer-constants").addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const { cx, cy } = link.dataset;
  change({ cx: Number(cx), cy: Number(cy) });
  plane.goTo({ re: 0, im: 0, zoom: 1 });
});
addEventListener("popstate", () => location.reload());

map.show(view);
plane.goTo(view);
show();
showPlace();

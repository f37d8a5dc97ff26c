// SPDX-License-Identifier: Apache-2.0
// The explorer: connects the plane, the small picture, the form and the URL.

import { actionsOf } from "./actions.js";
import { Colours } from "./colours.js";
import { extentOf } from "./extent.js";
import { Filming } from "./film.js";
import { bind } from "./keys.js";
import { LocalSource } from "./local.js";
import { ConstantMap } from "./mandelbrot.js";
import { Plane } from "./plane.js";
import { Play } from "./play.js";
import { Rendering } from "./render.js";
import { TileSource } from "./source.js";
import { Trail } from "./trail.js";
import * as views from "./view.js";

const byId = (id) => document.getElementById(id);
const { maxZoom, maxScale, maxIterations, tile, post, film, page, width, height, defaults } =
  byId("explorer").dataset;
const limits = {
  maxZoom: Number(maxZoom),
  maxScale: Number(maxScale),
  maxIterations: Number(maxIterations),
};
const plain = JSON.parse(defaults);
const form = byId("view");
for (const element of document.querySelectorAll("[data-scripted]")) element.hidden = false;

let view = views.viewOf(form, plain);
const trail = new Trail(comeBack);
const colours = new Colours(form.elements.palette.options);
const remote = new TileSource(tile);
const plane = new Plane(byId("plane"), { remote, local: new LocalSource(), colours, limits });
const map = new ConstantMap(byId("mandelbrot"), byId("marker"), { colours, maxZoom: limits.maxZoom });
const play = new Play(byId("play"), {
  current: () => view,
  choose: (c) => change(c, "held"),
  rest: () => plane.rest(),
});
const current = () => ({ view, size: plane.size });
new Rendering(byId("render"), byId("rendered"), { post, page, current });
new Filming(byId("film"), byId("filmed"), { post: film, page, current, pathOf: (name) => play.film(name) });
const actions = actionsOf({ current: () => view, change, go, choose, plane, play, trail, form, defaults: plain });
bind(actions, byId("with-keys"));

// All changes of the view go through here, so that the URL always has the whole view. `motion` is that
// of Pictures.show; with `isElsewhere` the plane goes to the view's place.
function change(part, motion = "", isElsewhere = false) {
  const before = view;
  view = { ...view, ...part };
  view.iterations = views.iterationsAt(view, views.placeOf(view).zoom, devicePixelRatio, limits);
  const hasOtherCounts = views.countsOf(view) !== views.countsOf(before);
  views.writeTo(form, view);
  map.show(view);
  trail.record(views.addressOf(view, plain));
  if (isElsewhere) plane.goTo(view, hasOtherCounts);
  if (hasOtherCounts) show(motion);
  if (views.coloursOf(view) !== views.coloursOf(before)) showColours();
  else if (!hasOtherCounts) plane.follow(view);
  showView();
}

// Changes the view and goes to its place.
function go(part) {
  change(part, "", true);
}

// A c that a user has chosen, or chooses right now.
function choose(c, motion = "") {
  play.stop();
  change(c, motion);
}

// After Back or Forward.
function comeBack() {
  const entry = views.viewAt(location.search, plain);
  // An entry of a link to a part of the page has the same view.
  if (!entry || views.addressOf(entry, plain) === views.addressOf(view, plain)) return;
  play.stop();
  go(entry);
}

function show(motion = "") {
  showProblem("");
  plane.show(view, motion);
}

function showView() {
  const { zoom } = views.placeOf(view);
  const end = zoom >= limits.maxZoom ? ": the limit of double precision" : "";
  byId("place").textContent = `Zoom ${zoom} of ${maxZoom}${end}`;
  form.elements.iterations.readOnly = Boolean(view.automatic);
  const isOfMandelbrot = views.isOfMandelbrot(view);
  byId("swap").setAttribute("aria-pressed", String(isOfMandelbrot));
  byId("plane").dataset.shows = view.plane;
  byId("plane").setAttribute(
    "aria-label",
    `${isOfMandelbrot ? "Mandelbrot" : "Julia"} set. Arrow keys pan, plus and minus zoom.`,
  );
}

function showColours() {
  plane.recolour(view);
  colours.drawSwatch(byId("swatch"), view);
}

function showProblem(message) {
  byId("problem").textContent = message;
}

function showWorkers() {
  const { workers, duration } = remote;
  if (duration === undefined) return;
  const who = workers === 1 ? "1 worker serves" : `${workers} workers serve`;
  byId("workers").textContent = `${who} this page; a tile takes ${Math.round(duration)} ms`;
}

function showPoint(place) {
  byId("point").textContent = place ? `${place.re} ${place.im < 0 ? "−" : "+"} ${Math.abs(place.im)}i` : "";
  if (views.isOfMandelbrot(view)) map.showJulia(place);
}

remote.addEventListener("tile", showWorkers);
remote.addEventListener("unavailable", ({ detail }) => {
  showProblem(`No tiles at the moment: ${detail}. Trying again …`);
});
remote.addEventListener("available", () => {
  showProblem("");
  for (const image of document.querySelectorAll(".explorer-constants img")) {
    // Reload thumbnails that failed while no worker answered.
    if (image.complete && !image.naturalWidth) image.src = image.getAttribute("src");
  }
});
plane.addEventListener("move", ({ detail }) => change(views.partAt(view, detail)));
plane.addEventListener("error", ({ detail }) => showProblem(detail));
plane.addEventListener("point", ({ detail }) => showPoint(detail));
map.addEventListener("zoom", ({ detail }) => change(detail));
map.addEventListener("swap", () => actions.swap());
for (const chooser of [plane, map]) {
  chooser.addEventListener("choose", ({ detail: { c, motion } }) => choose(c, motion));
  chooser.addEventListener("rest", () => plane.rest());
}

form.addEventListener("change", () => {
  if (form.reportValidity()) change(views.viewOf(form, plain));
});
// Ranges move.
form.addEventListener("input", ({ target }) => {
  if (target.type === "range") change({ [target.name]: Number(target.value) });
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  change(views.viewOf(form, plain));
  // Also when nothing has changed: tiles that were refused are requested again.
  if (byId("problem").textContent) show();
});
document.querySelector(".explorer-constants").addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  play.stop();
  const c = { cx: Number(link.dataset.cx), cy: Number(link.dataset.cy) };
  const { re, im, formula } = plain;
  go({ plane: plain.plane, formula, re, im, zoom: plane.zoomFor(extentOf({ formula, ...c })), ...c });
});

if (width) {
  view.zoom = plane.zoomFor({ width: Number(width), height: Number(height) });
}
view.iterations = views.iterationsAt(view, views.placeOf(view).zoom, devicePixelRatio, limits);
views.writeTo(form, view);
trail.record(views.addressOf(view, plain));
map.show(view);
plane.goTo(view);
show();
showView();
showColours();

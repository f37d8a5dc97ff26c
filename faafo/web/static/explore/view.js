// SPDX-License-Identifier: Apache-2.0
// A view of the explorer: the Julia set, its colours, the centres and zooms of both planes.
// It is a plain object with the names of the query parameters in the URL.

// Parameters that each address has; the others only where they are not the defaults.
const ALWAYS = ["palette", "zoom", "re", "im", "cx", "cy", "iterations"];
// What a zoom level needs more, so that edges do not become blunt.
const FIRST_ITERATIONS = 200;
const MORE_ITERATIONS = 100;
// The places of a picture that are where it is without a pixel more.
const FINER_DIGITS = 4;

// The tile of zoom 0 is TILE pixels wide and shows the square from -2 - 2i to 2 + 2i.
export const TILE = 256;
export const FIRST = -2;
export const EXTENT = 4;

export function pitch(zoom) {
  return EXTENT / TILE / 2 ** zoom;
}

// The server has filled in the form with the view in the URL. `defaults` has all parameters.
export function viewOf(form, defaults) {
  const view = {};
  for (const [name, value] of Object.entries(defaults)) {
    const field = form.elements[name];
    if (field.type === "checkbox") view[name] = field.checked ? 1 : 0;
    else view[name] = typeof value === "number" ? Number(field.value) : field.value;
  }
  return view;
}

export function writeTo(form, view) {
  for (const [name, value] of Object.entries(view)) {
    const field = form.elements[name];
    if (field.type === "checkbox") field.checked = Boolean(value);
    // Do not replace what the user typed by another notation of the same number.
    else if (field.type !== "number" || Number(field.value) !== value) field.value = value;
  }
}

export function addressOf(view, defaults) {
  const parameters = new URLSearchParams();
  for (const name of ALWAYS) parameters.set(name, view[name]);
  for (const [name, value] of Object.entries(view)) {
    if (!ALWAYS.includes(name) && value !== defaults[name]) parameters.set(name, value);
  }
  return `?${parameters}`;
}

// The view at an address that addressOf has made; undefined for any other.
export function viewAt(address, defaults) {
  const query = new URLSearchParams(address);
  if (!ALWAYS.every((name) => query.has(name))) return undefined;
  const view = { ...defaults };
  for (const [name, text] of query) {
    if (!(name in defaults)) continue;
    view[name] = typeof defaults[name] === "number" ? Number(text) : text;
    if (Number.isNaN(view[name])) return undefined;
  }
  return view;
}

export function isOfMandelbrot(view) {
  return view.plane === "mandelbrot";
}

// Equal for views that have the same counts at the same place.
export function countsOf({ plane, formula, colouring, automatic, iterations, cx, cy }) {
  const c = plane === "mandelbrot" ? [] : [cx, cy];
  return [plane, formula, colouring, automatic ? "automatic" : iterations, ...c].join();
}

// Equal for views that have the same colours for the same counts.
export function coloursOf({ palette, offset, density, inside }) {
  return [palette, offset, density, inside].join();
}

// The centre and the zoom of the plane that a view shows, and the part of a view that has them.
export function placeOf(view) {
  if (isOfMandelbrot(view)) return { re: view.mre, im: view.mim, zoom: view.mzoom };
  return { re: view.re, im: view.im, zoom: view.zoom };
}

export function partAt(view, { re, im, zoom }) {
  return isOfMandelbrot(view) ? { mre: re, mim: im, mzoom: zoom } : { re, im, zoom };
}

// The iterations at a zoom: those of the view, or as many as that zoom needs and sharp tiles may have.
export function iterationsAt(view, zoom, density, { maxScale, maxIterations }) {
  if (!view.automatic) return view.iterations;
  const scale = Math.min(Math.ceil(density), maxScale);
  return Math.min(FIRST_ITERATIONS + MORE_ITERATIONS * zoom, Math.floor(maxIterations / scale ** 2));
}

// A part of a complex number with as many digits as a zoom can tell apart, and some more.
export function rounded(part, zoom) {
  const digits = Math.max(6, Math.ceil(-Math.log10(pitch(zoom))) + FINER_DIGITS);
  return Number(part.toFixed(Math.min(17, digits)));
}

// The address of the counts of a tile, which do not depend on colours.
export function tileAddress(base, view, { z, x, y, iterations, scale }) {
  const style = new URLSearchParams({ cx: view.cx, cy: view.cy, iterations });
  if (view.formula !== "z2") style.set("formula", view.formula);
  if (view.colouring !== "bands") style.set("colouring", view.colouring);
  if (scale > 1) style.set("scale", scale);
  return `${base}/${z}/${x}/${y}.png?${style}&output=values`;
}

// The scale of a tile for a screen with `density` pixels to a CSS pixel, within the limits of tiles:
// more pixels leave fewer iterations, and the deepest zoom has no more pixels to show.
export function scaleOf(iterations, zoom, density, { maxZoom, maxScale, maxIterations }) {
  const affordable = Math.floor(Math.sqrt(maxIterations / iterations));
  const scale = Math.min(Math.ceil(density), maxScale, 2 ** (maxZoom - zoom), affordable);
  return Math.max(1, scale);
}

// The deepest zoom at which a plane of that size in pixels shows width x height of the complex plane.
export function zoomFitting({ width, height }, plane, maxZoom) {
  const zoom = Math.floor(Math.log2(pitch(0) * Math.min(plane.width / width, plane.height / height)));
  return Math.min(maxZoom, Math.max(0, zoom));
}

// The window of a picture of width x height pixels: its middle pixel is the centre of the view, and it
// shows all of the plane, whose size in pixels is plane.width x plane.height.
export function windowOf(view, plane, width, height) {
  const step = pitch(view.zoom) * Math.max(plane.width / width, plane.height / height);
  const xa = view.re - Math.floor(width / 2) * step;
  const ya = view.im - Math.floor(height / 2) * step;
  return { xa, xb: xa + (width - 1) * step, ya, yb: ya + (height - 1) * step };
}

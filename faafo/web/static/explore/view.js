// SPDX-License-Identifier: Apache-2.0
// A view of the explorer: the Julia set, its colours, the centre and the zoom.
// It is a plain object with the names of the query parameters in the URL.

const NUMBERS = ["zoom", "re", "im", "cx", "cy", "iterations"];

// The tile of zoom 0 is TILE pixels wide and shows the square from -2 - 2i to 2 + 2i.
export const TILE = 256;
export const FIRST = -2;
export const EXTENT = 4;

export function pitch(zoom) {
  return EXTENT / TILE / 2 ** zoom;
}

// The server has filled in the form with the view in the URL and the defaults.
export function viewOf(form) {
  const view = { palette: form.elements.palette.value };
  for (const name of NUMBERS) view[name] = Number(form.elements[name].value);
  return view;
}

export function writeTo(form, view) {
  for (const [name, value] of Object.entries(view)) {
    const field = form.elements[name];
    // Do not replace what the user typed by another notation of the same number.
    if (field.type !== "number" || Number(field.value) !== value) field.value = value;
  }
}

export function addressOf(view) {
  return `?${new URLSearchParams(view)}`;
}

// The view at an address that addressOf has made; undefined for any other.
export function viewAt(address) {
  const query = new URLSearchParams(address);
  const view = { palette: query.get("palette") };
  for (const name of NUMBERS) view[name] = query.has(name) ? Number(query.get(name)) : NaN;
  return view.palette !== null && NUMBERS.every((name) => Number.isFinite(view[name])) ? view : undefined;
}

export function tileAddress(base, view, { z, x, y }, scale) {
  const { cx, cy, iterations, palette } = view;
  const style = new URLSearchParams({ cx, cy, iterations, palette, ...(scale > 1 && { scale }) });
  return `${base}/${z}/${x}/${y}.png?${style}`;
}

// The scale of a tile for a screen with `density` pixels to a CSS pixel, within the limits of tiles:
// more pixels leave fewer iterations, and the deepest zoom has no more pixels to show.
export function scaleOf(view, zoom, density, { maxZoom, maxScale, maxIterations }) {
  const affordable = Math.floor(Math.sqrt(maxIterations / view.iterations));
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

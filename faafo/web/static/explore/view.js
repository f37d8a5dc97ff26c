// SPDX-License-Identifier: Apache-2.0
// What the explorer shows: the point in the middle, how close it is, and of which Julia set.
// A view is a plain object with these fields, which have the names that the address has.

const NUMBERS = ["zoom", "re", "im", "cx", "cy", "iterations"];

// The tile of zoom 0 is so many pixels wide and shows the square from -2 - 2i to 2 + 2i.
export const TILE = 256;
export const FIRST = -2;
export const EXTENT = 4;

export function pitch(zoom) {
  return EXTENT / TILE / 2 ** zoom;
}

// The server has written the view that the address tells into the form, defaults included.
export function viewOf(form) {
  const view = { palette: form.elements.palette.value };
  for (const name of NUMBERS) view[name] = Number(form.elements[name].value);
  return view;
}

export function writeTo(form, view) {
  for (const [name, value] of Object.entries(view)) {
    const field = form.elements[name];
    // What is typed is not replaced by another way to write the same.
    if (field.type !== "number" || Number(field.value) !== value) field.value = value;
  }
}

export function addressOf(view) {
  return `?${new URLSearchParams(view)}`;
}

export function tileAddress(base, view, { z, x, y }) {
  const { cx, cy, iterations, palette } = view;
  return `${base}/${z}/${x}/${y}.png?${new URLSearchParams({ cx, cy, iterations, palette })}`;
}

// The window of a picture of so many pixels that has the point in the middle of the view in its
// middle pixel, and shows all that the plane shows, which is so many pixels large.
export function windowOf(view, plane, width, height) {
  const step = pitch(view.zoom) * Math.max(plane.width / width, plane.height / height);
  const xa = view.re - Math.floor(width / 2) * step;
  const ya = view.im - Math.floor(height / 2) * step;
  return { xa, xb: xa + (width - 1) * step, ya, yb: ya + (height - 1) * step };
}

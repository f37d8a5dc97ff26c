// SPDX-License-Identifier: Apache-2.0
// How large a Julia set is, so that the window can show all of it.

import { INSIDE, fill } from "./orbits.js";
import { EXTENT, FIRST } from "./view.js";

const SIDE = 128;
const ITERATIONS = 40;
// Points with a lower count are far away from the set.
const LEAST = 8;
const MARGIN = 1.03;

// The Mandelbrot set, or what other formulas have in its place.
export const OF_MANDELBROT = { width: 3.4, height: 2.4 };

// Width and height of the smallest part of the plane around 0 that has all of the Julia set of a view,
// with a margin.
export function extentOf({ formula, cx, cy }) {
  const step = EXTENT / SIDE;
  const counts = new Float32Array(SIDE * SIDE);
  const [left, top] = [FIRST + step / 2, FIRST + step / 2];
  fill(counts, { width: SIDE, left, top, step }, { formula, cx, cy, iterations: ITERATIONS }, 0, SIDE);
  let [x, y] = [0, 0];
  counts.forEach((count, at) => {
    if (count !== INSIDE && count < LEAST) return;
    x = Math.max(x, Math.abs(left + (at % SIDE) * step));
    y = Math.max(y, Math.abs(top + Math.floor(at / SIDE) * step));
  });
  return { width: MARGIN * 2 * (x || 2), height: MARGIN * 2 * (y || 2) };
}

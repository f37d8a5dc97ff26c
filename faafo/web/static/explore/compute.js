// SPDX-License-Identifier: Apache-2.0
// A worker of the browser that computes tiles of the Mandelbrot set.

import { fill } from "./orbits.js";

addEventListener("message", ({ data: { side, left, top, step, set } }) => {
  const counts = new Float32Array(side * side);
  fill(counts, { width: side, left, top, step }, set, 0, side);
  postMessage(counts, [counts.buffer]);
});

// SPDX-License-Identifier: Apache-2.0
// A c that is worth a look: close to the edge of the Mandelbrot set of a formula, a little outside, where
// Julia sets have the most structure.

import { INSIDE, countOfConstant } from "./orbits.js";

const ITERATIONS = 400;
const BISECTIONS = 30;
// Counts of c: fewer have little structure, more have thin lines only.
const LEAST = 20;
const MOST = 200;
const TRIES = 200;

export function surprisingConstant(formula) {
  let c;
  for (let tries = 0; tries < TRIES; tries += 1) {
    const edge = edgeAt(formula, 2 * Math.PI * Math.random());
    const out = 1 + 0.02 * Math.random() ** 2;
    c = { cx: rounded(out * edge.x), cy: rounded(out * edge.y) };
    const count = countOfConstant(formula, c.cx, c.cy, ITERATIONS);
    if (count !== INSIDE && count >= LEAST && count <= MOST) break;
  }
  return c;
}

// Where a ray from 0, which is inside, leaves the set.
function edgeAt(formula, angle) {
  let [near, far] = [0, 2];
  const at = (radius) => ({ x: radius * Math.cos(angle), y: radius * Math.sin(angle) });
  for (let turn = 0; turn < BISECTIONS; turn += 1) {
    const middle = (near + far) / 2;
    const { x, y } = at(middle);
    if (countOfConstant(formula, x, y, ITERATIONS) === INSIDE) near = middle;
    else far = middle;
  }
  return at(near);
}

function rounded(part) {
  return Number(part.toFixed(6));
}

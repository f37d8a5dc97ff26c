// SPDX-License-Identifier: Apache-2.0
// Escape counts in the browser: of Julia sets while c moves, and of the Mandelbrot set.
//
// A count is the number of steps until an orbit leaves the disc of radius 2, INSIDE when it stays. A
// smooth one is fractional, as the server has it: n + 1 - log_d(log_2 |z|) with the degree d, for a z far
// outside after n steps, and 1 / (2 - that) where that is below 1.

export const INSIDE = -1;

// The squares of the radii at which whole and fractional counts are taken: the error of the latter falls
// with it. From the first to the second it takes an orbit FAR_STEPS.
const ESCAPED = 4;
const FAR = 2 ** 16;
const FAR_STEPS = { 2: 3, 3: 2, 4: 2 };
const DEGREES = { z2: 2, z3: 3, z4: 4, "burning-ship": 2, tricorn: 2 };
const KINDS = { z3: 3, z4: 4, "burning-ship": 5, tricorn: 6 };

// The number of steps of z² + c until |z|² is above `bound`, and then |z|² in `size`. An orbit that comes
// within `near` of where it was is periodic: it stays. All the others are slower, and rarer.
let size = 0;

function stepsOfSquare(x, y, cx, cy, limit, bound, near) {
  let n = 0;
  let check = 8;
  let oldX = x;
  let oldY = y;
  let xx = x * x;
  let yy = y * y;
  while (xx + yy <= bound) {
    if (n >= limit) return INSIDE;
    y = 2 * x * y + cy;
    x = xx - yy + cx;
    xx = x * x;
    yy = y * y;
    n += 1;
    if ((n & 7) === 0) {
      if (Math.abs(x - oldX) + Math.abs(y - oldY) < near) return INSIDE;
      if (n === check) {
        check *= 2;
        oldX = x;
        oldY = y;
      }
    }
  }
  size = xx + yy;
  return n;
}

// The same of any formula.
function stepsOf(kind, x, y, cx, cy, limit, bound, near) {
  let n = 0;
  let check = 8;
  let oldX = x;
  let oldY = y;
  let xx = x * x;
  let yy = y * y;
  while (xx + yy <= bound) {
    if (n >= limit) return INSIDE;
    if (kind === 3) {
      x *= xx - 3 * yy;
      y *= 3 * xx - yy;
    } else if (kind === 4) {
      y *= 4 * x * (xx - yy);
      x = (xx - yy) * (xx - yy) - 4 * xx * yy;
    } else {
      y = kind === 5 ? 2 * Math.abs(x * y) : -2 * x * y;
      x = xx - yy;
    }
    x += cx;
    y += cy;
    xx = x * x;
    yy = y * y;
    n += 1;
    if ((n & 7) === 0) {
      if (Math.abs(x - oldX) + Math.abs(y - oldY) < near) return INSIDE;
      if (n === check) {
        check *= 2;
        oldX = x;
        oldY = y;
      }
    }
  }
  size = xx + yy;
  return n;
}

function fractional(steps, perDegree) {
  if (steps === INSIDE) return INSIDE;
  const count = steps + 1 - perDegree * Math.log2(0.5 * Math.log2(size));
  return count < 1 ? 1 / (2 - count) : count;
}

// Fills `values` with the counts of the rows from `first` to before `last` of a window: `width` pixels
// wide, its first pixel at `left` and `top`, pixels `step` apart. `set` says what to draw: its formula,
// whether counts are smooth, the iterations; cx and cy, unless it is the Mandelbrot set.
export function fill(values, { width, left, top, step }, set, first, last) {
  const { formula, isSmooth, isMandelbrot } = set;
  const kind = KINDS[formula] ?? 2;
  const degree = DEGREES[formula];
  const limit = set.iterations - 1 + (isSmooth ? FAR_STEPS[degree] : 0);
  const bound = isSmooth ? FAR : ESCAPED;
  const perDegree = 1 / Math.log2(degree);
  const near = 0.01 * step;
  let [zx, zy, cx, cy] = [0, 0, set.cx, set.cy];
  let at = first * width;
  for (let row = first; row < last; row += 1) {
    const y = top + row * step;
    for (let column = 0; column < width; column += 1, at += 1) {
      const x = left + column * step;
      if (isMandelbrot) {
        cx = x;
        cy = y;
      } else {
        zx = x;
        zy = y;
      }
      const steps =
        kind === 2
          ? stepsOfSquare(zx, zy, cx, cy, limit, bound, near)
          : stepsOf(kind, zx, zy, cx, cy, limit, bound, near);
      values[at] = isSmooth ? fractional(steps, perDegree) : steps;
    }
  }
}

// The count of one point as a c of the Mandelbrot set of a formula.
export function countOfConstant(formula, cx, cy, iterations) {
  const kind = KINDS[formula] ?? 2;
  if (kind === 2) return stepsOfSquare(0, 0, cx, cy, iterations - 1, ESCAPED, 0);
  return stepsOf(kind, 0, 0, cx, cy, iterations - 1, ESCAPED, 0);
}

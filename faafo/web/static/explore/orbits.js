// SPDX-License-Identifier: Apache-2.0
// Escape counts in the browser: of Julia sets while c moves, and of the Mandelbrot set.
//
// A count is the number of steps until an orbit leaves the disc of radius 2, INSIDE when it stays. A
// smooth one is fractional, as the server has it: n + 1 - log_d(log_2 |z|) with the degree d, for a z far
// outside after n steps, and 1 / (2 - that) where that is below 1.

export const INSIDE = -1;

const ESCAPED = 4;
// The square of the radius at which fractional counts are taken: their error falls with it.
const FAR = 2 ** 32;
const DEGREES = { z2: 2, z3: 3, z4: 4, "burning-ship": 2, tricorn: 2 };
const KINDS = { z3: 3, z4: 4, "burning-ship": 5, tricorn: 6 };

// The next z, by reference: an array of numbers would cost more than the step.
let nextX = 0;
let nextY = 0;

function step(kind, x, y, cx, cy) {
  const xx = x * x;
  const yy = y * y;
  if (kind === 3) {
    nextX = x * (xx - 3 * yy) + cx;
    nextY = y * (3 * xx - yy) + cy;
  } else if (kind === 4) {
    nextX = (xx - yy) * (xx - yy) - 4 * xx * yy + cx;
    nextY = 4 * x * y * (xx - yy) + cy;
  } else if (kind === 5) {
    nextX = xx - yy + cx;
    nextY = 2 * Math.abs(x * y) + cy;
  } else if (kind === 6) {
    nextX = xx - yy + cx;
    nextY = -2 * x * y + cy;
  } else {
    nextX = xx - yy + cx;
    nextY = 2 * x * y + cy;
  }
}

// The count of any formula. An orbit that comes within `near` of where it was is periodic: it stays.
function countOf(kind, x, y, cx, cy, limit, near, degree) {
  let n = 0;
  let check = 8;
  let oldX = x;
  let oldY = y;
  while (x * x + y * y <= ESCAPED) {
    if (n >= limit) return INSIDE;
    step(kind, x, y, cx, cy);
    x = nextX;
    y = nextY;
    n += 1;
    if (Math.abs(x - oldX) + Math.abs(y - oldY) < near) return INSIDE;
    if (n === check) {
      check *= 2;
      oldX = x;
      oldY = y;
    }
  }
  return degree ? fraction(kind, x, y, cx, cy, n, degree) : n;
}

// The same of z² + c, which most pictures are of.
function countOfSquare(x, y, cx, cy, limit, near, degree) {
  let n = 0;
  let check = 8;
  let oldX = x;
  let oldY = y;
  let xx = x * x;
  let yy = y * y;
  while (xx + yy <= ESCAPED) {
    if (n >= limit) return INSIDE;
    y = 2 * x * y + cy;
    x = xx - yy + cx;
    xx = x * x;
    yy = y * y;
    n += 1;
    if (Math.abs(x - oldX) + Math.abs(y - oldY) < near) return INSIDE;
    if (n === check) {
      check *= 2;
      oldX = x;
      oldY = y;
    }
  }
  return degree ? fraction(2, x, y, cx, cy, n, degree) : n;
}

function fraction(kind, x, y, cx, cy, n, degree) {
  while (x * x + y * y < FAR) {
    step(kind, x, y, cx, cy);
    x = nextX;
    y = nextY;
    n += 1;
  }
  const size = Math.log2(0.5 * Math.log2(x * x + y * y));
  const count = n + 1 - (degree === 2 ? size : size / Math.log2(degree));
  return count < 1 ? 1 / (2 - count) : count;
}

// Fills `values` with the counts of the rows from `first` to before `last` of a window: `width` pixels
// wide, its first pixel at `left` and `top`, pixels `step` apart. `set` says what to draw: its formula,
// whether counts are smooth, the iterations; cx and cy, unless it is the Mandelbrot set.
export function fill(values, { width, left, top, step: side }, set, first, last) {
  const kind = KINDS[set.formula] ?? 2;
  const degree = set.isSmooth ? DEGREES[set.formula] : 0;
  const limit = set.iterations - 1;
  const near = 0.01 * side;
  let at = first * width;
  for (let row = first; row < last; row += 1) {
    const y = top + row * side;
    for (let column = 0; column < width; column += 1, at += 1) {
      const x = left + column * side;
      const [zx, zy, cx, cy] = set.isMandelbrot ? [0, 0, x, y] : [x, y, set.cx, set.cy];
      values[at] =
        kind === 2
          ? countOfSquare(zx, zy, cx, cy, limit, near, degree)
          : countOf(kind, zx, zy, cx, cy, limit, near, degree);
    }
  }
}

// The count of one point as a c of the Mandelbrot set of a formula.
export function countOfConstant(formula, cx, cy, iterations) {
  return countOf(KINDS[formula] ?? 2, 0, 0, cx, cy, iterations - 1, 0, 0);
}
